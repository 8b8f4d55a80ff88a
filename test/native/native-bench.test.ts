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

const root = fileURLToPath(new URL('../../', import.meta.url));
const baselines = join(root, 'benchmarks/baselines');
const { countWords, hashOfCounts } = (await import(join(baselines, 'shared.mjs'))) as Shared;

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
