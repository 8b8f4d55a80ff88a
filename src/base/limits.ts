/**
 * Every limit of the engine in one place, each with its reason. `Limits` are handed to whoever needs one, never a literal, so
 * that tests run with them at 1, 2 and 7. The bounds below them are the same for every job: a format, a stack or a thread of all
 * jobs depends on them.
 */

import { assert } from './assert.ts';
import { MillraceError } from './errors.ts';
import { unknownName } from './options.ts';

export interface Limits {
  /** Rows of a full batch: large enough that per-batch costs vanish, small enough that its columns stay in the L2 cache. */
  readonly batchRows: number;
  /** Bytes of strings and of values in `any` columns, about, after which a batch is sealed although it has room for rows: keeps frames well below a ring. */
  readonly batchBytes: number;
  /** Bytes of one ring, a power of two. A frame takes at most half of it; larger ones go in fragments. */
  readonly ringBytes: number;
  /** Bytes that the rings of one exchange may take together: rings shrink when the parallelism grows. */
  readonly exchangeBytes: number;
  /** Batches that wait between two subtasks of one worker: one being read, one ready, and slack for unequal speed. */
  readonly localQueueBatches: number;
  /** Batches that a channel keeps to be filled again: all that are ever on their way through a queue; more would only keep memory. */
  readonly pooledBatches: number;
  /** Rounds over all subtasks without progress, each after a turn of the event loop, before a worker parks: about the cost of one wake-up. */
  readonly idleRounds: number;
  /** Milliseconds that a subtask works at a time, about, where functions are slow: barriers, and the messages of the host, are seen in between. */
  readonly stepMs: number;
  /** Milliseconds of work, or of rows that are read on the host, after which a thread lets timers, files and sockets have a turn. */
  readonly eventLoopMs: number;
  /** Milliseconds that a thread sleeps at most: times are counted, and a source that forgot to wake it is asked again. */
  readonly sleepMs: number;
  /** Rows that a host input or output moves in one turn of the event loop. */
  readonly hostRows: number;
  /** Rows that wait in front of a full output while an operator emits all that is due at one time, because an unaligned checkpoint waits for that; beyond, it waits until there is room. */
  readonly overtakenRows: number;
  /** Rows that a host output holds while they keep an unaligned checkpoint from its barrier; beyond, that waits until some are read. */
  readonly hostOvertakenRows: number;
  /** Keys that a local aggregation in front of an exchange holds; records of further keys pass unaggregated. */
  readonly localAggregationKeys: number;
  /** Records by which a local aggregation of windows judges whether it pays: enough to say something, few enough to be soon done with where nothing is gained. */
  readonly localSampleRows: number;
  /** Accumulators made at a time for records that pass unaggregated: they are used up one by one. */
  readonly passingSlots: number;
  /** Bytes of one read of a file. */
  readonly readBytes: number;
  /** Bytes of a file that one split covers. */
  readonly splitBytes: number;
  /** Bytes of a file that are worth a split of their own when there are more readers than splits. */
  readonly splitBytesMin: number;
  /** Files that a reader which follows files keeps open: a process has a thousand descriptors, where nobody has raised that. */
  readonly followedFiles: number;
  /** Bytes of the longest line: below the longest string of V8, about 512 MiB, even as UTF-16. */
  readonly lineBytes: number;
  /** Bytes of text that a file sink gathers before it writes. */
  readonly sinkBytes: number;
  /** Files that a subtask of a file sink writes at a time: the least recently written part ends where a further bucket needs one. */
  readonly sinkFiles: number;
  /** Milliseconds before a socket is tried again for the first time; doubled each time, since a server that starts is soon there. */
  readonly connectDelayMs: number;
  /** Milliseconds between two attempts at most, so that a server that is back is found within that time. */
  readonly connectDelayMsMax: number;
  /** Milliseconds of silence after which a connection is probed, so that a server that vanished is noticed. */
  readonly keepAliveMs: number;
  /** Bytes of a syslog message: several times what RFC 5425 asks receivers to take. */
  readonly syslogMessageBytes: number;
  /** Bytes of syslog messages that wait to be parsed: senders by TCP are held up beyond, datagrams dropped. */
  readonly syslogWaitingBytes: number;
  /** Connections of syslog senders at a time, each with a message that is not complete: a process has a thousand descriptors, where nobody has raised that. */
  readonly syslogConnections: number;
  /** Segments that the state of an operator's subtask lies in: each is a piece to read when it is restored, each has its list of stale entries. */
  readonly stateSegments: number;
  /** Bytes of state, of one subtask in one checkpoint, that go into the manifest: below, a file of its own costs more than it holds. */
  readonly inlineStateBytes: number;
  /** Bytes of state that are written to a file at once: the system call vanishes in what it copies. */
  readonly stateWriteBytes: number;
  /** Bytes of a file of state that is larger than memory, after which the next one begins: what is written anew at a time, and a small share of a disk. */
  readonly diskSegmentBytes: number;
  /** Files that each such state reads at a time: a process has a thousand descriptors, where nobody has raised that. */
  readonly diskSegmentFiles: number;
  /** Units of keyed state, mostly keys, that are encoded for a checkpoint between two steps: a fraction of a millisecond. */
  readonly snapshotUnits: number;
  /** Milliseconds that a savepoint may take in a job without checkpoints, whose `timeout` else says so: as Flink's default. */
  readonly savepointMs: number;
  /** Milliseconds between two looks whether sources still catch up, while no checkpoints are taken because they do. */
  readonly backlogLookMs: number;
  /** Percent of the time that checkpoints may take of the busiest subtask; they come less often when they would take more. */
  readonly checkpointPercentMax: number;
  /** Records of a host input that are kept until a checkpoint holds what came of them; further ones wait. */
  readonly hostReplayRecords: number;
  /** Milliseconds in which a worker lets go of a job that has ended; then its thread is killed: it may be in an endless loop. */
  readonly cancelMs: number;
  /** Characters of a record that an error message shows. */
  readonly shownCharacters: number;
}

/** Bytes of the smallest ring: half of it still holds a frame's header and a piece of a larger frame. */
export const ringBytesMin = 256;

/** Bytes of the largest ring: positions in it are signed 32-bit integers. */
export const ringBytesMax = 2 ** 30;

/** Bytes that positions in a split can count: its lines are found with signed 32-bit offsets. */
export const splitBytesMax = 2 ** 31;

/** Bytes that a line can have: the longest string of V8 has 2²⁹ − 24 units. */
export const lineBytesMax = 2 ** 29 - 24;

/** Columns of a record type: more are slower than one `any` column. */
export const columnsMax = 64;

/** Levels of nesting of a value: a level takes four frames, and some 1,500 levels fill the stack of Node's main thread. */
export const nestingDepthMax = 500;

/** Levels of directories that the bucket of a file sink has: what an earlier run left is looked for in all of them, and links may form a cycle. */
export const bucketLevelsMax = 8;

/** Key groups of an operator: they are numbered in 15 bits, as in Flink. */
export const keyGroupsMax = 32_768;

/** Milliseconds in which a module of a job is loaded; then its thread is killed if that is wanted: it may wait for what never comes. */
export const loadMsMax = 10_000;

/** Milliseconds to wait for a killed thread: one that is inside of a system call ends when that returns, if ever. */
export const exitMsMax = 2000;

/** Bytes of a file of state on disk: its entries are found by offsets of 32 bits, and one entry may take up to 1 GiB beyond. */
export const diskSegmentBytesMax = 2 ** 31;

export const defaultLimits: Limits = {
  batchRows: 1024,
  batchBytes: 64 * 1024,
  ringBytes: 512 * 1024,
  exchangeBytes: 64 * 1024 * 1024,
  localQueueBatches: 4,
  pooledBatches: 8,
  idleRounds: 4,
  stepMs: 10,
  eventLoopMs: 1,
  sleepMs: 1000,
  hostRows: 4096,
  overtakenRows: 4_000_000,
  hostOvertakenRows: 1_000_000,
  localAggregationKeys: 100_000,
  localSampleRows: 32 * 1024,
  passingSlots: 1024,
  readBytes: 256 * 1024,
  splitBytes: 8 * 1024 * 1024,
  splitBytesMin: 64 * 1024,
  followedFiles: 256,
  lineBytes: 256 * 1024 * 1024,
  sinkBytes: 64 * 1024,
  sinkFiles: 64,
  connectDelayMs: 100,
  connectDelayMsMax: 5000,
  keepAliveMs: 60_000,
  syslogMessageBytes: 64 * 1024,
  syslogWaitingBytes: 4 * 1024 * 1024,
  syslogConnections: 512,
  stateSegments: 32,
  inlineStateBytes: 20 * 1024,
  stateWriteBytes: 256 * 1024,
  diskSegmentBytes: 64 * 1024 * 1024,
  diskSegmentFiles: 64,
  snapshotUnits: 1024,
  savepointMs: 600_000,
  backlogLookMs: 1000,
  checkpointPercentMax: 10,
  hostReplayRecords: 10_000_000,
  cancelMs: 5000,
  shownCharacters: 400,
};

/** What the defaults promise each other. Other limits may break these and cost speed, but no record. */
const agreements: readonly (readonly [holds: (limits: Limits) => boolean, promise: string])[] = [
  [
    ({ batchRows, batchBytes, ringBytes }) => batchRows * 8 * Float64Array.BYTES_PER_ELEMENT + batchBytes * 2 <= ringBytes / 2,
    'a batch of eight columns of numbers, and strings in UTF-16, is one frame',
  ],
  [({ ringBytes, exchangeBytes }) => ringBytes <= exchangeBytes, 'an exchange has room for a ring'],
  [
    ({ localQueueBatches, pooledBatches }) => localQueueBatches + 2 <= pooledBatches,
    'a queue, a batch being filled and one being read come from the pool',
  ],
  [({ batchRows, hostRows }) => batchRows <= hostRows, 'the host moves a batch in one turn'],
  [({ batchRows, passingSlots }) => batchRows <= passingSlots, 'accumulators are made for a batch, not for a record'],
  [({ eventLoopMs, sleepMs }) => eventLoopMs < sleepMs, 'a thread that works looks around more often than one that sleeps'],
  [({ readBytes, splitBytes }) => readBytes <= splitBytes, 'a split is worth a read'],
  [({ splitBytesMin, splitBytes }) => splitBytesMin <= splitBytes, 'the smallest split is no larger than others'],
  [({ readBytes, lineBytes }) => readBytes <= lineBytes, 'what was read at once can be one line'],
  [({ inlineStateBytes, stateWriteBytes }) => inlineStateBytes <= stateWriteBytes, 'what becomes inline has not been written before'],
  [({ syslogMessageBytes, syslogWaitingBytes }) => syslogMessageBytes <= syslogWaitingBytes, 'the longest message does not fill the queue'],
  [({ connectDelayMs, connectDelayMsMax }) => connectDelayMs <= connectDelayMsMax, 'the first attempt is the soonest'],
];

for (const [holds, promise] of agreements) assert(holds(defaultLimits), `the default limits disagree: ${promise}`);

/**
 * The default limits with some of them replaced.
 *
 * @throws MillraceError INVALID_OPTION when one is not known, is no whole number from 1, or beyond what can be counted
 */
export function limitsWith(changes: Partial<Limits> = {}): Limits {
  const limits = { ...defaultLimits, ...changes };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultLimits, name)) throw new MillraceError('INVALID_OPTION', unknownName({ kind: 'limit', name }, defaultLimits));
    check(Number.isInteger(value) && value >= 1, `limit ${name} must be a whole number from 1, not ${value}`);
  }
  const { ringBytes, splitBytes, lineBytes } = limits;
  check(
    ringBytes >= ringBytesMin && ringBytes <= ringBytesMax && Number.isInteger(Math.log2(ringBytes)),
    `limit ringBytes must be a power of two from ${ringBytesMin} to ${ringBytesMax}`,
  );
  check(splitBytes <= splitBytesMax, 'limit splitBytes must fit a signed 32-bit offset');
  check(
    limits.diskSegmentBytes <= diskSegmentBytesMax,
    `limit diskSegmentBytes must be at most ${diskSegmentBytesMax}, so that offsets take 32 bits`,
  );
  check(lineBytes <= lineBytesMax, `limit lineBytes must be at most ${lineBytesMax}, the longest string of V8`);
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
