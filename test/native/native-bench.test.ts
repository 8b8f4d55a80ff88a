/**
 * The native reference programs and the JavaScript baselines find the same results. The programs are built into a
 * temporary folder; where there is no C compiler, these tests are skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

interface Report {
  readonly program: string;
  readonly hash: string;
  readonly records?: number;
  readonly bytes?: number;
  readonly words?: number;
  readonly distinct?: number;
}

interface Shared {
  countWords(text: string): Map<string, number>;
  hashOfCounts(counts: Map<string, number>): string;
}

interface Answers {
  answerOf(question: string, rows: readonly object[]): { readonly rows: number; readonly hash: string };
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const baselines = join(root, 'benchmarks/baselines');
const { countWords, hashOfCounts } = (await import(join(baselines, 'shared.mjs'))) as Shared;
const { answerOf } = (await import(join(baselines, 'answers.mjs'))) as Answers;

const folder = mkdtempSync(join(tmpdir(), 'millrace-native-'));
afterAll(() => rmSync(folder, { recursive: true }));

const build = spawnSync(process.execPath, [join(root, 'native-bench/build.mjs'), folder], {
  encoding: 'utf8',
});
const reasonToSkip = build.status === 0 && !existsSync(join(folder, 'exchange')) ? build.stdout.trim() : undefined;

function run(command: string, ...args: string[]): Report {
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Report;
}

function runScript(name: string, ...args: string[]): Report {
  return run(process.execPath, join(baselines, name), ...args);
}

function fileOf(text: string): string {
  const file = join(folder, 'text.txt');
  writeFileSync(file, text);
  return file;
}

test('the programs build', () => {
  expect(build.status, build.stderr).toBe(0);
});

test('without a compiler the build says so and succeeds', () => {
  const env = { CC: '/nonexistent/compiler', PATH: '/nonexistent' };
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'native-bench/build.mjs'), folder], {
    env,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/there is no C compiler/);
});

describe.skipIf(reasonToSkip !== undefined)(`exchange ${reasonToSkip ?? ''}`.trim(), () => {
  // None, one, and what fills a batch to the last row, one row less and one more; then more than the ring holds.
  test.each([0, 1, 1023, 1024, 1025, 50_000])('%d records give the sums that JavaScript finds', (records) => {
    const native = run(join(folder, 'exchange'), `${records}`);
    expect(native).toMatchObject({ program: 'exchange', records });
    expect(runScript('exchange-post-message.mjs', `${records}`).hash).toBe(native.hash);
    expect(runScript('exchange-reference.mjs', `${records}`).hash).toBe(native.hash);
  });

  test('the number of keys is an argument', () => {
    const native = run(join(folder, 'exchange'), '20000', '7');
    expect(runScript('exchange-post-message.mjs', '20000', '7').hash).toBe(native.hash);
    expect(native.hash).not.toBe(run(join(folder, 'exchange'), '20000').hash);
  });

  test('refuses what is not a number', () => {
    const { status, stderr } = spawnSync(join(folder, 'exchange'), ['many'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/records must be a whole number/);
  });
});

describe.skipIf(reasonToSkip !== undefined)(`word-count ${reasonToSkip ?? ''}`.trim(), () => {
  const manyWords = Array.from({ length: 90_000 }, (_, i) => `w${(i * 7919) % 70_000}${i % 11 === 0 ? '\n' : ' '}`).join('');
  const texts: Record<string, string> = {
    'an empty file': '',
    'one word without a line feed': 'word',
    'one empty line': '\n',
    'empty lines': 'a\n\n\nb\n',
    'double spaces': 'a  b   c\n',
    'spaces at both ends of lines': ' a \n  \n b ',
    'no final line feed': 'a b\nb c',
    'carriage returns, which belong to words': 'a b\r\nb\r\n\r\n',
    'words that begin alike': 'a aa aaa ab a\n',
    'bytes in another order than UTF-16': 'ﬀ 🎲 é e z\n🎲 ﬀ\n',
    'more words than the first table holds': manyWords,
  };

  test.each(Object.keys(texts))('%s', (name) => {
    const text = texts[name] ?? '';
    const counts = countWords(text);
    const words = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const expected = {
      bytes: Buffer.byteLength(text),
      words,
      distinct: counts.size,
      hash: hashOfCounts(counts),
    };
    const file = fileOf(text);
    for (const threads of ['1', '2', '3', '8']) {
      expect(run(join(folder, 'word-count'), file, threads), `${threads} threads`).toMatchObject(expected);
    }
    if (!text.includes('\r')) expect(runScript('word-count-readline.mjs', file)).toMatchObject(expected);
  });

  test.skipIf(spawnSync('mawk', ['BEGIN {}']).status !== 0)('the awk script finds as many words (needs mawk)', () => {
    for (const text of Object.values(texts)) {
      const counts = countWords(text);
      const words = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const output = execFileSync('mawk', ['-f', join(baselines, 'word-count.awk'), fileOf(text)], {
        encoding: 'utf8',
      });
      expect(output).toBe(`${words} ${counts.size}\n`);
    }
  });
});

/** What a program of the questions about logs finds in a text, on several numbers of threads. */
function expectAnswer(program: string, text: string, expected: object): void {
  const file = fileOf(text);
  for (const threads of ['1', '2', '5']) expect(run(join(folder, program), file, threads), `${threads} threads`).toMatchObject(expected);
}

/** As many bytes as fill pages of memory to the last one. */
const pageBytes = 1 << 16;

describe.skipIf(reasonToSkip !== undefined)(`hits-by-url ${reasonToSkip ?? ''}`.trim(), () => {
  const line = (url: string, bytes: number | '-', agent = 'curl/8.5.0') =>
    `203.0.113.9 - anna [03/Mar/2025:06:00:00 +0000] "GET ${url} HTTP/1.1" 200 ${bytes} "-" "${agent}"\n`;
  const lengths = Array.from({ length: 40 }, (_, i) => line(`/${'x'.repeat(i)}`, i)).join('');
  const texts: Record<string, string> = {
    'an empty file': '',
    'no final line feed': line('/a?q=1', 12).trimEnd(),
    'nothing sent': line('/a', '-') + line('/a', 7),
    'URLs of each length': lengths + lengths,
    'more URLs than the first table holds': Array.from({ length: 9_000 }, (_, i) => line(`/p/${(i * 7919) % 6_000}`, i)).join(''),
    'a last page that is full': line('/a', 1) + line('/b', 2, 'z'.repeat(pageBytes - line('/a', 1).length - line('/b', 2, '').length)),
  };

  test.each(Object.keys(texts))('%s', (name) => {
    const text = texts[name] ?? '';
    const urls = new Map<string, { url: string; hits: number; bytes: number }>();
    for (const [, url = '', sent = ''] of text.matchAll(/"GET (\S+) \S+" 200 (\d+|-) /g)) {
      const { hits, bytes } = urls.get(url) ?? { hits: 0, bytes: 0 };
      urls.set(url, { url, hits: hits + 1, bytes: bytes + (sent === '-' ? 0 : Number(sent)) });
    }
    const expected = answerOf('hits-by-url', [...urls.values()]);
    expectAnswer('hits-by-url', text, expected);
    if (name === 'nothing sent') expect(runScript('hits-by-url-readline.mjs', fileOf(text))).toMatchObject(expected);
  });
});

describe.skipIf(reasonToSkip !== undefined)(`bytes-by-route ${reasonToSkip ?? ''}`.trim(), () => {
  const texts: Record<string, string> = {
    'an empty file': '',
    'no final line feed': '{"route":"/a","status":200,"bytes":7}',
    'fields in any order': '{"bytes":7,"other":-1.5e3,"status":200,"route":"/a"}\n{"status":200,"route":"/a","bytes":1}\n',
    'other statuses': '{"route":"/a","status":404,"bytes":7}\n{"route":"/b","status":200,"bytes":7}\n',
    'the same names in nested values':
      '{"in":{"route":"/x","status":1,"l":[{"bytes":9}]},"route":"/a","status":200,"bytes":7,"l":[1,"]"]}\n',
    'escapes in what is passed over':
      '{"m":"\\"route\\":\\\\","e":"","route":"/a","status":200,"bytes":7,"n":null,"b":true,"u":"\\u00e9é"}\n',
  };

  test.each(Object.keys(texts))('%s', (name) => {
    const text = texts[name] ?? '';
    const routes = new Map<string, { route: string; requests: number; bytes: number }>();
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const { route, status, bytes } = JSON.parse(line) as { route: string; status: number; bytes: number };
      if (status !== 200) continue;
      const known = routes.get(route) ?? { requests: 0, bytes: 0 };
      routes.set(route, { route, requests: known.requests + 1, bytes: known.bytes + bytes });
    }
    expectAnswer('bytes-by-route', text, answerOf('bytes-by-route', [...routes.values()]));
  });
});

describe.skipIf(reasonToSkip !== undefined)(`stations ${reasonToSkip ?? ''}`.trim(), () => {
  const temperatures = ['0.0', '-0.1', '9.9', '-99.9', '99.9', '12.3'];
  const names = ['a', 'Tromsø', 'Hà Nội', 'eight by', 'nine byte', 'x'.repeat(16), 'y'.repeat(17), '東京', 'a b'];
  const measured = temperatures.flatMap((temperature) => names.map((name) => `${name};${temperature}\n`)).join('');
  // More than a piece of what the script reads at a time.
  const texts: Record<string, string> = {
    'an empty file': '',
    'names of several lengths': measured,
    'no final line feed': measured.trimEnd(),
    'a long file': measured.repeat(Math.ceil(2_500_000 / Buffer.byteLength(measured))),
  };

  test.each(Object.keys(texts))('%s', (name) => {
    const text = texts[name] ?? '';
    const stations = new Map<string, number[]>();
    for (const [, station = '', t = ''] of text.matchAll(/(.*);(.*)/g)) {
      const known = stations.get(station);
      if (known === undefined) stations.set(station, [Number(t)]);
      else known.push(Number(t));
    }
    const rows = [...stations].map(([station, all]) => {
      const total = all.reduce((sum, each) => sum + each, 0);
      const count = all.length;
      // Not spread: the arguments of a call have a limit.
      const min = all.reduce((a, b) => Math.min(a, b));
      return { station, min, max: all.reduce((a, b) => Math.max(a, b)), mean: total / count, count };
    });
    const expected = answerOf('stations', rows);
    expectAnswer('stations', text, expected);
    expect(runScript('brc-reference.mjs', fileOf(text), '3')).toMatchObject(expected);
    if (name === 'a long file') expect(runScript('brc-reference.mjs', fileOf(text), '1')).toMatchObject(expected);
  });
});
