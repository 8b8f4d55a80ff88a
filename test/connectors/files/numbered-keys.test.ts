/** Files whose lines are grouped by a string: their bytes are read to where the strings are numbered, unless they are too many. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RecordBatch } from '../../../src/batch/record-batch.ts';
import type { StringColumn } from '../../../src/batch/string-column.ts';
import { recordReader } from '../../../src/compiler/input-row.ts';
import { fileSource } from '../../../src/connectors/files/file-source.ts';
import { pattern } from '../../../src/formats/pattern.ts';
import { ReaderContext, sourceContext, temporaryDirectory } from '../support.ts';

interface Read {
  readonly stations: string[];
  /** Forms that the column of strings had. */
  readonly forms: Set<string>;
}

/** Reads the file in some splits, with one reader. */
async function read(names: readonly string[]): Promise<Read> {
  const path = join(temporaryDirectory(), 'stations.txt');
  const content = names.map((name, i) => `${name};${i}\n`).join('');
  writeFileSync(path, content);
  const splitBytes = Math.ceil(Buffer.byteLength(content) / 7);
  const context = sourceContext({ splitBytes, splitBytesMin: splitBytes, readBytes: 5000 }, 1);
  const format = pattern('%{string:station};%{number:t}');
  const source = fileSource<{ station: string; t: number }>(path, { format }).project?.(['station', 't'], ['station']);
  const reader = source?.createReader(new ReaderContext(context));
  for (const split of (await source?.enumerate(context)) ?? []) reader?.addSplit(split);
  reader?.noMoreSplits();
  const found: Read = { stations: [], forms: new Set() };
  for (let polled = reader?.poll(); polled !== 'end'; polled = reader?.poll()) {
    if (!(polled instanceof RecordBatch)) continue;
    const record = recordReader(polled.type);
    found.forms.add((polled.columns[0] as StringColumn).form);
    for (let row = 0; row < polled.rowCount; row++) found.stations.push((record(polled, row) as { station: string }).station);
  }
  reader?.close();
  return found;
}

it('gives the strings of all splits', async () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `Station ${'é'.repeat(i % 5)} ${i % 700}`);
  expect(await read(names)).toEqual({ stations: names, forms: new Set(['dictionary']) });
});

it('also beside lines that are longer than what is read together', async () => {
  const names = Array.from({ length: 2000 }, (_, i) => (i % 900 === 100 ? 'x'.repeat(700_000) : `Station ${i % 70}`));
  const { stations } = await read(names);
  expect(stations).toEqual(names);
});
