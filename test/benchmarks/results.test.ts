/** Results as tables, as a page, and as charts. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Chart {
  readonly title: string;
  readonly bar: string;
  readonly tick: (value: number) => string;
  readonly panels: readonly { readonly title?: string; readonly scale: 'shared' | 'own'; readonly rows: readonly object[] }[];
}

const { sectionOf, withSections, markdownTable } = await runner<{
  sectionOf(group: object, run: object): string;
  withSections(page: string, sections: Readonly<Record<string, string>>, order: readonly string[]): string;
  markdownTable(rows: readonly (readonly string[])[]): string;
}>('results-page.mjs');
const { queryRows, comparisonRows } =
  await runner<Record<'queryRows' | 'comparisonRows', (results: readonly object[]) => string[][]>>('tables.mjs');
const { showVerdict } = await runner<{ showVerdict(base: string, results: readonly object[]): string }>('show.mjs');
const { chartOf, goalOf } = await runner<{
  chartOf(name: string, results: readonly object[]): Chart | undefined;
  goalOf(goal: string): number | undefined;
}>('pictures.mjs');
const { svgOf, axisOf } = await runner<{ svgOf(chart: Chart): string; axisOf(most: number): { most: number; ticks: number[] } }>(
  'chart.mjs',
);
const { summaryOf } = await runner<{ summaryOf(profile: object): { busyMs: number; hottest: object[] } }>('profiles.mjs');

function runner<M>(name: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/runner/${name}`, import.meta.url))) as Promise<M>;
}

const spread = (median: number) => ({ min: median, median, max: median });

const q5 = {
  kind: 'comparison',
  name: 'nexmark',
  member: 'q5',
  title: 'hot items',
  unit: 'events',
  rounds: 2,
  work: 6e6,
  target: 1e6,
  published: [{ label: 'Flink', perCore: 75e3 }],
  programs: [
    { label: 'Millrace × 1', rate: spread(1.2e6), ratePerCore: 1.5e6 },
    { label: 'checkpoints', role: 'variant', rate: spread(1.1e6), ratePerCore: 1.4e6, ratio: spread(1.09) },
    { label: 'the generator alone', role: 'generator', rate: spread(6e6), ratePerCore: 6e6, ratio: spread(0.2) },
    { label: 'DuckDB × 1', rate: spread(3e6), ratePerCore: 3e6, ratio: { min: 0.3, median: 0.4, max: 0.5 } },
  ],
};

const words = {
  kind: 'comparison',
  name: 'words',
  title: 'the words of a text',
  unit: 'words',
  rounds: 1,
  work: 1e6,
  programs: [
    { label: 'Millrace × 2', rate: spread(8e6), ratePerCore: 4e6 },
    { label: 'mawk', rate: spread(4e6), ratePerCore: 4e6, ratio: { min: 1.9, median: 2, max: 2.1 } },
    { label: 'C × 1', missing: 'there is no C compiler' },
  ],
};

const start = {
  kind: 'figures',
  name: 'start',
  title: 'from submit to the first row',
  rounds: 1,
  figures: [{ name: 'warm', value: spread(11.1), unit: 'ms', goal: '< 50' }],
};

describe('tables', () => {
  test('a query has ratios first: to peers, to what is published, to the target', () => {
    expect(queryRows([q5])).toEqual([
      [
        '',
        '× DuckDB × 1',
        '× Flink †',
        '× target',
        'events/s per core',
        'without generator',
        'checkpoints',
        'target',
        'events/s',
        'events',
      ],
      ['q5', '0.500', '20.0', '1.50 ✓', '1.50 M', '2.00 M', '1.40 M', '1.00 M', '1.20 M', '6.00 M'],
    ]);
  });

  test('a comparison has a line for each program, and says of what could not run why', () => {
    expect(comparisonRows([words])).toEqual([
      ['', 'against', 'ratio', '(min – max)', 'words/s', 'per core', 'the other'],
      ['the words of a text', 'mawk', '2.00', '(1.90 – 2.10)', '8.00 M', '4.00 M', '4.00 M'],
      ['', 'C × 1', 'there is no C compiler', '', '8.00 M', '4.00 M', ''],
    ]);
  });

  test('a table in Markdown', () => {
    expect(
      markdownTable([
        ['', 'n'],
        ['a|b', '1'],
      ]),
    ).toBe('|  | n |\n| --- | ---: |\n| a\\|b | 1 |');
  });
});

describe('the verdict of a comparison with a commit', () => {
  const of = (name: string, ...outcomes: string[]) => ({
    name,
    title: name,
    judged: outcomes.map((outcome) => ({ what: 'time', outcome })),
  });

  test('says what became worse, and of what nothing is known', () => {
    expect(showVerdict('main', [of('a', 'same'), of('b', 'better')])).toBe('nothing became worse');
    expect(showVerdict('main', [of('a', 'same', 'worse'), of('b', 'same')])).toBe('worse than main: a');
    const unknown = [of('a', 'same'), of('b', 'same', 'too few pairs'), { ...of('c'), missing: 'the results differ' }];
    expect(showVerdict('main', unknown)).toBe('nothing is known to have become worse; too few pairs: b; not compared: c');
  });
});

describe('the page of results', () => {
  const machine = { cpu: 'CPU', cores: 2, memoryGigabytes: 25, node: 'v20', platform: 'linux x64', load: 0.1 };
  const run = { machine, command: 'npm run bench -- nexmark --rounds 2', date: '2026-01-31' };
  const page = '# Results\n\nby hand\n\n<!-- results -->\n\n<!-- end of results -->\n\nby hand, too\n';
  const order = ['nexmark', 'words', 'start'];
  const sectionNamed = (name: string, text: string) =>
    sectionOf({ name, about: text, results: [name === 'start' ? start : q5], hasChart: name !== 'start' }, run);

  test('a section says the workload, the command, the machine, and what is published elsewhere', () => {
    const section = sectionNamed('nexmark', 'Each query.');
    expect(section).toMatch(
      /### nexmark\n\nEach query\.\n\n`npm run bench -- nexmark --rounds 2`, 2026-01-31, medians of 2 rounds: CPU, 2 cores/,
    );
    expect(section).toMatch(/!\[nexmark\]\(charts\/nexmark\.svg\)\n\n\| {2}\| × DuckDB × 1 \|/);
    expect(section).toMatch(/\n† .*not measured here/);
  });

  test('sections are put in the order of the catalogue and replaced, and what is written by hand stays', () => {
    const first = withSections(page, { start: sectionNamed('start', 'one') }, order);
    const second = withSections(first, { nexmark: sectionNamed('nexmark', 'two') }, order);
    expect(second.match(/### \w+/g)).toEqual(['### nexmark', '### start']);
    const third = withSections(second, { start: sectionNamed('start', 'three') }, order);
    expect(third).toMatch(/two[\s\S]*three/);
    expect(third).not.toMatch(/one/);
    expect(third).toMatch(/^# Results\n\nby hand\n\n[\s\S]*\n\nby hand, too\n$/);
    expect(withSections(third, {}, order)).toBe(third);
    expect(withSections(third, {}, ['start'])).not.toMatch(/### nexmark/);
    expect(() => withSections('# Results\n', {}, order)).toThrow('has no lines <!-- results --> and');
  });
});

describe('charts', () => {
  const svg = (name: string, results: readonly object[]) => svgOf(chartOf(name, results) as Chart);

  test('a query is a bar with its target, and marks for peers and for what is published', () => {
    const drawn = svg('nexmark', [q5]);
    expect(drawn.match(/<rect class="bar"/g)).toHaveLength(2);
    expect(drawn.match(/class="target"/g)).toHaveLength(2);
    expect(drawn).toContain('>Flink †<');
    expect(drawn).toContain('>1.50 M, 1.50 × target<');
    // DuckDB is beyond the scale, which ends where bars and targets do.
    expect(drawn.match(/>→</g)).toHaveLength(1);
    expect(drawn).not.toContain('generator');
  });

  test('lengths are in proportion', () => {
    const bars = svg('start', [
      { ...start, figures: [10, 5].map((value) => ({ name: `${value}`, value: spread(value), unit: 'ms' })) },
    ]).matchAll(/<rect class="bar" x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g);
    const [, first, second] = [...bars].map(([, width]) => Number(width));
    expect(first / second).toBeCloseTo(2, 2);
  });

  test('is one well-formed element, for light and dark, whatever the names', () => {
    const drawn = svg('start', [{ ...start, title: 'a < b & "c"' }]);
    expect(drawn).toContain('a &lt; b &amp; "c" (ms)');
    expect(drawn).toContain('prefers-color-scheme:dark');
    expect(drawn).not.toMatch(/NaN|undefined/);
    for (const tag of ['svg', 'g', 'text', 'style', 'title']) {
      const opened = drawn.match(new RegExp(`<${tag}[ >]`, 'g'))?.length;
      expect(drawn.match(new RegExp(`</${tag}>`, 'g'))?.length, tag).toBe(opened);
    }
  });

  test('without results there is none', () => {
    expect(chartOf('nothing', [])).toBeUndefined();
  });

  test.each([
    [2.8e6, 3e6, 4],
    [0.36, 0.4, 5],
    [0, 1, 1],
    [7, 8, 5],
  ])('an axis up to %d ends at %d and has %d ticks', (most, end, ticks) => {
    const axis = axisOf(most);
    expect(axis.most).toBeCloseTo(end);
    expect(axis.ticks).toHaveLength(ticks);
  });

  test.each([
    ['≥ 0.8', 0.8],
    ['< 2,000', 2000],
    ['≥ 2 M', 2e6],
    ['max: < 2,000', undefined],
  ])('the goal %j is a mark at %d', (goal, mark) => {
    expect(goalOf(goal)).toBe(mark);
  });
});

describe('profiles', () => {
  test('show where a thread was busy, without its waiting', () => {
    const node = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url, lineNumber: 9 } });
    const profile = {
      nodes: [node(1, '(idle)'), node(2, 'fire', 'file:///dist/timers.js'), node(3, '(garbage collector)')],
      samples: [1, 2, 2, 3],
      timeDeltas: [5000, 2000, 1000, 1000],
    };
    expect(summaryOf(profile)).toEqual({
      busyMs: 4,
      hottest: [
        { where: 'fire timers.js:10', share: 0.75 },
        { where: '(garbage collector)', share: 0.25 },
      ],
    });
  });
});
