/** Which directory below that of a file sink a record goes to. */

import { posix } from 'node:path';
import { describeValue } from '../../base/describe-value.ts';
import { MillraceError } from '../../base/errors.ts';
import { bucketLevelsMax } from '../../base/limits.ts';
import { checkArgument, checkOptions, type OptionRules, oneOf, optional, text } from '../../base/options.ts';
import { bucketPath, type TimeOf } from './bucket-path.ts';
import { type DateUnit, dateUnits, remembering } from './date-units.ts';

/** What a bucket is chosen by besides the record. Valid during the call. */
export interface BucketContext {
  /** Event time of the record; undefined where the stream carries none. */
  readonly timestamp: number | undefined;
  /** Time of day, in epoch milliseconds. */
  readonly processingTime: number;
}

/** Chooses the bucket of a record: a path relative to the directory of the sink, with slashes; `''` for that directory itself. */
export type BucketAssigner<T> = (record: T, context: BucketContext) => string;

export interface DateTimeBucketOptions {
  /** Which time of a record decides: `'processing'` by default, as in Flink. */
  readonly time?: 'event' | 'processing';
}

const dateTimeRules: OptionRules<DateTimeBucketOptions> = { time: optional(oneOf('event', 'processing')) };

/** Ways to choose the bucket of a record. */
export const buckets = {
  /**
   * A bucket for each day, hour or whatever the pattern tells apart, in UTC. `yyyy`, `MM`, `dd`, `HH`, `mm` and `ss` stand for year, month,
   * day, hour, minute and second; other letters stand in quotes.
   *
   * @param pattern `'yyyy-MM-dd--HH'` by default
   * @throws MillraceError INVALID_OPTION, also at a record without the timestamp that is asked for
   * @example orders.sinkTo(files.sink('orders', { format: 'json', bucket: buckets.dateTime('yyyy/MM/dd', { time: 'event' }) }))
   */
  dateTime(pattern = 'yyyy-MM-dd--HH', options: DateTimeBucketOptions = {}): BucketAssigner<unknown> {
    checkArgument(pattern, text, 'buckets.dateTime: the pattern');
    const timeOf = timeBy(options, 'buckets.dateTime');
    const format = dateFormat(pattern);
    return (_record, context) => format(timeOf(context));
  },
  /**
   * A bucket by a pattern with parts of a time and fields of the record in braces: `{yyyy}`, `{MM}`, `{dd}`, `{HH}`, `{mm}` and `{ss}`, in
   * UTC, and `{status}` for whatever the record has there. All else stands for itself.
   *
   * @throws MillraceError INVALID_OPTION, also at a record without a timestamp or a field that is asked for
   * @example orders.sinkTo(files.sink('orders', { format: 'json', bucket: buckets.path('{yyyy}-{MM}-{dd}/{status}', { time: 'event' }) }))
   */
  path(pattern: string, options: DateTimeBucketOptions = {}): BucketAssigner<unknown> {
    checkArgument(pattern, text, 'buckets.path: the pattern');
    return bucketPath(pattern, timeBy(options, 'buckets.path'));
  },
} as const;

/** @param of the function, for errors */
function timeBy(options: DateTimeBucketOptions, of: string): TimeOf {
  const { time = 'processing' } = checkOptions<DateTimeBucketOptions>(options, dateTimeRules, of);
  if (time === 'processing') return ({ processingTime }) => processingTime;
  return ({ timestamp }) => timestamp ?? missingTimestamp(of);
}

function missingTimestamp(of: string): never {
  throw new MillraceError(
    'INVALID_OPTION',
    `${of}: a record has no timestamp; assign timestamps with watermarks, or say time: 'processing'`,
  );
}

/** Texts between fields, quoted or not, and fields: an odd one in the order of the pattern is a run of one letter. */
const token = /'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+/gy;

function dateFormat(pattern: string): (timestamp: number) => string {
  const parts: ((date: Date) => string)[] = [];
  const units: DateUnit[] = [];
  let end = 0;
  for (const match of pattern.matchAll(token)) {
    end = match.index + match[0].length;
    const [all, quoted, letter] = match;
    const literal = quoted === undefined ? all : quoted === '' ? "'" : quoted.replaceAll("''", "'");
    const unit = dateUnits.find(({ letters }) => letters === all);
    if (letter === undefined) parts.push(() => literal);
    else if (unit === undefined) throw wrongPattern(pattern, `'${all}'`);
    else {
      units.push(unit);
      parts.push((date) => unit.text(date));
    }
  }
  if (end !== pattern.length) throw wrongPattern(pattern, 'a quote without its end');
  return remembering(units, (date) => parts.map((part) => part(date)).join(''));
}

function wrongPattern(pattern: string, what: string): MillraceError {
  const known = dateUnits.map(({ letters }) => letters).join(', ');
  return new MillraceError(
    'INVALID_OPTION',
    `buckets.dateTime: the pattern '${pattern}' has ${what}; it may have ${known}, and text in quotes`,
  );
}

/**
 * The bucket that a function has chosen, if it is a path below the sink's directory.
 *
 * @param isPart whether a name is one that the sink gives its files
 * @throws MillraceError INVALID_OPTION
 */
export function checkBucket(bucket: unknown, isPart: (name: string) => boolean): string {
  if (bucket === '') return '';
  const levels = typeof bucket === 'string' && !/[\\\0]/.test(bucket) ? bucket.split('/') : [];
  const isPath = levels.length > 0 && levels.length <= bucketLevelsMax && levels.every((level) => !['', '.', '..'].includes(level));
  if (isPath && !levels.some(isPart)) return posix.join(...levels);
  throw new MillraceError(
    'INVALID_OPTION',
    `files.sink: bucket must return a relative path of at most ${bucketLevelsMax} levels, such as '2024-05-01' or 'eu/berlin', not ${describeValue(bucket)}`,
  );
}
