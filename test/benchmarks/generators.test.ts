/** The files of the benchmarks about logs: what is in a line, and that a seed makes the same bytes each time. */

import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

type Chunks = (options: { bytes: number; seed: number }) => Iterable<Uint8Array>;

const { combinedLogChunks } = await generator<{ combinedLogChunks: Chunks }>('combined-log.mjs');
const { jsonLinesChunks } = await generator<{ jsonLinesChunks: Chunks }>('json-lines.mjs');
const { measurementsChunks } = await generator<{ measurementsChunks: Chunks }>('measurements.mjs');

function generator<M>(name: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/generators/${name}`, import.meta.url))) as Promise<M>;
}

const bytes = 1_200_000;

function textOf(chunks: Chunks, seed = 1): string {
  // A chunk is valid until the next one is asked for.
  return Buffer.concat(Array.from(chunks({ bytes, seed }), (chunk) => Buffer.from(chunk))).toString();
}

/** Those of the first seed, made once for all tests. */
const texts = { log: textOf(combinedLogChunks), json: textOf(jsonLinesChunks), measurements: textOf(measurementsChunks) };

function linesOf(text: string): string[] {
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

describe('the files of the benchmarks', () => {
  test.each([
    ['access log', texts.log, combinedLogChunks, '5e2550e1874ed4a3'],
    ['JSON lines', texts.json, jsonLinesChunks, '1b5887aadc03c612'],
    ['measurements', texts.measurements, measurementsChunks, 'e68254c41263affe'],
  ])('%s: whole lines up to the size, the same for the same seed on every machine', (_, text, chunks, expected) => {
    expect(Buffer.byteLength(text)).toBeGreaterThanOrEqual(bytes);
    expect(Buffer.byteLength(text)).toBeLessThan(bytes + 1_000);
    expect(digest(text)).toBe(expected);
    expect(digest(textOf(chunks, 2))).not.toBe(expected);
  });

  test('a line of the access log is in the combined format', () => {
    const lines = linesOf(texts.log);
    const format =
      /^[\d.]+ - (-|anna) \[(03\/Mar\/2025:\d\d:\d\d:\d\d \+0000)\] "[A-Z]+ \/[!-~]* HTTP\/1\.1" \d{3} (\d+|-) "[^"]*" "[^"]+"$/;
    const times = lines.map((line) => format.exec(line)?.[2] ?? line);
    expect(times.filter((time) => !time.startsWith('03/Mar'))).toEqual([]);
    expect(times).toEqual(times.toSorted());
    expect(new Set(times.map((time) => time.slice(0, 17))).size).toBe(2);
    expect(Math.abs(bytes / lines.length - 210)).toBeLessThan(20);
  });

  test('a line of JSON has twelve fields, an object among them, and some have escapes', () => {
    const lines = linesOf(texts.json);
    const rows = lines.map((line) => JSON.parse(line) as { status: number; user: object; message: string });
    expect(rows.filter((row) => Object.keys(row).length !== 12 || typeof row.user !== 'object')).toEqual([]);
    const escaped = lines.filter((line) => line.includes('\\')).length / lines.length;
    expect(Math.abs(escaped - 0.05)).toBeLessThan(0.02);
  });

  test('a measurement is one of 413 stations and a temperature with one decimal', () => {
    const lines = linesOf(texts.measurements);
    expect(lines.filter((line) => !/^[^;]{3,};-?\d{1,2}\.\d$/.test(line) || line.endsWith(';-0.0'))).toEqual([]);
    const stations = new Set(lines.map((line) => line.split(';')[0] ?? ''));
    expect(stations.size).toBe(413);
    expect([...stations].filter((station) => /[^ -~]/.test(station)).length).toBeGreaterThan(80);
  });
});
