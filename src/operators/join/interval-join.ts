/**
 * Joins two keyed streams by time: each record with the records of the same key on the other side whose event time lies in an
 * interval around its own. Both sides are kept only as long as a partner may still come, as in Flink's `IntervalJoinOperator`;
 * but a key has one clean-up timer for all of its records, set for the youngest.
 */

import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../../compiler/operator.ts';
import { type Row, valueRow, wholeRecord } from '../../compiler/row.ts';
import type { UserFunction } from '../../graph/logical.ts';
import { KeyIndex } from '../../state/key-index.ts';
import { TimerQueue } from '../../time/timer-queue.ts';
import { generateSlot } from '../keyed.ts';
import { LateRecords } from '../late-records.ts';
import { generateProcessCall } from '../process/call.ts';
import { CallContext, type OutputTag, type ProcessContext } from '../process/context.ts';
import { TimedBuffer } from './timed-buffer.ts';

export interface IntervalJoinSpec {
  /** Called with the left and the right record, the context and `out`. */
  readonly join: UserFunction;
  /** Earliest and latest time of a right record, relative to the left one; both included. Milliseconds. */
  readonly lowerMs: number;
  readonly upperMs: number;
  /** Where late records go, by side. */
  readonly lateTags: readonly [OutputTag<unknown> | undefined, OutputTag<unknown> | undefined];
}

/** What the function of an interval join knows of a pair. `timestamp` is the later one of the two. */
export interface IntervalJoinContext extends ProcessContext {
  readonly leftTimestamp: number;
  readonly rightTimestamp: number;
}

class PairContext extends CallContext implements IntervalJoinContext {
  leftTimestamp = 0;
  rightTimestamp = 0;
}

type Buffers = (TimedBuffer | undefined)[];

const left = 0;

export function intervalJoinOperator(spec: IntervalJoinSpec): Operator {
  const { join, lowerMs, upperMs, lateTags } = spec;
  return {
    kind: 'interval-join',
    title: 'intervalJoin',
    functions: { join },
    details: { lowerMs, upperMs, late: lateTags.map((tag) => tag?.id) },
    retains: true,
    create: (context) => new IntervalJoin(spec, context),
  };
}

class IntervalJoin implements OperatorInstance {
  readonly #spec: IntervalJoinSpec;
  readonly #operatorContext: OperatorContext;
  readonly #index = new KeyIndex();
  /** By side, then by slot. */
  readonly #buffers: readonly [Buffers, Buffers] = [[], []];
  /** One timer for a key that has records, for the time at which its youngest may be forgotten. */
  readonly #timers = new TimerQueue();
  readonly #late: LateRecords;
  readonly #context: PairContext;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(spec: IntervalJoinSpec, context: OperatorContext) {
    this.#spec = spec;
    this.#operatorContext = context;
    this.#late = new LateRecords(context);
    this.#context = new PairContext(context);
  }

  generate(code: OperatorCode, row: Row, emit: Emit, side: number): void {
    const { names, body } = code;
    const join = names.constant('join', this);
    const slotted = generateSlot(code, row, this.#operatorContext, this.#index);
    const [record, time, pairs] = [names.fresh('record'), names.fresh('time'), names.fresh('pairs')];
    body.line(`const ${record} = ${wholeRecord(slotted.row)};`);
    body.line(`const ${time} = ${row.timestamp ?? 'NaN'};`);
    body.line(`let ${pairs};`);
    body.line(`try { ${pairs} = ${join}.accept(${side}, ${slotted.slot}, ${time}, ${record}); }`);
    body.line(`catch (error) { throw ${code.failure('error', record)}; }`);
    this.#generateLate(code, { record, time, pairs }, emit, side);
    body.block(`for (let pair = 0; pair < ${pairs}; pair++)`, () => {
      const later = names.fresh('later');
      body.line(`const ${later} = ${join}.pair(pair, ${side}, ${time});`);
      const fn = side === left ? this.#spec.join : flipped(this.#spec.join);
      const call = { fn, further: [`${join}.partner`], context: this.#context, method: 'intervalJoin' };
      generateProcessCall(code, valueRow(record, later), emit, call);
    });
  }

  #generateLate(code: OperatorCode, { record, time, pairs }: Record<'record' | 'time' | 'pairs', string>, emit: Emit, side: number): void {
    const tag = this.#spec.lateTags[side];
    if (tag === undefined || !emit.sides.includes(tag.id)) return;
    code.body.block(`if (${pairs} < 0)`, () => emit(valueRow(record, time), tag.id));
  }

  /** Takes in a record; returns how many partners it has, −1 for a record that is late. */
  accept(side: number, slot: number, time: number, record: unknown): number {
    if (Number.isNaN(time))
      throw new TypeError('intervalJoin: the record has no timestamp; assign timestamps and watermarks in front of it');
    if (time < this.#watermark) {
      if (this.#spec.lateTags[side] === undefined) this.#late.drop(this.#watermark - time, record);
      this.#forgetSoon(slot);
      return -1;
    }
    this.#bufferOf(side, slot).add(time, record);
    this.#forgetSoon(slot);
    const partners = this.#bufferOf(1 - side, slot);
    const { from, to } = this.#interval(side, time);
    this.#partners = partners;
    this.#from = partners.olderThan(from);
    return partners.olderThan(to + 1) - this.#from;
  }

  /** Partners of the current record: `#partners` from `#from`. */
  #partners = new TimedBuffer();
  #from = 0;
  /** The record of the current pair that was there before. */
  partner: unknown;

  /** Makes a pair the current one; returns its time. */
  pair(pair: number, side: number, time: number): number {
    const partnerTime = this.#partners.time(this.#from + pair);
    this.partner = this.#partners.value(this.#from + pair);
    this.#context.leftTimestamp = side === left ? time : partnerTime;
    this.#context.rightTimestamp = side === left ? partnerTime : time;
    return Math.max(time, partnerTime);
  }

  #interval(side: number, time: number): { readonly from: number; readonly to: number } {
    const { lowerMs, upperMs } = this.#spec;
    return side === left ? { from: time + lowerMs, to: time + upperMs } : { from: time - upperMs, to: time - lowerMs };
  }

  /** How long after its time a record of a side may still find a partner. */
  #patience(side: number): number {
    return Math.max(0, side === left ? this.#spec.upperMs : -this.#spec.lowerMs);
  }

  #bufferOf(side: number, slot: number): TimedBuffer {
    const buffers = this.#buffers[side] as Buffers;
    buffers[slot] ??= new TimedBuffer();
    return buffers[slot];
  }

  /** Sets the key's clean-up timer if it has none: for the time when the youngest record so far can be forgotten. */
  #forgetSoon(slot: number): void {
    if (this.#timers.countOf(slot) === 0) this.#timers.register(this.#expiry(slot), slot, 0);
  }

  #expiry(slot: number): number {
    let expiry = this.#watermark;
    for (const [side, buffers] of this.#buffers.entries()) {
      const buffer = buffers[slot];
      if (buffer !== undefined && buffer.size > 0) expiry = Math.max(expiry, buffer.time(buffer.size - 1) + this.#patience(side) + 1);
    }
    return expiry;
  }

  finish(): void {
    this.#late.finish();
  }

  close(): void {
    this.#late.close();
  }

  advanceEventTime(watermark: number): void {
    this.#watermark = watermark;
    this.#context.watermark = watermark;
    while (this.#timers.pop(watermark)) this.#forget(this.#timers.slot);
  }

  /** Forgets what can find no partner any more, and the key once nothing of it is left. */
  #forget(slot: number): void {
    let kept = 0;
    for (const [side, buffers] of this.#buffers.entries()) {
      const buffer = buffers[slot];
      buffer?.removeOlderThan(this.#watermark - this.#patience(side));
      kept += buffer?.size ?? 0;
    }
    if (kept > 0 && this.#watermark < Number.POSITIVE_INFINITY) {
      this.#timers.register(this.#expiry(slot), slot, 0);
      return;
    }
    for (const buffers of this.#buffers) buffers[slot] = undefined;
    this.#index.remove(slot);
  }
}

function flipped(join: UserFunction): UserFunction {
  const call = join as (...args: unknown[]) => unknown;
  return ((right: unknown, leftRecord: unknown, ...further: unknown[]) => call(leftRecord, right, ...further)) as UserFunction;
}
