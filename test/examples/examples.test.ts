/** The examples, run as their comments say, against the same answers computed the obvious way. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { delay, type Ended, millrace, project, Running, start } from '../cli/harness.ts';

interface Generator {
  accessLogLines(options: { readonly lines: number; readonly seed: number }): Iterable<string>;
  textChunks(options: { readonly bytes: number; readonly seed: number; readonly unicode?: boolean }): Iterable<Uint8Array>;
}

const { accessLogLines, textChunks } = (await import(example('generate.mjs'))) as Generator;

function example(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
}

/** What a program printed, once it has ended well. */
async function printed(running: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await running;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

/** Lines without the number of the subtask that `print` puts in front of them. */
function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d+> /, ''));
}

function countsOf(words: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

describe('word-count.ts', () => {
  const text = Buffer.concat([...textChunks({ bytes: 200_000, seed: 3, unicode: true })].map((chunk) => Buffer.from(chunk))).toString();

  test('counts the words of all files', async () => {
    const directory = project({ 'books/a.txt': text, 'books/b.txt': '  one\ttwo\n\n two', 'books/c.log': 'three' });
    const counts = countsOf(`${text} one two two`.split(/\s+/).filter((word) => word !== ''));
    const stdout = await printed(millrace(directory, ['run', example('word-count.ts'), '--', 'books/*.txt']));
    expect(linesOf(stdout).sort()).toEqual([...counts].map(([word, times]) => `${word}: ${times}`).sort());
  });
});

describe('word-count-socket.ts', () => {
  test('tells the count of each word as it comes, until the connection closes', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `word${i % 7} and word${i % 11}`);
    const port = await serve((socket) => socket.end(`${lines.join('\n')}\n`));
    const stdout = await printed(millrace(project({}), ['run', example('word-count-socket.ts'), '--', '127.0.0.1', String(port)]));
    const told = linesOf(stdout).map((line) => line.split(': '));
    for (const [word, count] of countsOf(lines.join(' ').split(' '))) {
      const counts = told.filter(([of]) => of === word).map(([, times]) => Number(times));
      expect(counts, word).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
    expect(told).toHaveLength(900);
  });
});

/** A server that treats its first connection so; resolves to its port. */
function serve(connected: (socket: Socket) => void): Promise<number> {
  const server = createServer(connected);
  onTestFinished(() => void server.close());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)));
}

describe('access-log.ts', () => {
  const combined = /^\S+ \S+ \S+ \[[^\]]+\] "\S+ (?<url>\S+) \S+" (?<status>\d{3}) (?<bytes>\d+|-) "[^"]*" "[^"]*"$/;

  interface Totals {
    hits: number;
    bytes: number;
    errors: number;
  }

  function totalsOf(lines: readonly string[]): { byUrl: Map<string, Totals>; all: Totals; malformed: number } {
    const byUrl = new Map<string, Totals>();
    const all = { hits: 0, bytes: 0, errors: 0 };
    let malformed = 0;
    for (const line of lines) {
      const { url, status, bytes } = combined.exec(line)?.groups ?? {};
      if (url === undefined) {
        malformed += 1;
        continue;
      }
      const path = url.split('?')[0] as string;
      const totals = byUrl.get(path) ?? { hits: 0, bytes: 0, errors: 0 };
      byUrl.set(path, totals);
      for (const each of [totals, all]) {
        each.hits += 1;
        each.bytes += bytes === '-' ? 0 : Number(bytes);
        each.errors += Number(status) >= 400 ? 1 : 0;
      }
    }
    return { byUrl, all, malformed };
  }

  const number = (value: number): string => value.toLocaleString('en');

  function run(lines: readonly string[]): Promise<string> {
    const directory = project({ 'access.log': lines.map((line) => `${line}\n`).join('') });
    return printed(millrace(directory, ['run', example('access-log.ts'), '--', 'access.log']));
  }

  const broken = [
    '',
    'hello',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "-" 408 - "-" "-"',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "GET / HTTP/1.1" abc 12 "-" "-"',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "GET / HTTP/1.1" 200 many "-" "-"',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "GET / HTTP/1.1" 200  "-" "-"',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "GET / HTTP/1.1" 200 12',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "GET /" 200 12 "-" "-"',
    '203.0.113.9 - - [03/Mar/2025:06:00:00 +0000] "GET / HTTP/1.1',
    '"',
    '" "',
  ];

  test('reports the busiest URLs and all totals, and counts malformed lines', async () => {
    const lines = [...broken, ...accessLogLines({ lines: 5_000, seed: 5 }), ...broken];
    const { byUrl, all, malformed } = totalsOf(lines);
    expect(malformed).toBe(2 * broken.length);

    const [head, ...rows] = (await run(lines)).split('\n');
    expect(head?.trim().split(/\s+/)).toEqual(['hits', 'share', 'bytes', 'errors', 'URL']);
    const busiest = [...byUrl].sort(([a, { hits: of }], [b, { hits }]) => hits - of || (a < b ? -1 : 1)).slice(0, 20);
    for (const [i, [url, { hits, bytes, errors }]] of busiest.entries()) {
      const share = `${((100 * hits) / all.hits).toFixed(1)} %`;
      expect(rows[i]?.trim().split(/ {2,}|(?<=\d) (?=\d)/), url).toEqual([number(hits), share, number(bytes), number(errors), url]);
    }
    expect(rows.slice(20)).toEqual([
      `… and ${number(byUrl.size - 20)} more`,
      '',
      `${number(all.hits)} hits of ${number(byUrl.size)} URLs, ${number(all.bytes)} bytes, ${number(all.errors)} errors`,
      `${number(malformed)} malformed lines`,
      '',
    ]);
    expect(new Set(rows.slice(0, 20).map((row) => row.search(/\//))).size, 'columns are aligned').toBe(1);
  });

  test('an empty log has no report', async () => {
    expect(await run([])).toBe('');
  });

  test('a log of nothing but malformed lines', async () => {
    expect(linesOf(await run(broken)).slice(1)).toEqual(['', '0 hits of 0 URLs, 0 bytes, 0 errors', `${broken.length} malformed lines`]);
  });
});

describe('sessions.ts', () => {
  const combined = /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\S+ \S+)\]/;

  /** The times of each address in order, cut where two are more than `gapMs` apart. */
  function visitsOf(lines: readonly string[], gapMs: number): string[] {
    const times = new Map<string, number[]>();
    for (const line of lines) {
      const [, address = '', day, month, year, clock] = combined.exec(line) ?? [];
      times.set(address, [...(times.get(address) ?? []), Date.parse(`${day} ${month} ${year} ${clock}`)]);
    }
    const visits: string[] = [];
    for (const [address, unsorted] of times) {
      const sorted = unsorted.sort((a, b) => a - b);
      for (let from = 0, i = 1; i <= sorted.length; i++) {
        const [first = 0, last = 0, next = Number.POSITIVE_INFINITY] = [sorted[from], sorted[i - 1], sorted[i]];
        if (next - last <= gapMs) continue;
        visits.push(`${new Date(first).toISOString()} ${address}: ${i - from} hits in ${(last - first) / 1000} s`);
        from = i;
      }
    }
    return visits;
  }

  test('tells every visit once, whatever the order of the lines', async () => {
    const lines = [...accessLogLines({ lines: 5_000, seed: 9 })];
    // Each five lines backwards, which is far less than a minute.
    const disordered = lines.map((_, i) => lines[i + 4 - 2 * (i % 5)] as string);
    const directory = project({ 'access.log': ['hello', ...disordered, ''].join('\n') });
    for (const minutes of [1, 30]) {
      const stdout = await printed(millrace(directory, ['run', example('sessions.ts'), '--', 'access.log', String(minutes)]));
      const expected = visitsOf(disordered, minutes * 60_000);
      expect(linesOf(stdout).sort()).toEqual(expected.sort());
      expect(expected.length).toBeGreaterThan(100);
    }
  });
});

describe('hits-per-minute.ts', () => {
  const combined = /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\S+ \S+)\]/;

  function minutesOf(lines: readonly string[]): string[] {
    const minutes = new Map<string, string[]>();
    for (const line of lines) {
      const [, address = '', day, month, year, clock] = combined.exec(line) ?? [];
      const minute = new Date(Date.parse(`${day} ${month} ${year} ${clock}`)).toISOString().slice(0, 16);
      const addresses = minutes.get(minute);
      if (addresses === undefined) minutes.set(minute, [address]);
      else addresses.push(address);
    }
    return [...minutes].map(([minute, addresses]) => `${minute} ${addresses.length} hits of ${new Set(addresses).size} visitors`).sort();
  }

  test('tells every minute once, although it is killed on the way', async () => {
    const lines = [...accessLogLines({ lines: 80_000, seed: 11 })];
    const directory = project({ 'access.log': lines.map((line) => `${line}\n`).join('') });
    const args = ['run', example('hits-per-minute.ts'), '--', 'access.log', 'hits'];
    const killed = start(directory, args);
    const manifests = join(directory, 'millrace-state', 'hits-per-minute');
    const hasCheckpoint = (): boolean => existsSync(manifests) && readdirSync(manifests).some((name) => name.endsWith('.manifest'));
    // A fast machine may be through before the first checkpoint: then there is nothing to resume, and the files must be right all the same.
    while (killed.child.exitCode === null && !hasCheckpoint()) await delay(5);
    const wasRunning = killed.child.kill('SIGKILL');
    await killed.exited();
    if (wasRunning) expect((await millrace(directory, args)).code).toBe(0);
    const written = readdirSync(join(directory, 'hits')).map((name) => readFileSync(join(directory, 'hits', name), 'utf8'));
    expect(linesOf(written.join('')).sort()).toEqual(minutesOf(lines));
  });
});

describe('embedding', () => {
  test('each account above the threshold alerts once', async () => {
    const payments = 1_000;
    const threshold = 1_450;
    const totals = new Map<string, number>();
    const alerts: string[] = [];
    for (let i = 0; i < payments; i++) {
      const account = `account-${i % 20}`;
      const before = totals.get(account) ?? 0;
      const total = before + 5 + ((i * 7919) % 50);
      totals.set(account, total);
      if (before <= threshold && total > threshold) alerts.push(`${account} has paid ${total}`);
    }
    expect(alerts.length).toBeGreaterThan(0);
    expect(alerts.length).toBeLessThan(20);

    const program = [process.execPath, example('embedding/main.mjs'), String(payments), String(threshold)];
    const lines = linesOf(await printed(new Running(project({}), program).ended()));
    expect(lines.pop()).toMatch(/^1000 payments in \d+ ms$/);
    expect(lines.sort()).toEqual(alerts.sort());
  });
});

describe('demo.mjs', () => {
  test('reports on 200,000 lines', async () => {
    const stdout = await printed(new Running(project({}), [process.execPath, example('demo.mjs')]).ended());
    expect(stdout).toMatch(/^An access log of 44 MB: .*\n\n +hits +share +bytes +errors +URL\n +23,508 +11\.8 % +307,921,348 +477 +\/\n/);
    expect(stdout).toMatch(/\n200,000 hits of 1,972 URLs, 3,544,165,592 bytes, 12,057 errors\n0 malformed lines\n$/);
  });
});
