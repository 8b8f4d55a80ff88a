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

/** What there is to know of a side. Times are relative to that of a record. */
interface Side {
  /** Earliest and latest time of its partners. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How long after its time it may still find a partner. */
  readonly patienceMs: number;
  /** By slot. */
  readonly buffers: (TimedBuffer | undefined)[];
  /** Whether somebody reads the side output of its late records. */
  lateIsRead: boolean;
}

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

export class IntervalJoin implements OperatorInstance {
  readonly #spec: IntervalJoinSpec;
  readonly #operatorContext: OperatorContext;
  readonly index = new KeyIndex();
  readonly #sides: readonly [Side, Side];
  /** One timer for a key that has records, for the time at which its youngest may be forgotten. */
  readonly #timers = new TimerQueue();
  /** By slot: 1 for a key that has a timer. */
  #timed = new Uint8Array(initialSlots);
  readonly #late: LateRecords;
  readonly #context: PairContext;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(spec: IntervalJoinSpec, context: OperatorContext) {
    const { lowerMs, upperMs } = spec;
    this.#spec = spec;
    this.#operatorContext = context;
    this.#sides = [
      { fromMs: lowerMs, toMs: upperMs, patienceMs: Math.max(0, upperMs), buffers: [], lateIsRead: false },
      { fromMs: -upperMs, toMs: -lowerMs, patienceMs: Math.max(0, -lowerMs), buffers: [], lateIsRead: false },
    ];
    this.#late = new LateRecords(context, 'sideOutputLeftLateData(tag) and sideOutputRightLateData(tag) hand');
    this.#context = new PairContext(context);
  }

  /** Keys that have records, and those that only late records have come of since the last watermark. */
  get keyCount(): number {
    return this.index.keyCount;
  }

  generate(code: OperatorCode, row: Row, emit: Emit, side: number): void {
    const { names, body } = code;
    const tag = this.#spec.lateTags[side]?.id;
    const late = tag !== undefined && emit.sides.includes(tag) ? tag : undefined;
    (this.#sides[side] as Side).lateIsRead = late !== undefined;
    const join = names.constant('join', this);
    const slotted = generateSlot(code, row, this.#operatorContext, this.index);
    const [record, time, pairs] = [names.fresh('record'), names.fresh('time'), names.fresh('pairs')];
    body.line(`const ${record} = ${wholeRecord(slotted.row)};`);
    body.line(`const ${time} = ${row.timestamp ?? 'NaN'};`);
    body.line(`let ${pairs};`);
    body.line(`try { ${pairs} = ${join}.accept(${side}, ${slotted.slot}, ${time}, ${record}); }`);
    body.line(`catch (error) { throw ${code.failure('error', record)}; }`);
    if (late !== undefined) body.block(`if (${pairs} < 0)`, () => emit(valueRow(record, time), late));
    body.block(`for (let pair = 0; pair < ${pairs}; pair++)`, () => {
      const later = names.fresh('later');
      body.line(`const ${later} = ${join}.pair(pair, ${side}, ${time});`);
      const fn = side === left ? this.#spec.join : flipped(this.#spec.join);
      const call = { fn, further: [`${join}.partner`], context: this.#context, method: 'intervalJoin' };
      generateProcessCall(code, valueRow(record, later), emit, call);
    });
  }

  /** Takes in a record; returns how many partners it has, −1 for a record that is late. */
  accept(side: number, slot: number, time: number, record: unknown): number {
    const own = this.#sides[side] as Side;
    const other = this.#sides[1 - side] as Side;
    // Also where there is no time.
    if (!(time >= this.#watermark)) return this.#refuse(slot, own, time, record);
    this.#seeToForgetting(slot, time + own.patienceMs + 1);
    let known = own.buffers[slot];
    if (known === undefined) {
      known = new TimedBuffer();
      own.buffers[slot] = known;
    }
    known.add(time, record);
    const partners = other.buffers[slot];
    if (partners === undefined || partners.size === 0) return 0;
    this.#partners = partners;
    this.#from = partners.olderThan(time + own.fromMs);
    return partners.olderThan(time + own.toMs + 1) - this.#from;
  }

  #refuse(slot: number, own: Side, time: number, record: unknown): number {
    if (Number.isNaN(time))
      throw new TypeError('intervalJoin: the record has no timestamp; assign timestamps and watermarks in front of it');
    // It may be a key without records, which is forgotten at the next watermark.
    this.#seeToForgetting(slot, this.#watermark);
    if (!own.lateIsRead) this.#late.drop(this.#watermark - time, record);
    return -1;
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

  /** Sets the key's timer if it has none. */
  #seeToForgetting(slot: number, expiry: number): void {
    if (slot >= this.#timed.length) this.#timed = withRoom(this.#timed, slot);
    if (this.#timed[slot] === 1) return;
    this.#timed[slot] = 1;
    this.#timers.register(expiry, slot, 0);
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
    this.#timed[slot] = 0;
    let youngest = Number.NEGATIVE_INFINITY;
    for (const { buffers, patienceMs } of this.#sides) {
      const buffer = buffers[slot];
      if (buffer === undefined) continue;
      buffer.removeOlderThan(this.#watermark - patienceMs);
      if (buffer.size > 0) youngest = Math.max(youngest, buffer.time(buffer.size - 1) + patienceMs + 1);
    }
    if (youngest > this.#watermark) {
      this.#seeToForgetting(slot, youngest);
      return;
    }
    for (const { buffers } of this.#sides) buffers[slot] = undefined;
    this.index.remove(slot);
  }
}

/** Room for so many keys at first. */
const initialSlots = 1024;

function withRoom(from: Uint8Array<ArrayBuffer>, slot: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(Math.max(from.length * 2, slot + 1));
  to.set(from);
  return to;
}

function flipped(join: UserFunction): UserFunction {
  const call = join as (...args: unknown[]) => unknown;
  return ((right: unknown, leftRecord: unknown, ...further: unknown[]) => call(leftRecord, right, ...further)) as UserFunction;
}
