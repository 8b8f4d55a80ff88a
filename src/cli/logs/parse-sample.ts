/** Takes the beginning of an input apart, as a job would. */

import { limitsWith } from '../../base/limits.ts';
import { RecordBatch } from '../../batch/record-batch.ts';
import { recordReader } from '../../compiler/input-row.ts';
import { RecordBuffer } from '../../connectors/lines/record-buffer.ts';
import type { Format } from '../../formats/format.ts';

/** The records of the sample, and how many are none. */
export function parseSample(format: Format<unknown>, sample: Buffer): { readonly records: readonly unknown[]; readonly bad: number } {
  let bad = 0;
  const { batchRows } = limitsWith();
  const parser = format.createParser({
    batchRows,
    fields: undefined,
    encoding: 'utf8',
    onInvalid: () => {},
    onBad: () => void bad++,
    now: Date.now,
  });
  parser.begin?.(true);
  const buffer = new RecordBuffer({ parser, origin: 0, bufferBytes: sample.length, place: 'the sample', lineBytesMax: sample.length + 1 });
  // Parsers may change the bytes.
  buffer.append(Buffer.from(sample));
  buffer.end();
  const batch = new RecordBatch(parser.type, { capacity: batchRows, timestamps: false, hashes: false });
  const read = recordReader(parser.type);
  const records: unknown[] = [];
  while (buffer.take(batch, Number.POSITIVE_INFINITY)) for (let row = 0; row < batch.rowCount; row++) records.push(read(batch, row));
  return { records, bad };
}
