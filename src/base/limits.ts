/**
 * Every limit of the engine in one place, each with its reason. Tests run with them at 1, 2 and 7; whoever needs a
 * limit is handed these, never a literal.
 */

import { MillraceError } from './errors.ts';

export interface Limits {
  /** Rows of a full batch: large enough that per-batch costs vanish, small enough that its columns stay in the L2 cache. */
  readonly batchRows: number;
  /** Bytes of strings after which a batch is sealed although it has room for rows: keeps frames well below a ring. */
  readonly batchBytes: number;
  /** Bytes of one ring, a power of two. A frame takes at most half of it; larger ones go in fragments. */
  readonly ringBytes: number;
  /** Bytes that the rings of one exchange may take together: rings shrink when the parallelism grows. */
  readonly exchangeBytes: number;
  /** Batches that wait between two subtasks of one worker: one being read, one ready, and slack for unequal speed. */
  readonly localQueueBatches: number;
  /** Rounds over all subtasks without progress, each after a turn of the event loop, before a worker parks: about the cost of one wake-up. */
  readonly idleRounds: number;
  /** Milliseconds of work after which a worker lets timers, files and sockets have a turn. */
  readonly eventLoopMs: number;
  /** Rows that a host input or output moves in one turn of the event loop. */
  readonly hostRows: number;
  /** Keys that a local aggregation in front of an exchange holds; records of further keys pass unaggregated. */
  readonly localAggregationKeys: number;
  /** Bytes of one read of a file. */
  readonly readBytes: number;
  /** Bytes of a file that one split covers. */
  readonly splitBytes: number;
  /** Bytes of a file that are worth a split of their own when there are more readers than splits. */
  readonly splitBytesMin: number;
  /** Bytes of the longest line: below the longest string of V8, about 512 MiB, even as UTF-16. */
  readonly lineBytes: number;
  /** Characters that a file sink gathers before it writes. */
  readonly sinkCharacters: number;
  /** Milliseconds in which a worker lets go of a job that has ended; then its thread is killed: it may be in an endless loop. */
  readonly cancelMs: number;
  /** Characters of a record that an error message shows. */
  readonly shownCharacters: number;
}

export const ringBytesMin = 256;

export const defaultLimits: Limits = {
  batchRows: 1024,
  batchBytes: 64 * 1024,
  ringBytes: 512 * 1024,
  exchangeBytes: 64 * 1024 * 1024,
  localQueueBatches: 4,
  idleRounds: 20,
  eventLoopMs: 1,
  hostRows: 4096,
  localAggregationKeys: 100_000,
  readBytes: 256 * 1024,
  splitBytes: 8 * 1024 * 1024,
  splitBytesMin: 64 * 1024,
  lineBytes: 256 * 1024 * 1024,
  sinkCharacters: 64 * 1024,
  cancelMs: 5000,
  shownCharacters: 400,
};

/**
 * The default limits with some of them replaced.
 *
 * @throws MillraceError INVALID_OPTION when one is not known, is no whole number from 1, or contradicts another
 */
export function limitsWith(changes: Partial<Limits> = {}): Limits {
  const limits = { ...defaultLimits, ...changes };
  for (const [name, value] of Object.entries(limits)) {
    check(Object.hasOwn(defaultLimits, name), `there is no limit ${name}`);
    check(Number.isInteger(value) && value >= 1, `limit ${name} must be a whole number from 1, not ${value}`);
  }
  check(
    limits.ringBytes >= ringBytesMin && Number.isInteger(Math.log2(limits.ringBytes)),
    `limit ringBytes must be a power of two from ${ringBytesMin}`,
  );
  check(limits.splitBytes <= 2 ** 31, 'limit splitBytes must fit a signed 32-bit offset');
  return limits;
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new MillraceError('INVALID_OPTION', message);
}

/** Bytes of each ring of an exchange that has `channels` of them. */
export function ringBytesFor(limits: Limits, channels: number): number {
  let bytes = limits.ringBytes;
  while (bytes > ringBytesMin && bytes * channels > limits.exchangeBytes) bytes /= 2;
  return bytes;
}
