/**
 * Takes time through the chain of one subtask: the watermark of its input and the time of day go from operator to operator, and
 * each emits what has become due before those behind it hear of it. Thus no record is overtaken by a watermark that it belongs
 * before. What an operator emits at a time may be more than fits into one step; then the next step goes on where this one ended.
 *
 * The end of the input is time without end: it reaches an operator once all before it have emitted all they had left.
 */

import { assert } from '../base/assert.ts';
import type { Clock } from '../base/system.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { EmittingLoop, StageCompiler } from '../compiler/stage-compiler.ts';
import type { ChainedOperator } from './chained-operator.ts';
import { RowPace } from './row-pace.ts';

export interface ChainTimeOptions {
  /** From the head of the chain to its tail. */
  readonly operators: readonly ChainedOperator[];
  readonly outputs: readonly TimedOutput[];
  readonly compiler: Pick<StageCompiler, 'dueLoop' | 'finishLoop'>;
  readonly clock: Clock;
  /** Rows that an operator emits at a time. */
  readonly rows: number;
  /** Milliseconds that this takes at most, about: where functions behind it are slow, there are fewer rows. */
  readonly stepMs: number;
}

/** An exchange, and the operator of the chain that it starts at. */
export interface TimedOutput {
  readonly writer: Pick<ExchangeWriter, 'mark'>;
  readonly from: number;
}

/** Event time at a place of the chain. */
interface EventTime {
  watermark: number;
  idle: boolean;
}

const beginning = (): EventTime => ({ watermark: Number.NEGATIVE_INFINITY, idle: false });

export class ChainTime {
  readonly #options: ChainTimeOptions;
  readonly #pace: RowPace;
  /** Event time behind each operator. */
  readonly #behind: EventTime[];
  /** What each operator was told. */
  readonly #told: EventTime[];
  /** What the consumers of each output were told. */
  readonly #marked: EventTime[];
  /** Event time of the chain's input. */
  readonly #input = beginning();
  /** Operators that have emitted what was due at the present time. */
  #next = 0;
  /** Whether one of them has emitted something, and is to be asked for more. */
  #advancing = false;
  /** Operators that have emitted all they had left at the end of the input. */
  #ended = 0;

  constructor(options: ChainTimeOptions) {
    this.#options = options;
    this.#pace = new RowPace(options.stepMs, options.rows);
    this.#behind = options.operators.map(beginning);
    this.#told = options.operators.map(beginning);
    this.#marked = options.outputs.map(beginning);
  }

  /** The watermark behind the last operator. */
  get watermark(): number {
    return this.#behind.at(-1)?.watermark ?? Number.NEGATIVE_INFINITY;
  }

  /** Monotonic time by which `advance` has something to do although nothing arrived; Infinity for none. */
  get deadline(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { instance } of this.#options.operators) {
      if (instance.isDue === true) return Number.NEGATIVE_INFINITY;
      if (instance.nextTime !== undefined && instance.nextTime < next) next = instance.nextTime;
    }
    if (!Number.isFinite(next)) return next;
    const { clock } = this.#options;
    return clock.monotonic() + Math.max(0, next - clock.now());
  }

  /** Whether time must advance before the next row of a batch that is not through. */
  get isPressing(): boolean {
    return this.#next > 0 || this.#options.operators.some(({ instance }) => instance.pressing === true);
  }

  /** The watermark of the chain's input, as far as the chain has been told; that of a restored input from the first advance on. */
  get inputWatermark(): number {
    return this.#input.watermark;
  }

  /** Whether an operator has emitted only some of what is due at a time. */
  get isAdvancing(): boolean {
    return this.#advancing;
  }

  /** Tells the chain what time it is; true when that made it emit something, and it must be told again before the next batch. */
  advance(input: Readonly<EventTime>): boolean {
    // A watermark without end is the end of the input, which `end` brings to the operators one after the other.
    if (input.watermark < Number.POSITIVE_INFINITY) this.#input.watermark = input.watermark;
    this.#input.idle = input.idle;
    const now = this.#options.clock.now();
    for (; this.#next < this.#options.operators.length; this.#next++) {
      this.#tell(this.#next, this.#before(this.#next), now);
      this.#advancing = this.#emitDue(this.#next);
      if (this.#advancing) return true;
    }
    this.#next = 0;
    return this.#mark();
  }

  /** Takes the end of the input one operator, or some rows, further; 'waiting' while results are outstanding. */
  end(): 'worked' | 'waiting' | 'ended' {
    const { operators, compiler } = this.#options;
    if (this.#ended === operators.length) return 'ended';
    const index = this.#ended;
    const { instance } = operators[index] as ChainedOperator;
    this.#tell(index, { watermark: Number.POSITIVE_INFINITY, idle: false }, Number.POSITIVE_INFINITY);
    if (this.#emitDue(index)) return 'worked';
    if (instance.outstanding === true) return 'waiting';
    const finish = compiler.finishLoop(index);
    if (finish === undefined || this.#emit(finish)) this.#ended++;
    return 'worked';
  }

  #before(index: number): EventTime {
    const { parent } = this.#options.operators[index] as ChainedOperator;
    return parent === undefined ? this.#input : (this.#behind[parent] as EventTime);
  }

  #tell(index: number, { watermark, idle }: EventTime, now: number): void {
    const { instance, failure } = this.#options.operators[index] as ChainedOperator;
    const behind = this.#behind[index] as EventTime;
    try {
      const told = this.#told[index] as EventTime;
      if (watermark > told.watermark) {
        told.watermark = watermark;
        instance.advanceEventTime?.(watermark);
      }
      if (idle !== told.idle) {
        told.idle = idle;
        instance.setIdle?.(idle);
      }
      if (instance.nextTime !== undefined && instance.nextTime <= now) instance.advanceProcessingTime?.(now);
    } catch (error) {
      throw failure(error);
    }
    // What is due must be emitted before those behind hear of the time, so this is looked at again once nothing is.
    if (instance.isDue === true) return;
    const next = instance.watermark ?? watermark;
    assert(next >= behind.watermark, 'a watermark never goes back');
    behind.watermark = next;
    behind.idle = instance.idle ?? idle;
  }

  /** Emits rows that are due in an operator; false when there are none. */
  #emitDue(index: number): boolean {
    const { operators, compiler } = this.#options;
    if ((operators[index] as ChainedOperator).instance.isDue !== true) return false;
    const due = compiler.dueLoop(index);
    if (due !== undefined) this.#emit(due);
    return true;
  }

  /** Emits as many rows as one step has time for; true once nothing is left. */
  #emit(loop: EmittingLoop): boolean {
    const { clock } = this.#options;
    const { rows } = this.#pace;
    const before = clock.monotonic();
    const done = loop(rows);
    this.#pace.note(rows, clock.monotonic() - before);
    return done;
  }

  /** Passes on what consumers do not know yet; true when there was something. */
  #mark(): boolean {
    let marked = false;
    for (const [i, { writer, from }] of this.#options.outputs.entries()) {
      const told = this.#marked[i] as EventTime;
      const { watermark, idle } = this.#behind[from] as EventTime;
      if (told.idle && !idle) writer.mark({ kind: 'active' });
      if (watermark > told.watermark && watermark < Number.POSITIVE_INFINITY) {
        writer.mark({ kind: 'watermark', time: watermark });
        told.watermark = watermark;
        marked = true;
      }
      if (!told.idle && idle) writer.mark({ kind: 'idle' });
      if (told.idle !== idle) marked = true;
      told.idle = idle;
    }
    return marked;
  }
}
