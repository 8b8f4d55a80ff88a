/** Text files as a sink: one part for each subtask. */

import { join, resolve } from 'node:path';
import { types } from 'node:util';
import { MillraceError } from '../../base/errors.ts';
import { checkArgument, checkOptions, flag, group, type OptionRules, oneOf, optional, type Rule, text } from '../../base/options.ts';
import type { Sink, SinkContext, SinkWriter } from '../../graph/sink.ts';
import { type CsvOptions, CsvText, csvRules } from './csv-text.ts';
import { jsonText } from './json-text.ts';
import { PartFile } from './part-file.ts';

export interface FileSinkOptions {
  /**
   * What a record becomes. `'text'`: a line, strings as they are. `'json'`: an object, array or value on a line, see `jsonText`.
   * `'csv'`: a line of fields, see `CsvOptions`.
   */
  readonly format: 'text' | 'json' | 'csv';
  /** Start of the files' names; `'part'` by default. */
  readonly prefix?: string;
  /** End of the files' names; `'.txt'`, `'.jsonl'` or `'.csv'` by default. */
  readonly suffix?: string;
  readonly csv?: CsvOptions;
  /** Whether parts of an earlier run are removed; by default they are an error. */
  readonly overwrite?: boolean;
}

/** Turns the records of one file into text. */
interface FileFormat {
  /** What stands in front of the first record. */
  start(): string;
  record(record: unknown): string;
}

const defaultPrefix = 'part';
const suffixes = { text: '.txt', json: '.jsonl', csv: '.csv' } as const;

/**
 * Writes records to files in a directory: `part-0.txt`, `part-1.txt` and so on, one for each subtask. A part gets its name when the
 * job has ended and it is on the disk; until then, and after a failure, it is `.part-0.txt.inprogress`.
 *
 * @param directory made when it is not there
 * @throws MillraceError INVALID_OPTION when the directory has parts of an earlier run; SINK_FAILED when it cannot be written;
 * UNSUPPORTED_VALUE or TYPE_MISMATCH for a record that the format cannot hold
 * @example fileSink('results', { format: 'csv' })
 */
export function fileSink<T>(directory: string, options: FileSinkOptions): Sink<T> {
  checkArgument(directory, text, 'files.sink: the directory');
  const { format, prefix, suffix, csv } = checkOptions<FileSinkOptions>(options, fileSinkRules, 'files.sink');
  if (csv !== undefined && format !== 'csv')
    throw new MillraceError('INVALID_OPTION', `files.sink: csv options need format 'csv', not '${format}'`);
  return {
    name: directory,
    target: join(resolve(directory), `${prefix ?? defaultPrefix}-*${suffix ?? suffixes[format]}`),
    retains: false,
    createWriter: (context) => new FileWriter(resolve(directory), options, context),
  };
}

const partOfName: Rule = {
  expected: 'a text without a path in it',
  accepts: (value) => typeof value === 'string' && !/[\\/\0]/.test(value),
};

/** The number of the part stands in front of it. */
const suffixRule: Rule = {
  expected: 'a text that does not begin with a digit, without a path in it',
  accepts: (value) => partOfName.accepts(value) && !/^\d/.test(value as string),
};

const fileSinkRules: OptionRules<FileSinkOptions> = {
  format: oneOf('text', 'json', 'csv'),
  prefix: optional(partOfName),
  suffix: optional(suffixRule),
  csv: optional(group<CsvOptions>(csvRules)),
  overwrite: optional(flag),
};

class FileWriter implements SinkWriter<unknown> {
  readonly #format: FileFormat;
  readonly #part: PartFile;

  constructor(directory: string, options: FileSinkOptions, { system, limits, subtask, parallelism }: SinkContext) {
    const { format, prefix = defaultPrefix, suffix = suffixes[format], overwrite = false } = options;
    this.#format = createFormat(options);
    this.#part = new PartFile({
      storage: system.storage,
      directory,
      prefix,
      suffix,
      subtask,
      parallelism,
      overwrite,
      bufferCharacters: limits.sinkCharacters,
    });
    this.#part.write(this.#format.start());
  }

  write(record: unknown): void {
    this.#part.write(this.#format.record(record));
  }

  flush(): void {
    this.#part.flush();
  }

  finish(): void {
    this.#part.finish();
  }

  close(): void {
    this.#part.close();
  }
}

function createFormat({ format, csv }: FileSinkOptions): FileFormat {
  if (format === 'csv') return new CsvText(csv ?? {});
  const text = format === 'json' ? jsonText : plainText;
  return { start: () => '', record: (record) => `${text(record)}\n` };
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
