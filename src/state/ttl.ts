/**
 * Time to live: how long state is kept after it was last written or read. Flink's `StateTtlConfig`, by processing time.
 * A `TtlConfig` is what a job's author writes, a `Ttl` the same with every default filled in.
 */

import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';

/**
 * How long state is kept, in Flink's words. Of a list each element has its own time, of a map each entry.
 *
 * @example
 * const seen = mapState<string, number>({ ttl: { ttl: '1h', update: 'on-read-and-write' } });
 */
export interface TtlConfig {
  /** State expires this long after its time was last set. More than 0. */
  readonly ttl: Duration;
  /** What sets the time anew: making and writing state (the default), or reading it as well. */
  readonly update?: 'on-create-and-write' | 'on-read-and-write';
  /** Whether expired state may still be read: never (the default), or as long as nobody has cleaned it up. */
  readonly visibility?: 'never-return-expired' | 'return-expired-if-not-cleaned-up';
  /** How expired state that nobody reads is found. */
  readonly cleanup?: {
    /** Looks at some keys, entries or elements on every access of the state. By default at 5; false for never. */
    readonly incremental?: IncrementalCleanup | false;
  };
}

/**
 * Clean-up that is done bit by bit, with the accesses of a state.
 *
 * @example
 * const last = valueState<number>({ ttl: { ttl: '1d', cleanup: { incremental: { keys: 10, everyRecord: true } } } });
 */
export interface IncrementalCleanup {
  /** How many are looked at each time: of a map they are its entries, so that a large map costs no more than a small one. */
  readonly keys: number;
  /** Whether every record does it, also one that does not touch the state. Default false. */
  readonly everyRecord?: boolean;
}

/** A `TtlConfig` that was checked and completed. */
export interface Ttl {
  readonly ttlMs: number;
  readonly updateOnRead: boolean;
  readonly returnExpired: boolean;
  /** How many keys, entries or elements are looked at on each access; 0 for no clean-up. */
  readonly cleanupKeys: number;
  readonly cleanupEveryRecord: boolean;
}

/** Flink's number. */
const cleanupKeysDefault = 5;

/**
 * Checks what an author wrote as `ttl`.
 *
 * @param of the function it was given to, for the error
 * @throws MillraceError INVALID_OPTION
 * @example parseTtl('1h', 'valueState') // { ttlMs: 3_600_000, updateOnRead: false, … }
 */
export function parseTtl(ttl: Duration | TtlConfig | undefined, of: string): Ttl | undefined {
  if (ttl === undefined) return undefined;
  const config = typeof ttl === 'object' && ttl !== null ? ttl : { ttl };
  const ttlMs = parseDuration(config.ttl, `${of}: ttl`);
  check(ttlMs > 0, `${of}: ttl must be more than 0; leave it out for state that never expires`);
  const cleanup = parseCleanup(config.cleanup?.incremental, of);
  return Object.freeze({
    ttlMs,
    updateOnRead: chosen(config.update, 'on-create-and-write', 'on-read-and-write', `${of}: ttl.update`),
    returnExpired: chosen(config.visibility, 'never-return-expired', 'return-expired-if-not-cleaned-up', `${of}: ttl.visibility`),
    cleanupKeys: cleanup === false ? 0 : cleanup.keys,
    cleanupEveryRecord: cleanup !== false && cleanup.everyRecord === true,
  });
}

function parseCleanup(incremental: IncrementalCleanup | false | undefined, of: string): IncrementalCleanup | false {
  if (incremental === undefined) return { keys: cleanupKeysDefault };
  if (incremental === false) return false;
  const keys = incremental?.keys;
  const isCount = Number.isInteger(keys) && keys >= 1;
  check(
    isCount,
    `${of}: ttl.cleanup.incremental.keys must be a whole number from 1, not ${String(keys)}; write incremental: false for none`,
  );
  return incremental;
}

/** Whether the second of two texts was chosen; the first is the default. */
function chosen(value: string | undefined, first: string, second: string, option: string): boolean {
  check(value === undefined || value === first || value === second, `${option}: '${String(value)}' is none of '${first}' and '${second}'`);
  return value === second;
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new MillraceError('INVALID_OPTION', message);
}

/** Whether what was last touched at `stamp` has expired: at the very millisecond at which its time is over. */
export function hasExpired(ttl: Ttl, stamp: number, now: number): boolean {
  return stamp + ttl.ttlMs <= now;
}
