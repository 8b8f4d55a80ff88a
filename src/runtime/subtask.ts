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
import type { Clock } from '../base/system.ts';
import { endOfInput } from '../channel/element.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { OperatorInstance } from '../compiler/operator.ts';
import type { StageCompiler } from '../compiler/stage-compiler.ts';
import type { SubtaskCounters } from '../metrics/counters.ts';
import type { CheckpointTrigger } from '../wire/messages.ts';
import type { ChainTime } from './chain-time.ts';
import { type ChainedOperator, callEach, callInTurn } from './chained-operator.ts';
import { InputGate } from './input-gate.ts';
import type { SourceInput } from './source-input.ts';
import { StepTimes } from './step-times.ts';
import { SubtaskBarriers } from './subtask-barriers.ts';
import { SubtaskBatches } from './subtask-batches.ts';
import type { SubtaskCheckpoints } from './subtask-checkpoints.ts';

/** How far a subtask has come. */
export type SubtaskPhase = 'running' | 'draining' | 'finishing' | 'committing' | 'sealing' | 'finished';

/**
 * What a step came to: work was done; there was nothing to do; an output has no room; the outside must do something first;
 * everything is done.
 */
export type StepResult = 'worked' | 'idle' | 'blocked' | 'waiting' | 'finished';

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
  /** Milliseconds that a step takes at most, about. */
  readonly stepMs: number;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
  /** Rows that may wait in front of full outputs so that a barrier can overtake them. */
  readonly overtakenRowsMax: number;
}

/** A source says nothing of event time; what assigns watermarks behind it does. */
const alwaysActive = { watermark: Number.NEGATIVE_INFINITY, idle: false };

/** Steps' time that is spent on what a barrier waits for, before others have a turn. */
const stepsAhead = 5;

export class Subtask {
  readonly #options: SubtaskOptions;
  readonly #batches: SubtaskBatches;
  readonly #barriers: SubtaskBarriers;
  readonly #times: StepTimes;
  #phase: SubtaskPhase = 'running';
  #finishing: Promise<void> | null = null;
  /** When part-filled batches must leave; Infinity while there are none. */
  #flushAt = Number.POSITIVE_INFINITY;
  /** Whether all was emitted in front of the barrier behind which the job ends: nothing comes behind it, and time has come to its end. */
  #isDrained = false;
  /** Whether the last step found an output full or an operator busy: time alone changes nothing then. */
  #stalled = false;
  /** Whether a checkpoint is on its way that commits what was written last, or was asked for. */
  #asksForCheckpoint = false;

  constructor(options: SubtaskOptions) {
    this.#options = options;
    this.#batches = new SubtaskBatches(options);
    this.#barriers = new SubtaskBarriers(options);
    this.#times = new StepTimes(options.counters, options.clock.monotonic());
  }

  get name(): string {
    return this.#options.name;
  }

  get phase(): SubtaskPhase {
    return this.#phase;
  }

  /** Monotonic time by which the subtask wants to be stepped although nothing arrived. */
  get deadline(): number {
    if (this.#options.checkpoints.isEncoding) return Number.NEGATIVE_INFINITY;
    const takesTime = (this.#phase === 'running' && !this.#isDrained) || this.#phase === 'draining';
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
    if (this.#phase === 'finished') checkpoints.finished();
    else if (!(input instanceof InputGate) && this.#phase === 'running') input.trigger(trigger);
  }

  /** The barriers of a checkpoint overtake rows from now on. */
  overtake(checkpoint: number): void {
    this.#barriers.overtake(checkpoint);
  }

  /** A checkpoint is given up. */
  abortCheckpoint(checkpoint: number): void {
    this.#barriers.abort(checkpoint);
    // It may have been the one that was to commit what there is.
    this.#asksForCheckpoint = false;
  }

  /** A checkpoint is complete: what sinks have handed over to it is committed. @throws their failure */
  async completeCheckpoint(checkpoint: number): Promise<void> {
    await callInTurn(this.#options.operators, (instance) => instance.checkpointCompleted?.(checkpoint));
    this.#options.wake();
  }

  open(): void {
    this.#each((instance) => instance.open?.());
  }

  #each(call: (instance: OperatorInstance) => void): void {
    callEach(this.#options.operators, call);
  }

  step(): StepResult {
    const before = this.#options.clock.monotonic();
    this.#times.begin(before);
    const advanced = this.#advance(before);
    const encoded = this.#options.checkpoints.advance();
    const result = encoded && advanced === 'idle' ? 'worked' : advanced;
    const after = this.#options.clock.monotonic();
    this.#times.end(after, result);
    this.#afterStalling(result, after);
    this.#count();
    return result;
  }

  /** What came while an operator was busy has waited already: it leaves with the next step. */
  #afterStalling(result: StepResult, now: number): void {
    const stalls = result === 'blocked' || result === 'waiting';
    if (this.#stalled && !stalls && this.#phase === 'running') this.#flushAt = Math.min(this.#flushAt, now);
    if (this.#stalled !== stalls) for (const { instance } of this.#options.operators) instance.setStalled?.(stalls);
    this.#stalled = stalls;
  }

  #advance(now: number): StepResult {
    const { outputs, operators } = this.#options;
    let blocked = false;
    for (const output of outputs) if (!output.drain()) blocked = true;
    this.#barriers.collect();
    this.#lookAhead(blocked);
    const runsAhead = this.#runsAhead();
    for (const output of outputs) output.runsAhead = runsAhead;
    if (blocked && !this.#barriers.isPending && !runsAhead) return 'blocked';
    for (const { instance } of operators) if (instance.isReady?.() === false) return 'waiting';
    if (this.#barriers.isPending) return this.#takeSnapshot(now, blocked);
    if (this.#isDrained) return 'idle';
    return runsAhead ? this.#emitAhead(now) : this.#work(now);
  }

  #work(now: number): StepResult {
    switch (this.#phase) {
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
        this.#phase = 'finished';
        this.#options.checkpoints.finished();
        return 'finished';
      case 'finished':
        return 'finished';
      default:
        return unreachable(this.#phase, 'subtask state');
    }
  }

  /** Sees to barriers that have overtaken rows, except in between what an operator emits at one time. */
  #lookAhead(blocked: boolean): void {
    if (this.#phase === 'running' && !this.#options.time.isAdvancing) this.#barriers.beginOvertaken();
    else if (this.#phase === 'sealing' && blocked) this.#barriers.beginOvertakenByEnd();
  }

  /**
   * Whether a barrier that overtakes waits for what an operator still has to emit at one time, or at the end. Then it emits on and on, also
   * while outputs are full: what there is no room for waits in front of them, as far as memory is meant for that.
   */
  #runsAhead(): boolean {
    const { outputs, overtakenRowsMax } = this.#options;
    return this.#isWaitedFor() && outputs.reduce((sum, { waitingRows }) => sum + waitingRows, 0) < overtakenRowsMax;
  }

  /** Works for longer than a step may take by itself: a barrier waits, and the slow ones on this thread have their time as well. */
  #emitAhead(now: number): StepResult {
    const { clock, stepMs } = this.#options;
    const until = now + stepsAhead * stepMs;
    let result = this.#work(now);
    while (result === 'worked' && clock.monotonic() < until && this.#runsAhead()) result = this.#work(now);
    return result;
  }

  #isWaitedFor(): boolean {
    if (this.#phase === 'running') return this.#options.time.isAdvancing && this.#barriers.overtaken !== 0;
    return (this.#phase === 'draining' || this.#phase === 'finishing') && this.#barriers.overtakenByEnd !== 0;
  }

  #takeSnapshot(now: number, blocked: boolean): StepResult {
    const { inHand } = this.#batches;
    if (this.#phase === 'running' && this.#barriers.drains && !this.#isDrained) {
      // What is left comes in front of the barrier, and waits for room.
      const rest = blocked ? 'blocked' : this.#emitRest(now);
      if (rest !== 'ended') return rest;
      this.#isDrained = true;
    }
    return this.#barriers.take({ inHand, drained: this.#phase !== 'running' }) ? 'worked' : 'waiting';
  }

  #run(now: number): StepResult {
    // Time advances between batches, and between two rows where an operator wants it so.
    const advanced = (this.#batches.inHand === null || this.#options.time.isPressing) && this.#advanceTime();
    const worked = advanced || this.#stepBatch();
    if (!worked && this.#options.input.ended) {
      // No barrier will come of a checkpoint that was triggered before.
      const triggered = this.#options.checkpoints.next;
      if (triggered !== undefined) this.#barriers.begin(triggered.checkpoint);
      else this.#phase = 'draining';
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

  /** True when there was a batch, or a barrier. */
  #stepBatch(): boolean {
    const stepped = this.#batches.step();
    if (typeof stepped === 'boolean') return stepped;
    this.#barriers.begin(stepped.checkpoint);
    return true;
  }

  /** Waits until what sinks have written is committed, which the next checkpoint does. */
  #commit(): StepResult {
    const { operators, checkpoints } = this.#options;
    if (checkpoints.isStoring) return 'waiting';
    if (!operators.some(({ instance }) => instance.hasUncommitted === true)) {
      this.#phase = 'sealing';
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
    this.#barriers.begin(triggered.checkpoint);
    return 'worked';
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
    const rest = this.#emitRest(now);
    if (rest !== 'ended') return rest;
    this.#phase = 'finishing';
    return 'worked';
  }

  /** Lets operators emit what they have left, as at the end of the input. */
  #emitRest(now: number): StepResult | 'ended' {
    const ending = this.#options.time.end();
    if (ending === 'ended') this.#flush();
    if (ending !== 'waiting') return ending;
    this.#flushInTime(now, false);
    return 'idle';
  }

  #finishOperators(): StepResult {
    if (this.#finishing === null) {
      this.#finishing = this.#finishAll();
      this.#finishing.catch(this.#options.fail);
    }
    return 'waiting';
  }

  async #finishAll(): Promise<void> {
    const { outputs, operators, wake } = this.#options;
    await callInTurn(operators, (instance) => instance.finish?.());
    for (const output of outputs) output.mark(endOfInput);
    assert(this.#phase === 'finishing', 'a subtask finishes once');
    const commits = operators.some(({ instance }) => instance.hasUncommitted === true);
    this.#phase = commits ? 'committing' : 'sealing';
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
    counters.set('recordsIn', this.#batches.recordsIn);
    counters.set('recordsOut', recordsOut);
    counters.set('bytesIn', input.bytes);
    counters.set('bytesOut', bytesOut);
    counters.set('watermark', this.#options.time.watermark);
    if (!(input instanceof InputGate)) counters.set('backlog', input.isBehind ? 1 : 0);
    counters.set('queuedIn', input.waiting);
    // Nobody counts any more what is taken of what a finished subtask has left.
    counters.set('queuedOut', this.#phase === 'finished' ? 0 : queued);
  }

  /** Lets go of everything outside, whatever state the subtask is in. The first failure is returned, not thrown. */
  close(): unknown {
    const { input, operators, checkpoints } = this.#options;
    checkpoints.close();
    const failures = operators.map(({ instance, failure }) => thrownBy(() => instance.close?.(), failure));
    this.#batches.close();
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
