/**
 * Writes the records of one subtask to parts. A part is written under a hidden name, and rolled at some time; with the next checkpoint
 * it is handed over as a transaction, and gets its name when that is complete. A part that goes on behind a checkpoint is cut back to
 * the length that it had there when the job goes on from it. Without checkpoints a part gets its name when it is rolled and on the
 * disk. The end of the input rolls all parts, and so does the checkpoint that the job is stopped with: nothing stays hidden then.
 * Whatever has the name of a part is whole. Runs on the subtask's thread.
 *
 *     open ──rolled──▶ pending ──checkpoint prepared──▶ transaction ──checkpoint complete──▶ committed
 */

import { join, posix } from 'node:path';
import type { MillraceError } from '../../base/errors.ts';
import type { Timer } from '../../base/system.ts';
import type { RestoredSink, SinkContext, TwoPhaseCommitWriter } from '../../graph/sink.ts';
import { type BucketAssigner, type BucketContext, checkBucket } from './buckets.ts';
import type { Compression } from './compression.ts';
import { createFormat, type FormatOptions } from './file-format.ts';
import { OpenPart, type OpenPartState, type PartPlace } from './open-part.ts';
import { type NamePattern, partName, readPartName } from './part-names.ts';
import { PartNumbers } from './part-numbers.ts';
import { dueAt, type RollingPolicy } from './rolling.ts';
import { SinkDirectories } from './sink-directories.ts';
import {
  clearParts,
  commitParts,
  type FoundPart,
  findParts,
  isLeftover,
  isMissing,
  isThere,
  lostPart,
  removePart,
} from './written-parts.ts';

/** A part that is complete, by the name that it is to get, relative to the directory of the sink. */
export interface PartTransaction {
  readonly path: string;
  /** That were written to it. Not known of parts of earlier versions. */
  readonly bytes?: number;
}

/** What a subtask goes on with. */
export interface FileSinkState {
  /** Absolute. Not known of states of earlier versions. */
  readonly directory?: string;
  /** Numbers of the parts that come next, by the subtask whose name they have. */
  readonly next: readonly (readonly [subtask: number, number: number])[];
  readonly open: readonly OpenPartState[];
}

export interface FileWriterOptions {
  readonly place: PartPlace;
  readonly names: NamePattern;
  readonly format: FormatOptions;
  readonly compression: Compression | undefined;
  /** Undefined where all goes to one part. */
  readonly rolling: RollingPolicy | undefined;
  readonly bucket: BucketAssigner<unknown> | undefined;
  readonly overwrite: boolean;
  readonly context: SinkContext;
  readonly restored: RestoredSink<PartTransaction, FileSinkState> | undefined;
}

/** A part that is complete, and on its way to the disk. */
interface PendingPart {
  readonly path: string;
  readonly bytes: number;
  readonly synced: Promise<void>;
}

/** What an assigner is told of a record: one object, filled in anew. */
class RecordFacts implements BucketContext {
  readonly #clock: SinkContext['system']['clock'];
  timestamp: number | undefined;

  constructor(clock: SinkContext['system']['clock']) {
    this.#clock = clock;
  }

  get processingTime(): number {
    return this.#clock.now();
  }
}

/** One part is never rolled before the end. */
const never: RollingPolicy = {
  bytes: Number.POSITIVE_INFINITY,
  intervalMs: Number.POSITIVE_INFINITY,
  inactivityMs: Number.POSITIVE_INFINITY,
  onCheckpoint: false,
};

export class FileWriter implements TwoPhaseCommitWriter<unknown, PartTransaction, FileSinkState> {
  readonly #options: FileWriterOptions;
  readonly #rolling: RollingPolicy;
  readonly #facts: RecordFacts;
  /** By bucket; the least recently written first. */
  readonly #open = new Map<string, OpenPart>();
  /** The one that was written last. */
  #current: OpenPart | undefined;
  #pending: PendingPart[] = [];
  readonly #numbers: PartNumbers;
  readonly #directories: SinkDirectories;
  #state: FileSinkState = { next: [], open: [] };
  #timer: Timer | undefined;
  /** Without checkpoints, parts get their names as soon as they are on the disk. */
  #committing: Promise<void> = Promise.resolve();

  constructor(options: FileWriterOptions) {
    this.#options = options;
    const { place, names, rolling, bucket, overwrite, restored, context } = options;
    const { subtask, parallelism } = context;
    this.#rolling = rolling ?? never;
    this.#facts = new RecordFacts(context.system.clock);
    this.#numbers = new PartNumbers(subtask, rolling === undefined);
    this.#directories = new SinkDirectories(place);
    const found = findParts(place, { ...names, subtask, parallelism, buckets: bucket !== undefined });
    try {
      if (restored === undefined) clearParts(place, found, overwrite);
      else this.#restore(restored, found);
      // The one part is there also where there are no records.
      if (rolling === undefined && restored === undefined) this.#select('');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Goes on with the parts that were open, and removes what was begun behind the checkpoint. */
  #restore({ states, everything }: RestoredSink<PartTransaction, FileSinkState>, found: readonly FoundPart[]): void {
    const { place, context } = this.#options;
    const needed = new Set([...everything.transactions, ...everything.states.flatMap(({ open }) => open)].map(({ path }) => path));
    const next = new Map(everything.states.flatMap((state) => state.next));
    this.#tellOfLater(found.filter(({ hidden, subtask, number }) => !hidden && number !== undefined && number >= (next.get(subtask) ?? 0)));
    for (const part of found) {
      if (isLeftover(part) && !needed.has(part.path)) removePart(place, part);
      else this.#numbers.useUp(part.subtask, part.number);
    }
    for (const [subtask, number] of next) if (subtask % context.parallelism === context.subtask) this.#numbers.useUp(subtask, number - 1);
    for (const state of states.flatMap(({ open }) => open)) this.#resume(state);
    this.#arm();
  }

  /** What has its name stays: somebody may have read it. */
  #tellOfLater(later: readonly FoundPart[]): void {
    const [first] = later;
    if (first === undefined) return;
    const { place, context } = this.#options;
    const rest = later.length === 1 ? 'was' : `and ${later.length - 1} more were`;
    context.warn(
      `'${join(place.directory, first.path)}' ${rest} committed after the checkpoint that the job goes on from; what is in there is written once more, to other files: remove it to have it once`,
    );
  }

  #resume(state: OpenPartState): void {
    const { place, format, context } = this.#options;
    try {
      const part = OpenPart.resume(place, state, createFormat(format, state.format));
      // Of the parts that two subtasks had open for a bucket, one goes on.
      if (this.#open.has(state.bucket)) this.#close(part);
      else this.#open.set(state.bucket, part);
    } catch (error) {
      if (!isMissing((error as MillraceError).cause)) throw error;
      if (!isThere(place, state.path)) throw lostPart(place, state.path);
      context.warn(
        `'${join(place.directory, state.path)}' was committed after the checkpoint that the job goes on from; it stays as it is, and records behind the checkpoint are written once more, to other files`,
      );
    }
  }

  write(record: unknown, timestamp?: number): void {
    const bucket = this.#bucketOf(record, timestamp);
    const current = this.#current;
    const part = current !== undefined && current.bucket === bucket ? current : this.#select(bucket);
    part.write(record);
    const { context } = this.#options;
    const { bytes } = this.#rolling;
    if (!part.isDue(context.limits.sinkBytes, bytes)) return;
    part.writeOut(context.system.clock.now());
    if (part.length >= bytes) this.#roll(part);
  }

  #bucketOf(record: unknown, timestamp: number | undefined): string {
    const { bucket } = this.#options;
    if (bucket === undefined) return '';
    this.#facts.timestamp = timestamp;
    return bucket(record, this.#facts);
  }

  /** The part of a bucket, begun where there is none. */
  #select(bucket: string): OpenPart {
    const part = this.#open.get(bucket) ?? this.#create(bucket);
    this.#open.delete(bucket);
    this.#open.set(bucket, part);
    this.#current = part;
    return part;
  }

  #create(bucket: string): OpenPart {
    const { place, names, format, compression, context } = this.#options;
    const { subtask, limits, system } = context;
    const checked = checkBucket(bucket, (name) => readPartName(names, name) !== undefined);
    for (const oldest of this.#open.values()) {
      if (this.#open.size < limits.sinkFiles) break;
      this.#roll(oldest);
    }
    this.#directories.nameIn(checked);
    const path = posix.join(checked, partName(names, subtask, this.#numbers.take()));
    const part = OpenPart.create(place, { bucket, path, compression, format: createFormat(format) }, system.clock.now());
    this.#open.set(bucket, part);
    this.#arm();
    return part;
  }

  #roll(part: OpenPart, awaitsCommit?: boolean): void {
    this.#open.delete(part.bucket);
    if (this.#current === part) this.#current = undefined;
    this.#close(part, awaitsCommit);
  }

  /** The part is complete: nothing is written to it any more. @param awaitsCommit whether it is handed over with the next checkpoint */
  #close(part: OpenPart, awaitsCommit = this.#options.context.checkpoints): void {
    const { place, context } = this.#options;
    part.complete(context.system.clock.now());
    const { path, length: bytes } = part;
    const synced = part.sync();
    part.close();
    if (awaitsCommit) {
      // Told where it is waited for, at the next barrier.
      synced.catch(() => {});
      this.#pending.push({ path, bytes, synced });
    } else {
      this.#committing = Promise.all([this.#committing, synced]).then(() => commitParts(place, [{ path }]));
      this.#committing.catch(context.fail);
    }
  }

  flush(): void {
    const now = this.#options.context.system.clock.now();
    for (const part of this.#open.values()) part.flush(now);
  }

  async prepareCommit(checkpoint: number | undefined, isLast: boolean): Promise<readonly PartTransaction[]> {
    // A savepoint holds them also where no checkpoints are taken.
    if (isLast) for (const part of this.#open.values()) this.#roll(part, checkpoint !== undefined || undefined);
    else if (this.#rolling.onCheckpoint) for (const part of this.#open.values()) this.#roll(part);
    else this.#rollDue();
    const pending = this.#pending;
    this.#pending = [];
    const parts = [...this.#open.values()];
    for (const part of parts) part.writeOut(this.#options.context.system.clock.now());
    // Parts may be rolled while the disk is at work; that is behind the barrier.
    this.#state = { directory: this.#options.place.directory, next: this.#numbers.state, open: parts.map(({ state }) => state) };
    await Promise.all([
      this.#committing,
      ...pending.map(({ synced }) => synced),
      ...parts.map((part) => part.sync()),
      this.#directories.sync(),
    ]);
    return pending.map(({ path, bytes }) => ({ path, bytes }));
  }

  snapshot(): FileSinkState {
    return this.#state;
  }

  #rollDue(): void {
    const now = this.#options.context.system.clock.now();
    this.flush();
    for (const part of this.#open.values()) if (dueAt(part, this.#rolling) <= now) this.#roll(part);
  }

  /** Sees to it that parts are rolled when it is time, also while no record comes. */
  #arm(): void {
    const next = Math.min(...[...this.#open.values()].map((part) => dueAt(part, this.#rolling)));
    if (this.#timer !== undefined || !Number.isFinite(next)) return;
    const { context } = this.#options;
    const { clock, timers } = context.system;
    this.#timer = timers.after(Math.max(1, next - clock.now()), () => {
      this.#timer = undefined;
      try {
        this.#rollDue();
        this.#arm();
      } catch (error) {
        context.fail(error);
      }
    });
  }

  finish(): void {
    this.#timer?.cancel();
  }

  /** Leaves parts that are not complete as they are. */
  close(): void {
    this.#timer?.cancel();
    for (const part of this.#open.values()) part.close();
    this.#open.clear();
  }
}
