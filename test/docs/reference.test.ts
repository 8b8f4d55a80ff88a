/** The reference pages say what the code says: every error, limit, export, script, folder and file that they name. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorTable } from '../../src/base/errors.ts';
import * as limits from '../../src/base/limits.ts';
import { anchorsOf, documentAt, documents, proseOf, root, sectionsOf } from './documents.ts';

const { defaultLimits } = limits;

function sourceText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

describe('docs/errors.md', () => {
  const sections = sectionsOf(documentAt(join('docs', 'errors.md')));

  test('has a section for every code, in the order of the table', () => {
    expect([...sections.keys()]).toEqual(Object.keys(errorTable));
  });

  test.each(Object.entries(errorTable))('%s: says what it means, its kind and the way out', (code, { kind, meaning }) => {
    const section = sections.get(code) ?? '';
    expect(section.trim().split('\n')[0]).toBe(meaning);
    expect(section).toContain(`\nKind: ${kind}.`);
    expect(section).toContain('\nWay out: ');
  });
});

describe('docs/limits.md', () => {
  test('has a row for every limit, with its value and its reason', () => {
    const reasons = [...sourceText('src/base/limits.ts').matchAll(/^ {2}\/\*\* (.*) \*\/\n {2}readonly (\w+): number;$/gm)];
    const rows = reasons.map(
      ([, reason, name = '']) => `| \`${name}\` | ${quantity(defaultLimits[name as keyof typeof defaultLimits])} | ${reason} |`,
    );
    expect(reasons.map(([, , name]) => name)).toEqual(Object.keys(defaultLimits));
    expect(
      documentAt(join('docs', 'limits.md'))
        .text.split('\n')
        .filter((line) => line.startsWith('| `') && reasons.some(([, , name]) => line.startsWith(`| \`${name}\``))),
    ).toEqual(rows);
  });

  test('has a row for every bound that is no limit of a job', () => {
    const bounds = [...sourceText('src/base/limits.ts').matchAll(/^\/\*\* (.*) \*\/\nexport const (\w+) = [^{]*;$/gm)];
    const rows = bounds.map(([, reason, name = '']) => `| \`${name}\` | ${bound(limits[name as 'columnsMax'])} | ${reason} |`);
    expect(
      documentAt(join('docs', 'limits.md'))
        .text.split('\n')
        .filter((line) => line.startsWith('| `') && bounds.some(([, , name]) => line.startsWith(`| \`${name}\``))),
    ).toEqual(rows);
  });
});

/** As `quantity`, and 2²⁹ − 24. */
function bound(value: number): string {
  return value === 2 ** 29 - 24 ? '2²⁹ − 24' : quantity(value);
}

/** 64 Ki, 8 Mi, 100,000, 1024. */
function quantity(value: number): string {
  if (value % 2 ** 20 === 0) return `${value / 2 ** 20} Mi`;
  if (value % 2 ** 10 === 0 && value > 2 ** 13) return `${value / 2 ** 10} Ki`;
  return value < 10_000 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

describe('names', () => {
  const everything = documents.map(({ text }) => text).join('\n');
  const words = new Set(everything.match(/[\w$]+/g));

  test.each([...exportsOf('src/index.ts'), ...exportsOf('src/testing/index.ts')])('the documentation mentions the export %s', (name) => {
    expect(words.has(name)).toBe(true);
  });

  test('of scripts are those of package.json', () => {
    const { scripts } = JSON.parse(sourceText('package.json')) as { scripts: Record<string, string> };
    const named = new Set([...everything.matchAll(/\bnpm (?:run ([\w:-]+)|(test))/g)].map(([, script, known]) => script ?? known));
    expect([...named].filter((script) => script === undefined || scripts[script] === undefined)).toEqual([]);
    expect(Object.keys(scripts).filter((script) => !script.startsWith('pre') && !named.has(script))).toEqual([]);
  });

  test.each(documents)('$path: files of the project are there', ({ text }) => {
    const paths = [...text.matchAll(/`((?:src|test|examples|benchmarks|native-bench)\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('of folders in src/README.md are those of src', () => {
    const named = [...documentAt(join('src', 'README.md')).text.matchAll(/^\| \d \| `(\w+)` \|/gm)].map(([, folder]) => folder);
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(named.toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
  });
});

/** The names that a module exports, those that it hands on from others too. */
function exportsOf(path: string): string[] {
  const text = sourceText(path);
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','));
  const starred = [...text.matchAll(/^export \* from '([^']+)'/gm)].flatMap(([, from = '']) => exportsOf(join(dirname(path), from)));
  return [...new Set([...lists.map((entry) => entry.replace(/^\s*type /, '').trim()), ...starred])].filter((name) => name !== '').sort();
}

describe('links', () => {
  test.each(documents)('$path: lead somewhere', (document) => {
    const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !/^https:/.test(target) && !resolves(document.path, target))).toEqual([]);
  });

  test('reach every document from docs/README.md', () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path) || !path.endsWith('.md') || !existsSync(join(root, path))) return;
      reached.add(path);
      const document = documents.find((each) => each.path === path);
      if (document === undefined) return;
      for (const [, target = ''] of proseOf(document).matchAll(/\]\(([^)#\s]+)/g)) visit(join(dirname(path), target));
    };
    visit(join('docs', 'README.md'));
    expect(documents.map(({ path }) => path).filter((path) => path.startsWith('docs') && !reached.has(path))).toEqual([]);
  });
});

/** Written by the benchmarks, which are not run before every test. */
const madeLater = new Set([join('benchmarks', 'RESULTS.md')]);

function resolves(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (madeLater.has(path)) return true;
  if (!existsSync(join(root, path))) return false;
  const document = documents.find((each) => each.path === path);
  return anchor === undefined || document === undefined || anchorsOf(document).has(anchor);
}
