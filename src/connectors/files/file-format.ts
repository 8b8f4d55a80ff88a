/** How the records of one file become text. */

import { types } from 'node:util';
import { MillraceError } from '../../base/errors.ts';
import { type CsvOptions, CsvText } from './csv-text.ts';
import { jsonText } from './json-text.ts';
import type { TextBuffer } from './text-buffer.ts';

const lineFeed = 0x0a;

export interface FormatOptions {
  readonly format: 'text' | 'json' | 'csv';
  readonly csv?: CsvOptions;
}

/** Turns the records of one file into text. */
export interface FileFormat {
  /** What stands in front of the first record. */
  start(into: TextBuffer): void;
  /** A record that is refused leaves nothing. */
  record(record: unknown, into: TextBuffer): void;
  /** What it must know to go on with the file, as plain data. */
  readonly state?: unknown;
}

/** @param state of the file that is gone on with; it already has what stands in front of the first record */
export function createFormat({ format, csv }: FormatOptions, state?: unknown): FileFormat {
  if (format === 'csv') return new CsvText(csv ?? {}, state as CsvText['state']);
  const text = format === 'json' ? jsonText : plainText;
  return {
    start: () => {},
    record: (record, into) => {
      into.text(text(record));
      into.ascii(lineFeed);
    },
  };
}

/** Strings as they are, dates in ISO 8601, others as `String` has them: except objects, of which it says nothing. */
function plainText(record: unknown): string {
  if (typeof record === 'string') return record;
  if (Array.isArray(record)) return record.map((each) => (each === null || each === undefined ? '' : plainText(each))).join(',');
  if (types.isDate(record) && !Number.isNaN(record.getTime())) return record.toISOString();
  const text = String(record);
  if (!/^\[object \w+\]$/.test(text)) return text;
  throw new MillraceError('UNSUPPORTED_VALUE', `a record reads '${text}' as text; map it to a string, or use format 'json'`);
}
