/** Files as a sink: parts in a directory, exactly once where checkpoints are taken. */

import { join, resolve } from 'node:path';
import { MillraceError } from '../../base/errors.ts';
import {
  callable,
  checkArgument,
  checkOptions,
  flag,
  group,
  type OptionRules,
  oneOf,
  optional,
  type Rule,
  text,
} from '../../base/options.ts';
import type { TwoPhaseCommitSink } from '../../graph/sink.ts';
import { type BucketAssigner, buckets } from './buckets.ts';
import { type Compression, compressedSuffix, compressor } from './compression.ts';
import { type CsvOptions, csvRules } from './csv-text.ts';
import { type FileSinkState, FileWriter, type PartTransaction } from './file-writer.ts';
import type { NamePattern } from './part-names.ts';
import { type RollingOptions, rollingPolicy, rollingRules } from './rolling.ts';
import { commitParts } from './written-parts.ts';

export interface FileSinkOptions<T = unknown> {
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
  /**
   * How files are compressed; not at all by default. Their names end with `.gz` or `.zst`, whatever their suffix. `'zstd'` needs
   * Node 22.15.
   */
  readonly compression?: Compression;
  /** Whether parts of an earlier run are removed; by default they are an error. */
  readonly overwrite?: boolean;
  /** When a subtask goes on with another file. */
  readonly rolling?: RollingOptions;
  /**
   * Which directory below the sink's a record goes to: a relative path from a function, as `buckets` makes them, or a pattern for
   * `buckets.path`, such as `'{yyyy}-{MM}-{dd}/{HH}'`. By default all records go to the directory itself.
   */
  readonly bucket?: string | BucketAssigner<T>;
}

const defaultPrefix = 'part';
const suffixes = { text: '.txt', json: '.jsonl', csv: '.csv' } as const;

/** Which of the options are needed to know the names. */
function namesOf({ format, prefix = defaultPrefix, suffix = suffixes[format], compression }: FileSinkOptions<never>): NamePattern {
  const end = compression === undefined ? '' : compressedSuffix[compression];
  return { prefix, suffix: suffix.endsWith(end) ? suffix : suffix + end };
}

/**
 * Writes records to files in a directory, each subtask to its own. Whatever has the name of a part is whole and on the disk; until then,
 * and after a failure, it is hidden: `.part-0-3.txt.inprogress`.
 *
 * With checkpoints, `part-0-3.txt` is the fourth part of subtask 0. Parts are rolled by size and time, and get their names when the next
 * checkpoint is complete: every record is in them exactly once, whatever crashes. Without checkpoints there is one part for each subtask,
 * `part-0.txt`, at the end of the job; with `rolling` or `bucket` parts get their names as they are rolled.
 *
 * @param directory made when it is not there
 * @throws MillraceError INVALID_OPTION when the directory has parts of an earlier run; SINK_FAILED when it cannot be written;
 * UNSUPPORTED_VALUE or TYPE_MISMATCH for a record that the format cannot hold
 * @example fileSink('results', { format: 'csv' })
 */
export function fileSink<T>(directory: string, options: FileSinkOptions<T>): TwoPhaseCommitSink<T, PartTransaction, FileSinkState> {
  checkArgument(directory, text, 'files.sink: the directory');
  const checked = checkOptions<FileSinkOptions<T>>(options, fileSinkRules, 'files.sink');
  const { compression, rolling = {}, bucket, overwrite = false } = checked;
  checkTogether(checked);
  const policy = rollingPolicy(rolling);
  const names = namesOf(options);
  const assigner = typeof bucket === 'string' ? buckets.path(bucket) : (bucket as BucketAssigner<unknown> | undefined);
  const isOnePart = options.rolling === undefined && bucket === undefined;
  const path = resolve(directory);
  return {
    name: directory,
    target: join(path, `${names.prefix}-*${names.suffix}`),
    retains: false,
    createWriter: (context, restored) =>
      new FileWriter({
        place: { storage: context.system.storage, directory: path },
        names,
        format: options,
        compression,
        rolling: isOnePart && !context.checkpoints ? undefined : policy,
        bucket: assigner,
        overwrite,
        context,
        restored,
      }),
    commit: (transactions, { system }) => commitParts({ storage: system.storage, directory: path }, transactions),
  };
}

/** What no rule of an option says by itself. @throws MillraceError INVALID_OPTION */
function checkTogether({ format, csv, compression }: FileSinkOptions<never>): void {
  if (compression !== undefined) compressor(compression);
  if (csv !== undefined && format !== 'csv')
    throw new MillraceError('INVALID_OPTION', `files.sink: csv options need format 'csv', not '${format}'`);
  const { null: nothing = '', delimiter = ',' } = csv ?? {};
  if (nothing.includes(delimiter))
    throw new MillraceError('INVALID_OPTION', `files.sink: csv.null '${nothing}' has the delimiter '${delimiter}' in it`);
}

const partOfName: Rule = {
  expected: 'a text without a path in it',
  accepts: (value) => typeof value === 'string' && !/[\\/\0]/.test(value),
};

/** Subtask and number stand behind it: another sink's parts must not read like parts of this one. */
const prefixRule: Rule = {
  expected: 'a text that does not end with a dash and a number, without a path in it',
  accepts: (value) => partOfName.accepts(value) && !/-\d+$/.test(value as string),
};

/** The number of the part stands in front of it. */
const suffixRule: Rule = {
  expected: 'a text that does not begin with a digit, without a path in it',
  accepts: (value) => partOfName.accepts(value) && !/^-?\d/.test(value as string),
};

const fileSinkRules: OptionRules<FileSinkOptions> = {
  format: oneOf('text', 'json', 'csv'),
  prefix: optional(prefixRule),
  suffix: optional(suffixRule),
  csv: optional(group<CsvOptions>(csvRules)),
  compression: optional(oneOf('gzip', 'zstd')),
  overwrite: optional(flag),
  rolling: optional(group<RollingOptions>(rollingRules)),
  bucket: optional({ expected: 'a function, or a pattern', accepts: (value) => text.accepts(value) || callable.accepts(value) }),
};
