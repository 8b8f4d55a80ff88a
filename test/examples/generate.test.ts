/** The sample generator: repeatable, in the format it promises, of the size asked for. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../examples/generate.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'millrace-generate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Runs the generator; the folder of the file does not exist before the first call. */
function generate(...args: string[]): Buffer {
  const file = join(folder, 'made', 'by', 'it', 'sample');
  const { status, stderr } = run(...args, '--out', file);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return readFileSync(file);
}

function linesOf(bytes: Buffer): string[] {
  const text = bytes.toString();
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe.each([
  ['access-log', '--lines', '2000'],
  ['text', '--megabytes', '1'],
  ['text', '--megabytes', '1', '--unicode'],
])('%s %s %s %s', (...args) => {
  test('the same seed gives the same bytes, another seed others', () => {
    // The seed is 1 where none is given.
    const first = generate(...args, '--seed', '1');
    expect(generate(...args).equals(first)).toBe(true);
    expect(generate(...args, '--seed', '2').equals(first)).toBe(false);
  });
});

describe('access-log', () => {
  const COMBINED =
    /^(?<address>[\d.]+|[\da-f:]+) - (?<user>[a-z]+|-) \[(?<time>\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000)\] "(?<method>[A-Z]+) (?<url>\/[!-~]*) HTTP\/[12]\.[01]" (?<status>\d{3}) (?<bytes>\d+|-) "(?<referrer>-|https?:\/\/[^" ]+)" "(?<agent>[^"]+)"$/;
  const lines = linesOf(generate('access-log', '--lines', '5000'));
  const entries = lines.map((line) => COMBINED.exec(line)?.groups ?? { unmatched: line });

  test('has as many lines as asked for, all in the combined format', () => {
    expect(lines).toHaveLength(5_000);
    expect(entries.filter((entry) => 'unmatched' in entry)).toEqual([]);
  });

  test('is mostly of status 200, with redirections and errors', () => {
    const share = (status: string) => entries.filter((entry) => entry.status === status).length / entries.length;
    expect(share('200')).toBeGreaterThan(0.6);
    for (const status of ['301', '304', '404', '500']) expect(share(status), status).toBeGreaterThan(0);
    expect(entries.filter((entry) => entry.status === '304' && entry.bytes !== '-')).toEqual([]);
  });

  test('has some variety', () => {
    const distinct = (name: string) => new Set(entries.map((entry) => entry[name])).size;
    expect(distinct('method')).toBeGreaterThanOrEqual(4);
    expect(distinct('agent')).toBeGreaterThanOrEqual(10);
    expect(distinct('user')).toBeGreaterThan(1);
    expect(entries.some((entry) => entry.address?.includes(':'))).toBe(true);
    expect(entries.some((entry) => entry.url?.includes('?'))).toBe(true);
  });

  test('times increase, but for lines that are at most some seconds late', () => {
    let latest = 0;
    let late = 0;
    for (const { time } of entries) {
      const [, day, month, year, clock] = /^(\d+)\/(\w+)\/(\d+):(\S+)/.exec(time ?? '') ?? [];
      const ms = Date.parse(`${day} ${month} ${year} ${clock} GMT`);
      expect(ms).toBeGreaterThanOrEqual(latest - 4_000);
      if (ms < latest) late += 1;
      latest = Math.max(latest, ms);
    }
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(entries.length / 10);
  });
});

describe('text', () => {
  const bytes = generate('text', '--megabytes', '3');

  test('is of the size asked for, to a line', () => {
    expect(bytes.length).toBeGreaterThanOrEqual(3_000_000);
    expect(bytes.length).toBeLessThan(3_000_500);
  });

  test('is lines of about ten words of ASCII letters with single spaces between them', () => {
    const lines = linesOf(bytes);
    expect(lines.filter((line) => !/^[a-z]+( [a-z]+){6,12}$/.test(line))).toEqual([]);
  });

  test('has frequent words and rare ones', () => {
    const counts = new Map<string, number>();
    for (const line of linesOf(bytes)) for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(counts.size).toBeGreaterThan(30_000);
    expect(counts.size).toBeLessThanOrEqual(50_000);
    // 1 / (1 + 1/2 + … + 1/50,000) is 0.088.
    expect((sorted[0] ?? 0) / words).toBeCloseTo(0.088, 2);
    expect((sorted[0] ?? 0) / (sorted[99] ?? 0)).toBeGreaterThan(80);
    expect((sorted[0] ?? 0) / (sorted[99] ?? 0)).toBeLessThan(120);
  });

  test('with --unicode it is valid UTF-8 with characters of two, three and four bytes', () => {
    const unicode = generate('text', '--megabytes', '1', '--unicode');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(unicode);
    for (const characters of [/[а-я]/u, /[山川日月]/u, /[🌊🚀🌲]/u, /[a-z]/u]) expect(text).toMatch(characters);
  });

  test('has the bytes it had in earlier versions', () => {
    const digest = createHash('sha256')
      .update(generate('text', '--megabytes', '1', '--seed', '7'))
      .digest('hex');
    expect(digest).toBe('c975bc5c0b21fcc26c8c5f781e385fa91bf9aa5cd9cba21023bdeca6e01fd9c0');
  });
});

describe('mistakes on the command line end with a sentence and exit code 1', () => {
  const out = join(folder, 'mistake');
  test.each<[string[], RegExp]>([
    [[], /^The command is missing\./],
    [['poem'], /^There is no command 'poem'\./],
    [['text', '--megabytes', '1'], /^Option '--out' is missing/],
    [['text', '--out', out], /^Option '--megabytes' is missing\./],
    [['text', '--megabytes', 'many', '--out', out], /^Option '--megabytes' must be a whole number of at least 1, not 'many'\./],
    [['text', '--lines', '5', '--out', out], /^Unknown option '--lines'\./],
    [['access-log', '--lines', '5', '--unicode', '--out', out], /^Unknown option '--unicode'\./],
    [['access-log', '--lines', '5', '--seed', '4294967296', '--out', out], /^Option '--seed' must be below 2\^32/],
    [['access-log', 'extra', '--lines', '5', '--out', out], /^Unexpected argument 'extra'\./],
    [['access-log', '--lines', '5', '--out', folder], /^The file cannot be written: EISDIR/],
  ])('%j', (args, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(status).toBe(1);
  });
});
