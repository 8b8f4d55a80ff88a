/**
 * One subtask: a stage's chain of operators on its share of the input. A state machine with one synchronous `step`, driven by
 * the scheduler of the worker it belongs to; it never waits.
 *
 *     running ──input ended──▶ draining ──nothing left──▶ finishing ──sinks done──▶ committing ──committed──▶ sealing ──outputs empty──▶ finished
 *
 * `running` is repeated until the input has ended; `draining` until every operator has heard of the end and has emitted what it
 * had left, from the head to the tail; `finishing` while sinks finish, outside of a step; `committing` until the checkpoint is complete
 * that holds what sinks are to commit; `sealing` until the end of the input has gone to every consumer.
 *
 * A checkpoint is taken between two steps, when its barrier has come through every channel: in `running`, or in `committing`, where
 * only sinks have something left. Whoever drains when it is triggered has finished for it. Where barriers overtake rows, it is taken
 * as soon as one is known of, also in the middle of a batch and while outputs have no room: rows that are not through are taken along.
 */

import { assert, unreachable } from '../base/assert.ts';
import type { MillraceError } from '../base/errors.ts';
import type { Clock } from '../base/system.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { type Barrier, endOfInput } from '../channel/element.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { OperatorInstance } from '../compiler/operator.ts';
import type { InputLoop, StageCompiler } from '../compiler/stage-compiler.ts';
import type { SubtaskCounters } from '../metrics/counters.ts';
import type { ChangeLog, Residents } from '../state/change-log.ts';
import type { KeyedContents } from '../state/keyed-contents.ts';
import type { CheckpointTrigger } from '../wire/messages.ts';
import type { ChainTime } from './chain-time.ts';
import { InputGate } from './input-gate.ts';
import type { SourceInput } from './source-input.ts';
import type { SubtaskCheckpoints } from './subtask-checkpoints.ts';
import { TakenAlong } from './taken-along.ts';

export type SubtaskState = 'running' | 'draining' | 'finishing' | 'committing' | 'sealing' | 'finished';

/**
 * What a step came to: work was done; there was nothing to do; an output has no room; the outside must do something first;
 * everything is done.
 */
export type StepResult = 'worked' | 'idle' | 'blocked' | 'waiting' | 'finished';

/** What an operator keeps by key under one name. */
export interface KeyedState {
  readonly contents: KeyedContents;
  readonly log: ChangeLog;
}

/** An operator of the chain, what it keeps by key, and its failure by something that was thrown at no record. */
export interface ChainedOperator {
  readonly instance: OperatorInstance;
  /** Index of the operator that feeds it; undefined for the head. */
  readonly parent: number | undefined;
  readonly failure: (error: unknown) => MillraceError;
  /** By name. */
  readonly keyed: ReadonlyMap<string, KeyedState>;
}

export interface SubtaskOptions {
  readonly name: string;
  readonly input: InputGate | SourceInput;
  readonly compiler: StageCompiler;
  /** From the head of the chain to its tail. */
  readonly operators: readonly ChainedOperator[];
  readonly outputs: readonly ExchangeWriter[];
  readonly time: ChainTime;
  readonly checkpoints: SubtaskCheckpoints;
  /** Asks for a checkpoint: what was written last is committed with it. Undefined where none are taken. */
  readonly requestFinalCheckpoint: (() => void) | undefined;
  /** Whether barriers may overtake rows. */
  readonly overtakes: boolean;
  readonly counters: SubtaskCounters;
  readonly clock: Clock;
  readonly bufferTimeoutMs: number;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

/** A source says nothing of event time; what assigns watermarks behind it does. */
const alwaysActive = { watermark: Number.NEGATIVE_INFINITY, idle: false };

/** A batch on its way through the chain, and the loop that takes it there, to the end of the batch. */
interface BatchInHand {
  readonly batch: RecordBatch;
  readonly loop: InputLoop;
  /** The row to go on with. */
  next: number;
}

/** A checkpoint whose barrier has come. */
interface CheckpointInHand {
  readonly checkpoint: number;
  /** Whether its barrier has overtaken rows. */
  readonly overtakes: boolean;
  readonly alignmentMs: number;
  /** Monotonic time. */
  readonly since: number;
  /** Whether operators make ready for the snapshot, and have done so. */
  preparation: 'none' | 'underway' | 'done';
}

/** What the time until the next step counts as. A sink that waits for the world outside is at work. */
const timeAfter = {
  worked: 'idleMs',
  idle: 'idleMs',
  finished: 'idleMs',
  waiting: 'busyMs',
  blocked: 'backPressuredMs',
} as const satisfies Record<StepResult, string>;

export class Subtask {
  readonly #options: SubtaskOptions;
  /** Keyed state that may be larger than memory. */
  readonly #relieved: readonly { readonly residents: Residents; readonly failure: ChainedOperator['failure'] }[];
  #state: SubtaskState = 'running';
  #finishing: Promise<void> | null = null;
  /** When part-filled batches must leave; Infinity while there are none. */
  #flushAt = Number.POSITIVE_INFINITY;
  /** Whether the last step found an output full or an operator busy: time alone changes nothing then. */
  #stalled = false;
  #recordsIn = 0;
  /** The batch of which not all rows are through: an output was full. */
  #inHand: BatchInHand | null = null;
  #checkpoint: CheckpointInHand | null = null;
  /** Whether a checkpoint is on its way that commits what was written last, or was asked for. */
  #asksForCheckpoint = false;
  /** The checkpoint of which the host has said last that its barriers overtake rows. */
  #overtaking = 0;
  /** The checkpoint that was given up last. */
  #aborted = 0;
  /** Of the checkpoint that was taken last; `#collecting` while it is not known whether that is all. */
  #along: TakenAlong | null = null;
  #collecting = false;
  /** What the time since the last step counts as. */
  #between: 'busyMs' | 'idleMs' | 'backPressuredMs' = 'idleMs';
  #steppedAt: number;

  constructor(options: SubtaskOptions) {
    this.#options = options;
    this.#relieved = options.operators.flatMap(({ keyed, failure }) =>
      [...keyed.values()].flatMap(({ log: { residents } }) => (residents === undefined ? [] : [{ residents, failure }])),
    );
    this.#steppedAt = options.clock.monotonic();
  }

  get name(): string {
    return this.#options.name;
  }

  get state(): SubtaskState {
    return this.#state;
  }

  /** Monotonic time by which the subtask wants to be stepped although nothing arrived. */
  get deadline(): number {
    if (this.#options.checkpoints.isEncoding) return Number.NEGATIVE_INFINITY;
    const takesTime = this.#state === 'running' || this.#state === 'draining';
    return this.#stalled || !takesTime ? Number.POSITIVE_INFINITY : Math.min(this.#flushAt, this.#options.time.deadline);
  }

  get input(): InputGate | SourceInput {
    return this.#options.input;
  }

  /** From the head of the chain to its tail. */
  get operators(): readonly ChainedOperator[] {
    return this.#options.operators;
  }

  /** A checkpoint is to be taken: a source puts its barrier into the stream, others take it when it comes. */
  trigger(trigger: CheckpointTrigger): void {
    const { input, checkpoints } = this.#options;
    checkpoints.triggered(trigger);
    if (this.#state === 'finished') checkpoints.finished();
    else if (!(input instanceof InputGate) && this.#state === 'running') input.trigger(trigger);
  }

  /** The barriers of a checkpoint overtake rows from now on. */
  overtake(checkpoint: number): void {
    this.#overtaking = checkpoint;
    this.#options.input.overtake(checkpoint);
    if (this.#along?.checkpoint === checkpoint) this.#guard(() => this.#along?.announce());
  }

  /** A checkpoint is given up. */
  abortCheckpoint(checkpoint: number): void {
    const { input, checkpoints } = this.#options;
    input.abort(checkpoint);
    this.#aborted = checkpoint;
    if (this.#checkpoint?.checkpoint !== checkpoint) checkpoints.forget(checkpoint);
    // It may have been the one that was to commit what there is.
    this.#asksForCheckpoint = false;
    if (!this.#collecting || this.#along?.checkpoint !== checkpoint) return;
    // What it holds of state is stored all the same: the next snapshot builds on it.
    this.#collecting = false;
    checkpoints.takeAlong([], 0);
  }

  /** A checkpoint is complete: what sinks have handed over to it is committed. @throws their failure */
  async completeCheckpoint(checkpoint: number): Promise<void> {
    for (const { instance, failure } of this.#options.operators) {
      try {
        await instance.checkpointCompleted?.(checkpoint);
      } catch (error) {
        throw failure(error);
      }
    }
    this.#options.wake();
  }

  open(): void {
    this.#each((instance) => instance.open?.());
  }

  /** Calls every operator; what one throws is its failure. */
  #each(call: (instance: OperatorInstance) => void): void {
    for (const { instance, failure } of this.#options.operators) {
      try {
        call(instance);
      } catch (error) {
        throw failure(error);
      }
    }
  }

  step(): StepResult {
    const before = this.#options.clock.monotonic();
    this.#options.counters.add(this.#between, before - this.#steppedAt);
    const advanced = this.#advance(before);
    const encoded = this.#options.checkpoints.advance();
    const result = encoded && advanced === 'idle' ? 'worked' : advanced;
    const after = this.#options.clock.monotonic();
    this.#options.counters.add(result === 'worked' ? 'busyMs' : this.#between, after - before);
    this.#afterStalling(result, after);
    this.#between = timeAfter[result];
    this.#steppedAt = after;
    this.#count();
    return result;
  }

  /** What came while an operator was busy has waited already: it leaves with the next step. */
  #afterStalling(result: StepResult, now: number): void {
    const stalls = result === 'blocked' || result === 'waiting';
    if (this.#stalled && !stalls && this.#state === 'running') this.#flushAt = Math.min(this.#flushAt, now);
    if (this.#stalled !== stalls) for (const { instance } of this.#options.operators) instance.setStalled?.(stalls);
    this.#stalled = stalls;
  }

  #advance(now: number): StepResult {
    const { outputs, operators } = this.#options;
    let blocked = false;
    for (const output of outputs) if (!output.drain()) blocked = true;
    if (this.#collecting) this.#collect();
    if (this.#checkpoint === null && this.#options.overtakes) this.#beginOvertaken(now, blocked);
    if (blocked && this.#checkpoint === null) return 'blocked';
    for (const { instance } of operators) if (instance.isReady?.() === false) return 'waiting';
    if (this.#checkpoint !== null) return this.#takeCheckpoint(this.#checkpoint);
    switch (this.#state) {
      case 'running':
        return this.#run(now);
      case 'draining':
        return this.#drain(now);
      case 'finishing':
        return this.#finishOperators();
      case 'committing':
        return this.#commit();
      case 'sealing':
        // What a checkpoint holds of it is acknowledged before whoever has not taken it counts as finished.
        if (this.#options.checkpoints.isStoring) return 'waiting';
        this.#state = 'finished';
        this.#options.checkpoints.finished();
        return 'finished';
      case 'finished':
        return 'finished';
      default:
        return unreachable(this.#state, 'subtask state');
    }
  }

  #run(now: number): StepResult {
    // Time advances between batches, and between two rows where an operator wants it so.
    const advanced = (this.#inHand === null || this.#options.time.isPressing) && this.#advanceTime();
    const worked = advanced || (this.#inHand === null ? this.#process() : this.#goOn(this.#inHand));
    if (!worked && this.#options.input.ended) {
      // No barrier will come of a checkpoint that was triggered before.
      const triggered = this.#options.checkpoints.next;
      if (triggered !== undefined) this.#beginCheckpoint(triggered.checkpoint, 0);
      else this.#state = 'draining';
      return 'worked';
    }
    this.#flushInTime(now, worked);
    return worked ? 'worked' : 'idle';
  }

  /** True when time that advanced, or something from outside, made the chain emit. */
  #advanceTime(): boolean {
    const { input, time } = this.#options;
    return time.advance('release' in input ? input : alwaysActive);
  }

  /** Takes a batch through the chain, or as many of its rows as there is room for; false when there is none. */
  #process(): boolean {
    const { input, compiler, operators } = this.#options;
    if (operators.some(({ instance }) => instance.holdsInput === true)) return false;
    if ('release' in input) {
      const polled = input.poll();
      if (polled === null) return false;
      // Time advances with the next step, before the batch that follows.
      if (polled === 'advanced') return true;
      if (!('batch' in polled)) return this.#beginCheckpoint(polled.checkpoint, input.alignmentMs);
      const { batch, partitioner, input: origin } = polled;
      this.#beginBatch();
      return this.#goOn({ batch, loop: compiler.inputLoop(batch, partitioner, origin), next: 0 });
    }
    const batch = input.poll();
    if (batch === null) return false;
    if (batch.kind === 'barrier') return this.#beginCheckpoint(batch.checkpoint, 0);
    this.#beginBatch();
    return this.#goOn({ batch, loop: compiler.inputLoop(batch, undefined), next: 0 });
  }

  /** Goes on with a batch until all its rows are through, or one of them has filled an output. */
  #goOn(inHand: BatchInHand): boolean {
    const { batch, loop } = inHand;
    const next = loop(batch, inHand.next);
    this.#recordsIn += next - inHand.next;
    inHand.next = next;
    this.#inHand = next < batch.rowCount ? inHand : null;
    const { input } = this.#options;
    if (this.#inHand === null && 'release' in input) input.release();
    return true;
  }

  #beginCheckpoint(checkpoint: number, alignmentMs: number, overtakes = false): true {
    const { input, clock } = this.#options;
    if (input instanceof InputGate) input.skip(checkpoint);
    this.#checkpoint = { checkpoint, overtakes, alignmentMs, since: clock.monotonic(), preparation: 'none' };
    return true;
  }

  /** Begins a checkpoint whose barrier has overtaken rows, except in between what an operator emits at one time. */
  #beginOvertaken(now: number, blocked: boolean): void {
    const { input, checkpoints, time } = this.#options;
    if (this.#state === 'running' && !time.isAdvancing) {
      const checkpoint = input.overtaken;
      if (checkpoint !== 0) this.#beginCheckpoint(checkpoint, input instanceof InputGate ? input.alignmentMs : 0, true);
    } else if (blocked && this.#state === 'sealing' && checkpoints.next?.checkpoint === this.#overtaking) {
      this.#checkpoint = { checkpoint: this.#overtaking, overtakes: true, alignmentMs: 0, since: now, preparation: 'done' };
    }
  }

  /** Takes the snapshot as soon as everybody is ready for it, and passes the barrier on. */
  #takeCheckpoint(inHand: CheckpointInHand): StepResult {
    const { checkpoints, outputs, input } = this.#options;
    const trigger = checkpoints.trigger(inHand.checkpoint);
    // The host's word of it may be on its way; and there is one snapshot at a time.
    if (trigger === undefined || checkpoints.isStoring || inHand.preparation === 'underway') return 'waiting';
    if (inHand.preparation === 'none') return this.#prepareCheckpoint(inHand);
    const { checkpoint, alignmentMs, since } = inHand;
    const drained = this.#state !== 'running';
    const isGate = input instanceof InputGate;
    checkpoints.take({
      trigger,
      splits: isGate || drained ? [] : structuredClone(input.splits()),
      // What operators know of: the gate may have come further.
      watermark: isGate ? Math.max(this.#options.time.inputWatermark, input.restoredWatermark) : Number.NEGATIVE_INFINITY,
      alignmentMs,
      since,
      drained,
      takesAlong: this.#options.overtakes,
    });
    this.#checkpoint = null;
    if (!drained) for (const output of outputs) output.mark({ kind: 'barrier', checkpoint } satisfies Barrier);
    if (this.#options.overtakes)
      this.#guard(() => this.#takeAlong(checkpoint, inHand.overtakes || checkpoint === this.#overtaking, drained));
    return 'worked';
  }

  /** Takes the rows along that belong to the snapshot just taken, as far as they are known. */
  #takeAlong(checkpoint: number, overtakes: boolean, ended: boolean): void {
    const { input, outputs, checkpoints } = this.#options;
    if (checkpoint <= this.#aborted) {
      this.#along = null;
      checkpoints.takeAlong([], 0);
      return;
    }
    this.#collecting = true;
    this.#along = new TakenAlong({ checkpoint, input, outputs, inHand: this.#inHand, ended });
    if (overtakes) this.#along.announce();
    this.#collect();
  }

  /** Hands over what is taken along, once that is all. */
  #collect(): void {
    const { input, checkpoints } = this.#options;
    this.#guard(() => {
      const rows = (this.#along as TakenAlong).rows();
      if (rows === null) return;
      this.#collecting = false;
      checkpoints.takeAlong(rows, input instanceof InputGate ? input.processedBytes : 0);
    });
  }

  /** What cannot be taken along fails the checkpoint, not the subtask. */
  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#collecting = false;
      this.#options.checkpoints.failTaken(error);
    }
  }

  #prepareCheckpoint(inHand: CheckpointInHand): StepResult {
    const preparations: Promise<void>[] = [];
    this.#each((instance) => {
      const preparation = instance.prepareSnapshot?.(inHand.checkpoint);
      if (preparation !== undefined) preparations.push(preparation);
    });
    if (preparations.length === 0) {
      inHand.preparation = 'done';
      return this.#takeCheckpoint(inHand);
    }
    inHand.preparation = 'underway';
    Promise.all(preparations).then(
      () => {
        inHand.preparation = 'done';
        this.#options.wake();
      },
      (error) => this.#options.fail(error),
    );
    return 'waiting';
  }

  /** Waits until what sinks have written is committed, which the next checkpoint does. */
  #commit(): StepResult {
    const { operators, checkpoints } = this.#options;
    if (checkpoints.isStoring) return 'waiting';
    if (!operators.some(({ instance }) => instance.hasUncommitted === true)) {
      this.#state = 'sealing';
      return 'worked';
    }
    const triggered = checkpoints.next;
    if (triggered === undefined) {
      // Not before the host knows of the last checkpoint that this was part of: it would take that one for what is asked for.
      if (!this.#asksForCheckpoint) this.#options.requestFinalCheckpoint?.();
      this.#asksForCheckpoint = true;
      return 'waiting';
    }
    // A savepoint commits nothing.
    this.#asksForCheckpoint = triggered.savepoint === undefined || triggered.suspends;
    this.#beginCheckpoint(triggered.checkpoint, 0);
    return 'worked';
  }

  #beginBatch(): void {
    for (const { instance } of this.#options.operators) instance.beginBatch?.();
    for (const { residents, failure } of this.#relieved) {
      try {
        residents.relieve();
      } catch (error) {
        throw failure(error);
      }
    }
  }

  /** Sends part-filled batches once they have waited for the buffer timeout. */
  #flushInTime(now: number, worked: boolean): void {
    const { bufferTimeoutMs } = this.#options;
    if (now >= this.#flushAt || (bufferTimeoutMs === 0 && worked)) this.#flush();
    else if (worked && this.#flushAt === Number.POSITIVE_INFINITY) this.#flushAt = now + bufferTimeoutMs;
  }

  #flush(): void {
    this.#flushAt = Number.POSITIVE_INFINITY;
    for (const output of this.#options.outputs) output.flush();
    this.#each((instance) => instance.flush?.());
  }

  #drain(now: number): StepResult {
    const ending = this.#options.time.end();
    if (ending === 'waiting') {
      this.#flushInTime(now, false);
      return 'idle';
    }
    if (ending === 'ended') {
      this.#flush();
      this.#state = 'finishing';
    }
    return 'worked';
  }

  #finishOperators(): StepResult {
    if (this.#finishing === null) {
      this.#finishing = this.#finishAll();
      this.#finishing.catch(this.#options.fail);
    }
    return 'waiting';
  }

  async #finishAll(): Promise<void> {
    for (const { instance, failure } of this.#options.operators) {
      try {
        await instance.finish?.();
      } catch (error) {
        throw failure(error);
      }
    }
    const { outputs, operators, wake } = this.#options;
    for (const output of outputs) output.mark(endOfInput);
    assert(this.#state === 'finishing', 'a subtask finishes once');
    const commits = operators.some(({ instance }) => instance.hasUncommitted === true);
    this.#state = commits ? 'committing' : 'sealing';
    wake();
  }

  #count(): void {
    const { counters, input, outputs } = this.#options;
    let recordsOut = 0;
    let bytesOut = 0;
    let queued = 0;
    for (const output of outputs) {
      recordsOut += output.recordsOut;
      bytesOut += output.bytesOut;
      queued += output.queued;
    }
    counters.set('recordsIn', this.#recordsIn);
    counters.set('recordsOut', recordsOut);
    counters.set('bytesIn', input.bytes);
    counters.set('bytesOut', bytesOut);
    counters.set('watermark', this.#options.time.watermark);
    if (!(input instanceof InputGate)) counters.set('backlog', input.isBehind ? 1 : 0);
    counters.set('queuedIn', input.waiting);
    // Nobody counts any more what is taken of what a finished subtask has left.
    counters.set('queuedOut', this.#state === 'finished' ? 0 : queued);
  }

  /** Lets go of everything outside, whatever state the subtask is in. The first failure is returned, not thrown. */
  close(): unknown {
    const { input, operators, checkpoints } = this.#options;
    checkpoints.close();
    const failures = operators.map(({ instance, failure }) => thrownBy(() => instance.close?.(), failure));
    for (const { residents } of this.#relieved) residents.close();
    if ('close' in input) failures.unshift(thrownBy(() => input.close()));
    return failures.find((failure) => failure !== undefined);
  }
}

function thrownBy(call: () => void, failure: (error: unknown) => unknown = (error) => error): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return failure(error);
  }
}
