/** Parsing as readers do it, and what holds for every format: how the bytes come in, and which fields are asked for, changes no value. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import { fileSource } from '../../src/connectors/files/file-source.ts';
import { RecordBuffer } from '../../src/connectors/lines/record-buffer.ts';
import type { Format } from '../../src/formats/format.ts';
import type { BadRecord, RecordParser, TextEncoding } from '../../src/formats/parser.ts';
import type { MembersRead } from '../../src/graph/source.ts';
import { ranges } from '../connectors/arbitraries.ts';
import { ReaderContext, sourceContext, temporaryDirectory } from '../connectors/support.ts';

export interface Parsed<T = unknown> {
  readonly records: T[];
  readonly bad: BadRecord[];
  /** Offsets of bytes that were said to be no UTF-8. */
  readonly invalid: number[];
}

export interface ParseChanges {
  readonly fields?: readonly string[];
  readonly members?: MembersRead;
  readonly encoding?: TextEncoding;
  readonly batchRows?: number;
}

/** All records of bytes that come in these chunks. */
export function parseChunks<T>(format: Format<T>, chunks: readonly Uint8Array[], changes: ParseChanges = {}): Parsed<T> {
  const { parser, batch, collector } = parserOf(format, changes);
  const parsed: Parsed<T> = { records: [], bad: [], invalid: [] };
  collector.parsed = parsed;
  parser.begin?.(true);
  const buffer = new RecordBuffer({ parser, origin: 0, bufferBytes: 1, place: 'test', lineBytesMax: 2 ** 28 });
  const takeAll = (): void => {
    while (buffer.take(batch, Number.POSITIVE_INFINITY)) parsed.records.push(...(recordsOf(batch) as T[]));
  };
  for (const chunk of chunks) {
    buffer.append(chunk);
    takeAll();
  }
  buffer.end();
  takeAll();
  expect(buffer.exhausted).toBe(true);
  return parsed;
}

interface Kept {
  readonly parser: RecordParser;
  readonly batch: RecordBatch;
  /** Where the parser puts what it has to tell. */
  readonly collector: { parsed: Parsed };
}

const kept = new WeakMap<Format<unknown>, Map<string, Kept>>();

/** Parsers are used for one input after the other, as readers use them: to make one takes longer than most inputs here. */
function parserOf(format: Format<unknown>, changes: ParseChanges): Kept {
  const parsers = kept.get(format) ?? new Map<string, Kept>();
  kept.set(format, parsers);
  const known = parsers.get(JSON.stringify(changes)) ?? createParser(format, changes);
  parsers.set(JSON.stringify(changes), known);
  return known;
}

function createParser(format: Format<unknown>, { fields, members, encoding = 'utf8', batchRows = 1024 }: ParseChanges): Kept {
  const collector: Kept['collector'] = { parsed: { records: [], bad: [], invalid: [] } };
  const parser = format.createParser({
    batchRows,
    fields,
    members,
    encoding,
    onInvalid: (offset) => collector.parsed.invalid.push(offset),
    onBad: (record) => collector.parsed.bad.push(record),
  });
  return { parser, collector, batch: new RecordBatch(parser.type, { capacity: batchRows, timestamps: false, hashes: false }) };
}

/** All records of a text or of bytes. */
export function parse<T>(format: Format<T>, content: string | Uint8Array, changes: ParseChanges = {}): Parsed<T> {
  return parseChunks(format, [typeof content === 'string' ? Buffer.from(content, changes.encoding ?? 'utf8') : content], changes);
}

/** The record of one line, or what is wrong with it. */
export function parseLine<T>(format: Format<T>, line: string | Uint8Array, changes: ParseChanges = {}): T | string {
  const { records, bad } = parse(format, line, changes);
  expect(records.length + bad.length).toBe(1);
  return bad[0]?.reason ?? (records[0] as T);
}

function recordsOf(batch: RecordBatch): unknown[] {
  const read = recordReader(batch.type);
  return Array.from({ length: batch.rowCount }, (_, row) => read(batch, row));
}

/** All records of a file that is divided into splits of about `splitBytes`. */
async function readFile(format: Format<unknown>, path: string, splitBytes: number): Promise<unknown[]> {
  const context = sourceContext({ splitBytes, splitBytesMin: splitBytes, readBytes: 7 }, 1);
  const source = fileSource<unknown>(path, { format, onError: 'skip' });
  const reader = source.createReader(new ReaderContext(context));
  for (const split of await source.enumerate(context)) reader.addSplit(split);
  reader.noMoreSplits();
  const records: unknown[] = [];
  for (let polled = reader.poll(); polled !== 'end'; polled = reader.poll())
    if (polled instanceof RecordBatch) records.push(...recordsOf(polled));
  reader.close();
  return records;
}

/** Lines that a format takes without complaint. */
export interface FormatCase {
  readonly format: Format<unknown>;
  readonly content: fc.Arbitrary<string>;
  /** Names of the fields; of none where records are taken as they are. */
  readonly fields: readonly string[];
}

/** The suite that every format of lines runs. */
export function describesLines({ format, content, fields }: FormatCase): void {
  const bytes = content.map((text) => Buffer.from(text));

  it('gives the same records however its bytes come in', () => {
    const cut = bytes.chain((whole) => fc.tuple(fc.constant(whole), ranges(whole.length), fc.constantFrom(1, 2, 7, 1024)));
    fc.assert(
      fc.property(cut, ([whole, parts, batchRows]) => {
        const expected = parse(format, Buffer.from(whole));
        expect(expected).toMatchObject({ bad: [], invalid: [] });
        const chunks = parts.map(({ start, end }) => whole.subarray(start, end));
        expect(parseChunks(format, chunks, { batchRows })).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same records wherever they are cut', () => {
    const whole = Buffer.from(fc.sample(content, { numRuns: 1, seed: 7 })[0] as string).subarray(0, 400);
    const expected = parse(format, Buffer.from(whole));
    for (let at = 0; at <= whole.length; at++) expect(parseChunks(format, [whole.subarray(0, at), whole.subarray(at)])).toEqual(expected);
  });

  it('gives every record of a file once, wherever it is divided', async () => {
    const path = join(temporaryDirectory(), 'records');
    for (const whole of fc.sample(bytes, { numRuns: 3, seed: 11 })) {
      writeFileSync(path, whole);
      const { records } = parse(format, Buffer.from(whole));
      for (const splitBytes of [5, 64]) expect(await readFile(format, path, splitBytes)).toEqual(records);
    }
  });

  if (fields.length === 0) return;

  it('gives the same values whichever fields are asked for', () => {
    const asked = fc.tuple(bytes, fc.subarray([...fields], { minLength: 1 }));
    fc.assert(
      fc.property(asked, ([whole, some]) => {
        const all = parse(format, Buffer.from(whole)).records as Readonly<Record<string, unknown>>[];
        const expected = all.map((record) =>
          Object.fromEntries(fields.filter((name) => some.includes(name)).map((name) => [name, record[name]])),
        );
        expect(parse(format, Buffer.from(whole), { fields: some }).records).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
}

/** Lines that hold something, as Latin-1. */
export function linesIn(bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return lines.map((line) => line.replace(/\r$/, '')).filter((line) => line !== '');
}

/** Texts with bytes exchanged, left out, put in and doubled. */
export function mutated(content: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    removed: fc.nat({ max: 3 }),
    added: fc.oneof(
      fc.constantFrom('"', '\\', '{', '}', ',', ':', '=', '\t', ' ', '\n', '\r', '\\u12', 'null', '0', '-', ''),
      fc.constantFrom('é', '日', '\ud83d', 'x', '9'),
    ),
  });
  return fc.tuple(content, fc.array(change, { maxLength: 4 })).map(([text, changes]) => {
    let bytes = Buffer.from(text);
    for (const { at, removed, added } of changes) {
      const from = Math.floor(at * bytes.length);
      bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(added), bytes.subarray(from + removed)]);
    }
    return bytes;
  });
}

/** What JSON is put together with. */
export const jsonPunctuation = ['{', '}', '[', ']', '"', ':', ',', '\\'];
