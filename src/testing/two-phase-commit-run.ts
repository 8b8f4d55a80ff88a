/**
 * One random life of a two-phase-commit sink: records, barriers, complete and failed checkpoints, crashes, another parallelism. The
 * sink is driven by what drives it in a job; its sources and the host are played. Runs on the calling thread, from a seed.
 */

import { inspect } from 'node:util';
import { limitsWith } from '../base/limits.ts';
import type { Random } from '../base/system.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { decodeValue, encodeValue } from '../batch/value-codec.ts';
import type { SinkWriter, TwoPhaseCommitSink } from '../graph/sink.ts';
import { type CommitterContext, SinkCommitter } from '../operators/sink-committer.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { ManualClock } from './manual-clock.ts';
import type { TransactionalTarget } from './verify-two-phase-commit.ts';

/** A subtask's snapshot, encoded: each item of each part. */
type StoredParts = ReadonlyMap<string, readonly Buffer[]>;

interface Checkpoint {
  readonly id: number;
  /** Whether the job is to be stopped with it. It goes on where that fails. */
  readonly isLast: boolean;
  /** By subtask. */
  readonly snapshots: Map<number, StoredParts>;
  /** Records before its barriers. */
  readonly included: Set<number>;
}

/** A subtask between its start and its end. */
interface RunningSubtask {
  readonly index: number;
  readonly committer: SinkCommitter;
  readonly writer: SinkWriter<unknown>;
  /** Records it has written in this attempt. */
  readonly written: number[];
  /** Checkpoints whose barriers it has not seen yet. */
  barriers: Checkpoint[];
  /** Complete checkpoints that it has not heard of. */
  completed: Checkpoint[];
}

export interface RunOptions<T> {
  readonly target: TransactionalTarget<T>;
  readonly record: (index: number) => T;
  readonly records: number;
  readonly holdsBack: boolean;
  readonly random: Random;
}

/** How the run went, for whoever wants to know whether it tried much. */
export interface RunCounts {
  crashes: number;
  checkpoints: number;
  commits: number;
}

/** What others see is not what they should. */
export class WrongOutput extends Error {
  readonly actual: readonly string[];
  readonly expected: readonly string[];

  constructor(message: string, actual: readonly string[], expected: readonly string[]) {
    super(message);
    this.actual = actual;
    this.expected = expected;
  }
}

class Crash extends Error {}

const parallelisms = [2, 1, 3];
/** So that a sink that never gets anywhere is an error, not an endless loop. */
const attemptsMax = 100;

export class TwoPhaseCommitRun<T> {
  readonly #options: RunOptions<T>;
  readonly #clock: ManualClock;
  readonly counts: RunCounts = { crashes: 0, checkpoints: 0, commits: 0 };
  #sink: TwoPhaseCommitSink<T>;
  #subtasks: RunningSubtask[] = [];
  /** The last that is complete. */
  #complete: Checkpoint | undefined;
  #underway: Checkpoint[] = [];
  #nextCheckpoint = 1;
  /** Records to be written, in order. */
  #input: number[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(options: RunOptions<T>) {
    this.#options = options;
    const { timers } = nodeSystem();
    this.#clock = new ManualClock(0, (callback) => timers.soon(callback));
    this.#sink = options.target.createSink();
  }

  /** @throws WrongOutput, or what the sink throws */
  async run(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (attempt === attemptsMax) throw new WrongOutput('the sink fails whenever it is restarted', [], []);
      try {
        await this.#attempt(parallelisms[attempt % parallelisms.length] as number, attempt < 8);
        break;
      } catch (error) {
        if (!(error instanceof Crash) && this.#options.target.isInjected?.(error) !== true) throw error;
        this.#crash();
      }
    }
    await this.#checkVisible('when the job has ended', this.#all(), this.#all());
  }

  #all(): readonly number[] {
    return Array.from({ length: this.#options.records }, (_, i) => i);
  }

  #chance(probability: number): boolean {
    return this.#options.random.next() < probability;
  }

  #pick<E>(elements: readonly E[]): E {
    return elements[Math.floor(this.#options.random.next() * elements.length)] as E;
  }

  /** From a start to a crash, or to the end. @param mayCrash whether it may, but for what the target does */
  async #attempt(parallelism: number, mayCrash: boolean): Promise<void> {
    await this.#start(parallelism, mayCrash);
    while (this.#input.length > 0) {
      if (mayCrash && this.#chance(0.02)) throw new Crash();
      await this.#act();
    }
    while (this.#chance(0.7)) await this.#act();
    await this.#end(mayCrash);
  }

  async #start(parallelism: number, mayCrash: boolean): Promise<void> {
    this.#failure = undefined;
    this.#sink = this.#options.target.createSink();
    const included = this.#complete?.included ?? new Set<number>();
    this.#input = this.#all().filter((record) => !included.has(record));
    for (let index = 0; index < parallelism; index++) {
      if (mayCrash && this.#chance(0.03)) throw new Crash();
      const committer = new SinkCommitter(this.#sink as TwoPhaseCommitSink<never>, this.#context(index, parallelism, true));
      if (this.#complete !== undefined) committer.restore(partsOf(this.#complete));
      await committer.commitRestored();
      this.#subtasks.push({ index, committer, writer: committer.createWriter(), written: [], barriers: [], completed: [] });
    }
    if (this.#complete === undefined) return;
    await this.#checkVisible(`when the job has gone on from checkpoint ${this.#complete.id}`, this.#due(this.#complete), [...included]);
  }

  #context(subtask: number, parallelism: number, checkpoints: boolean): CommitterContext {
    const { storage } = nodeSystem();
    return {
      system: { clock: this.#clock, timers: this.#clock, random: this.#options.random, storage },
      limits: limitsWith(),
      subtask,
      parallelism,
      jobName: 'verification',
      checkpoints,
      operator: { name: this.#sink.name },
      fail: (error) => {
        this.#failure ??= { error };
      },
      warn: () => {},
    };
  }

  /** Something happens to one of the subtasks. */
  async #act(): Promise<void> {
    const subtask = this.#pick(this.#subtasks);
    const dice = this.#options.random.next();
    if (dice < 0.6) await this.#write(subtask);
    else if (dice < 0.7) await subtask.writer.flush?.();
    else if (dice < 0.75) this.#clock.advance(this.#pick([1, 1000, 30_000, 90_000]));
    else if (dice < 0.8) this.#trigger();
    else if (dice < 0.92) await this.#barrier(subtask);
    else await this.#notify(subtask);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #write(subtask: RunningSubtask): Promise<void> {
    const record = this.#input.shift();
    if (record === undefined) return;
    subtask.written.push(record);
    await subtask.writer.write(this.#options.record(record), record);
  }

  #trigger(): void {
    if (this.#underway.length === 2) return;
    const id = this.#nextCheckpoint++;
    const checkpoint: Checkpoint = { id, isLast: this.#chance(0.1), snapshots: new Map(), included: new Set(this.#complete?.included) };
    this.#underway.push(checkpoint);
    for (const { barriers } of this.#subtasks) barriers.push(checkpoint);
  }

  async #barrier(subtask: RunningSubtask): Promise<void> {
    const checkpoint = subtask.barriers.shift();
    if (checkpoint === undefined) return;
    await subtask.writer.flush?.();
    await subtask.committer.prepare(checkpoint.id, checkpoint.isLast);
    this.#store(subtask, checkpoint);
    if (checkpoint.snapshots.size < this.#subtasks.length) return;
    this.#underway = this.#underway.filter((each) => each !== checkpoint);
    // Its manifest cannot be written: what it holds is committed with the next one.
    if (!this.#chance(0.2)) this.#completed(checkpoint);
  }

  #store({ index, committer, written }: RunningSubtask, checkpoint: Checkpoint): void {
    const parts = Object.entries(committer.parts()).map(([name, { items }]) => [name, items.map(encoded)] as const);
    checkpoint.snapshots.set(index, new Map(parts));
    for (const record of written) checkpoint.included.add(record);
  }

  #completed(checkpoint: Checkpoint): void {
    this.counts.checkpoints += 1;
    this.#complete = checkpoint;
    for (const { completed } of this.#subtasks) completed.push(checkpoint);
  }

  async #notify(subtask: RunningSubtask): Promise<void> {
    // Word of one may get lost when that of a later one comes.
    if (this.#chance(0.2) && subtask.completed.length > 1) subtask.completed.shift();
    const checkpoint = subtask.completed.shift();
    if (checkpoint === undefined) return;
    this.counts.commits += 1;
    const parts = partsOf(checkpoint, subtask.index);
    await subtask.committer.commit(checkpoint.id);
    const again = (parts.transactions as readonly { readonly transaction: unknown }[]).map(({ transaction }) => transaction);
    if (again.length > 0 && this.#chance(0.3)) await this.#sink.commit(again, this.#context(subtask.index, this.#subtasks.length, true));
    const last = this.#complete as Checkpoint;
    const heard = this.#subtasks.every(({ completed }) => completed.length === 0);
    await this.#checkVisible(`behind the commit of checkpoint ${checkpoint.id}`, heard ? this.#due(last) : [], [...last.included]);
  }

  /** Records that must be visible when a checkpoint is committed. */
  #due({ included, isLast }: Checkpoint): readonly number[] {
    return this.#options.holdsBack && !isLast ? [] : [...included];
  }

  /** The end of the input: what is left is committed with a last checkpoint. */
  async #end(mayCrash: boolean): Promise<void> {
    while (this.#subtasks.some(({ barriers }) => barriers.length > 0)) for (const subtask of this.#subtasks) await this.#barrier(subtask);
    for (const { writer, committer } of this.#subtasks) {
      if (mayCrash && this.#chance(0.05)) throw new Crash();
      await writer.flush?.();
      await writer.finish?.();
      await committer.finish();
    }
    this.#trigger();
    const last = this.#underway.at(-1) as Checkpoint;
    for (const subtask of this.#subtasks) {
      await subtask.committer.prepare(last.id, false);
      this.#store(subtask, last);
    }
    this.#completed(last);
    for (const subtask of this.#subtasks) {
      if (mayCrash && this.#chance(0.05)) throw new Crash();
      await subtask.committer.commit(last.id);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#close();
  }

  /** What is not complete is forgotten. A process that is killed closes nothing. */
  #crash(): void {
    this.counts.crashes += 1;
    const { target } = this.#options;
    if (target.crash === undefined || this.#chance(0.5)) this.#close();
    target.crash?.();
    this.#subtasks = [];
    this.#underway = [];
  }

  #close(): void {
    for (const { writer, committer } of this.#subtasks.splice(0)) {
      committer.close();
      writer.close?.();
    }
  }

  /** @param least what must be there @param most what may be */
  async #checkVisible(when: string, least: readonly number[], most: readonly number[]): Promise<void> {
    const visible = (await this.#options.target.visible()).map(shown).sort();
    const texts = (records: readonly number[]): string[] => records.map((index) => shown(this.#options.record(index))).sort();
    const twice = visible.find((record, i) => record === visible[i - 1]);
    const [must, may] = [texts(least), new Set(texts(most))];
    const seen = new Set(visible);
    const missing = must.find((record) => !seen.has(record));
    const early = visible.find((record) => !may.has(record));
    const wrong =
      twice !== undefined
        ? `${twice} is there twice`
        : missing !== undefined
          ? `${missing} is missing`
          : early !== undefined
            ? `${early} is there, but no complete checkpoint has it`
            : undefined;
    if (wrong !== undefined) throw new WrongOutput(`${when}, ${wrong}`, visible, must);
  }

  /** A job without checkpoints: all is committed at the end. It does not go on when it has crashed. */
  async runWithoutCheckpoints(): Promise<void> {
    try {
      await this.#straight();
    } catch (error) {
      if (this.#options.target.isInjected?.(error) !== true) throw error;
      this.#crash();
      return;
    }
    await this.#checkVisible('at the end of a job without checkpoints', this.#all(), this.#all());
  }

  async #straight(): Promise<void> {
    for (const index of [0, 1]) {
      const committer = new SinkCommitter(this.#sink as TwoPhaseCommitSink<never>, this.#context(index, 2, false));
      this.#subtasks.push({ index, committer, writer: committer.createWriter(), written: [], barriers: [], completed: [] });
    }
    this.#input = [...this.#all()];
    while (this.#input.length > 0) await this.#write(this.#pick(this.#subtasks));
    for (const { writer, committer } of this.#subtasks) {
      await writer.flush?.();
      await writer.finish?.();
      await committer.finish();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#close();
  }
}

function shown(record: unknown): string {
  return inspect(record, { depth: Number.POSITIVE_INFINITY, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200 });
}

/** The parts of all subtasks together, or of one, as they come back from where they are stored. */
function partsOf({ snapshots }: Checkpoint, subtask?: number): Record<string, unknown[]> {
  const parts: Record<string, unknown[]> = {};
  for (const [index, stored] of snapshots) {
    if (subtask !== undefined && subtask !== index) continue;
    for (const [name, items] of stored) parts[name] = [...(parts[name] ?? []), ...items.map(decoded)];
  }
  return parts;
}

function encoded(value: unknown): Buffer {
  const sink = new ByteSink();
  encodeValue(sink, value);
  return Buffer.from(sink.bytes.subarray(0, sink.length));
}

function decoded(bytes: Buffer): unknown {
  const source = new ByteSource();
  source.reset(bytes);
  return decodeValue(source);
}
