/**
 * Joins two keyed streams by time: each record with the records of the same key on the other side whose event time lies in an
 * interval around its own. Both sides are kept only as long as a partner may still come, as in Flink's `IntervalJoinOperator`;
 * but a key has one clean-up timer for all of its records.
 */

import { analyseClosure, parameterUse } from '../../compiler/closure-analysis.ts';
import type { Emit, Holdings, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../../compiler/operator.ts';
import { literal, localField, type Row, wholeRecord } from '../../compiler/row.ts';
import { generateCall } from '../../compiler/user-call.ts';
import type { UserFunction } from '../../graph/logical.ts';
import type { ChangeLog } from '../../state/change-log.ts';
import { readKey, shownKey, writeKey } from '../../state/encode-state.ts';
import { KeyIndex } from '../../state/key-index.ts';
import type { KeyedContents } from '../../state/keyed-contents.ts';
import { TimerQueue } from '../../time/timer-queue.ts';
import { generateSlot } from '../keyed.ts';
import { LateRecords } from '../late-records.ts';
import { generateProcessCall } from '../process/call.ts';
import { CallContext, type OutputTag, type ProcessContext } from '../process/context.ts';
import { layoutOfRow } from './row-layout.ts';
import { readRecords, TimedRows } from './timed-rows.ts';

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
  readonly rows: TimedRows;
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

class IntervalJoin implements OperatorInstance {
  readonly #spec: IntervalJoinSpec;
  readonly #operatorContext: OperatorContext;
  readonly #index = new KeyIndex();
  readonly #sides: readonly [Side, Side];
  /** One timer for a key that has records, or had one that was late. */
  readonly #timers = new TimerQueue();
  /** By slot: the time of the key's timer, Infinity where it has none. */
  #expiries = new Float64Array(initialSlots).fill(Number.POSITIVE_INFINITY);
  readonly #log: ChangeLog;
  readonly #late: LateRecords;
  readonly #context: PairContext;
  /** Of the input; older records are late. */
  now = Number.NEGATIVE_INFINITY;

  constructor(spec: IntervalJoinSpec, context: OperatorContext) {
    const { lowerMs, upperMs } = spec;
    this.#spec = spec;
    this.#operatorContext = context;
    const side = (fromMs: number, toMs: number): Side => {
      return { fromMs, toMs, patienceMs: Math.max(0, toMs), rows: new TimedRows(), lateIsRead: false };
    };
    this.#sides = [side(lowerMs, upperMs), side(-upperMs, -lowerMs)];
    this.#log = context.keyedState('records', this.#contents());
    this.#late = new LateRecords(context, 'sideOutputLeftLateData(tag) and sideOutputRightLateData(tag) hand');
    this.#context = new PairContext(context);
  }

  get holdings(): Holdings {
    let states = 0;
    for (let slot = 0; slot < this.#index.size; slot++) for (const { rows } of this.#sides) if (rows.count(slot) > 0) states++;
    return { states, eventTimers: this.#timers.size, processingTimers: 0 };
  }

  /** A unit is a key with its records of both sides. */
  #contents(): KeyedContents {
    return {
      schema: { version: 1 },
      forEach: (visit) => {
        for (let slot = 0; slot < this.#index.size; slot++) if (this.#sides.some(({ rows }) => rows.count(slot) > 0)) visit(slot);
      },
      hash: (slot) => this.#index.hash(slot),
      write: (slot, sink) => {
        writeKey(sink, this.#index, slot);
        for (const { rows } of this.#sides) rows.write(slot, sink, () => `a record of the key ${shownKey(this.#index.key(slot))}`);
      },
      reader: () => (source, hash) => {
        const slot = readKey(source, this.#index, hash);
        for (const side of [0, 1]) readRecords(source, (time, record) => this.#restore(side, slot, time, record));
        return slot;
      },
    };
  }

  #restore(side: number, slot: number, time: number, record: unknown): void {
    const { rows } = this.#sides[side] as Side;
    rows.widenFor(record);
    const place = this.#keep(side, slot, time);
    rows.store.put(place, record);
  }

  generate(code: OperatorCode, row: Row, emit: Emit, side: number): void {
    const { names, body } = code;
    const { rows } = this.#sides[side] as Side;
    // Loops that were made for another store are made anew.
    if (rows.widen(layoutOfRow(row))) code.invalidate();
    const join = names.constant('join', this);
    const time = names.fresh('time');
    const slotted = generateSlot(code, row, this.#operatorContext, this.#index);
    body.line(`const ${time} = ${row.timestamp ?? 'NaN'};`);
    const own = { ...slotted, side, time };
    // Also where there is no time.
    body.block(`if (!(${time} >= ${join}.now))`, () => this.#generateLate(code, own, emit), '} else {');
    const kept = this.#generateKeeping(code, own);
    this.#generatePairs(code, { ...own, row: kept }, emit);
    body.line('}');
  }

  #generateLate(code: OperatorCode, { row, slot, side, time }: SidedRow, emit: Emit): void {
    const { names, body } = code;
    const join = names.constant('join', this);
    const tag = this.#spec.lateTags[side]?.id;
    const late = tag !== undefined && emit.sides.includes(tag) ? tag : undefined;
    (this.#sides[side] as Side).lateIsRead = late !== undefined;
    const record = names.fresh('record');
    body.line(`const ${record} = ${wholeRecord(row)};`);
    body.line(`try { ${join}.refuse(${side}, ${slot}, ${time}, ${record}); }`);
    body.line(`catch (error) { throw ${code.failure('error', record)}; }`);
    if (late !== undefined) emit({ ...row, value: record, timestamp: time, key: undefined }, late);
  }

  /** Writes the code that puts a record among those of its side; returns the row, with what was put into locals. */
  #generateKeeping(code: OperatorCode, { row, slot, side, time }: SidedRow): Row {
    const { names, body } = code;
    const store = (this.#sides[side] as Side).rows.store;
    const place = names.fresh('place');
    const target = store.row(names.constant('store', store), place);
    body.line(`const ${place} = ${names.constant('join', this)}.accept(${side}, ${slot}, ${time});`);
    if (target.value !== undefined) {
      const record = names.fresh('record');
      body.line(`const ${record} = ${wholeRecord(row)};`);
      body.line(`${target.value} = ${record};`);
      return { ...row, value: record };
    }
    const fields = row.fields.map((field, i) => {
      const value = names.fresh('field');
      body.line(`const ${value} = ${field.read()};`);
      body.line(`${target.fields[i]?.read()} = ${value};`);
      return localField(field.name, value, field.kind, field.nullable);
    });
    return { ...row, fields };
  }

  /** Writes the loop over the partners of a record. */
  #generatePairs(code: OperatorCode, own: SidedRow, emit: Emit): void {
    const { names, body } = code;
    const { side, slot, time } = own;
    const { fromMs, toMs } = this.#sides[side] as Side;
    const { rows } = this.#sides[1 - side] as Side;
    // There has been none so far: once there is, this code is made anew.
    if (!rows.hasLayout) return;
    const partners = names.constant('partners', rows);
    const context = names.constant('context', this.#context);
    const [count, n, place] = [names.fresh('count'), names.fresh('n'), names.fresh('place')];
    const [partnerTime, later] = [names.fresh('time'), names.fresh('later')];
    const partner = rows.store.row(names.constant('store', rows.store), place);
    body.line(`const ${count} = ${partners}.count(${slot});`);
    body.block(`for (let ${n} = ${partners}.olderThan(${slot}, ${time} + ${fromMs}); ${n} < ${count}; ${n}++)`, () => {
      body.line(`const ${place} = ${partners}.place(${slot}, ${n});`);
      body.line(`const ${partnerTime} = ${partner.timestamp};`);
      body.line(`if (${partnerTime} > ${time} + ${toMs}) break;`);
      body.line(`const ${later} = Math.max(${time}, ${partnerTime});`);
      body.line(`${context}.leftTimestamp = ${side === left ? time : partnerTime};`);
      body.line(`${context}.rightTimestamp = ${side === left ? partnerTime : time};`);
      const [leftRow, rightRow] = side === left ? [own.row, partner] : [partner, own.row];
      this.#generateCall(code, { ...leftRow, timestamp: later, key: undefined }, rightRow, emit);
    });
  }

  #generateCall(code: OperatorCode, leftRow: Row, rightRow: Row, emit: Emit): void {
    const { join: fn } = this.#spec;
    const further = [secondArgument(fn, rightRow)];
    const shown = `[${wholeRecord(leftRow)}, ${wholeRecord(rightRow)}]`;
    generateProcessCall(failingWith(code, shown), leftRow, emit, { fn, further, context: this.#context, method: 'intervalJoin' });
  }

  /** A record that is not late comes; returns its place in the store, where its fields are to be put. */
  accept(side: number, slot: number, time: number): number {
    this.#log.touch(slot);
    return this.#keep(side, slot, time);
  }

  #keep(side: number, slot: number, time: number): number {
    const { rows, patienceMs } = this.#sides[side] as Side;
    const expiry = time + patienceMs + 1;
    if (!(expiry >= (this.#expiries[slot] as number))) this.#seeToForgetting(slot, expiry);
    return rows.add(slot, time);
  }

  /** A record comes that is late, or has no time. @throws TypeError where it has none */
  refuse(side: number, slot: number, time: number, record: unknown): void {
    if (Number.isNaN(time))
      throw new TypeError('intervalJoin: the record has no timestamp; assign timestamps and watermarks in front of it');
    // It may be a key without records, which is forgotten at the next watermark.
    if (!this.#hasTimer(slot)) this.#seeToForgetting(slot, this.now);
    if (this.#sides[side]?.lateIsRead !== true) this.#late.drop(this.now - time, record);
  }

  #hasTimer(slot: number): boolean {
    return slot < this.#expiries.length && this.#expiries[slot] !== Number.POSITIVE_INFINITY;
  }

  /** Sets the key's timer, in place of a later one. */
  #seeToForgetting(slot: number, expiry: number): void {
    if (slot >= this.#expiries.length) this.#expiries = withRoom(this.#expiries, slot);
    if (this.#hasTimer(slot)) this.#timers.delete(this.#expiries[slot] as number, slot, 0);
    this.#expiries[slot] = expiry;
    this.#timers.register(expiry, slot, 0);
  }

  finish(): void {
    this.#late.finish();
  }

  close(): void {
    this.#late.close();
  }

  advanceEventTime(watermark: number): void {
    this.now = watermark;
    this.#context.watermark = watermark;
    while (this.#timers.pop(watermark)) this.#forget(this.#timers.slot);
  }

  /**
   * Forgets what can find no partner any more, and the key once nothing of it is left. Its next timer is for the middle one of the
   * records of a side: half of them at least then go at once, and one that is far ahead of its time keeps no others.
   */
  #forget(slot: number): void {
    this.#expiries[slot] = Number.POSITIVE_INFINITY;
    this.#log.touch(slot);
    let next = Number.POSITIVE_INFINITY;
    for (const { rows, patienceMs } of this.#sides) {
      rows.removeOlderThan(slot, this.now - patienceMs);
      const count = rows.count(slot);
      if (count > 0) next = Math.min(next, rows.time(slot, (count - 1) >> 1) + patienceMs + 1);
    }
    if (next < Number.POSITIVE_INFINITY) this.#seeToForgetting(slot, next);
    else {
      this.#log.release(slot);
      this.#index.remove(slot);
    }
  }
}

/** A record that has come. */
interface SidedRow {
  readonly row: Row;
  readonly side: number;
  /** Locals. */
  readonly slot: string;
  readonly time: string;
}

/** Room for so many keys at first. */
const initialSlots = 1024;

function withRoom(from: Float64Array<ArrayBuffer>, slot: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(Math.max(from.length * 2, slot + 1)).fill(Number.POSITIVE_INFINITY);
  to.set(from);
  return to;
}

/** The expression of a function's second argument: of a record only the fields that it reads, where it reads no more. */
function secondArgument(fn: UserFunction, row: Row): string {
  const use = parameterUse(analyseClosure(fn), 1);
  if (use.kind === 'unused') return 'undefined';
  if (use.kind === 'whole' || row.value !== undefined || row.form === 'scalar') return wholeRecord(row);
  const isField = (name: string): boolean => row.fields.some((field) => field.name === name);
  return use.fields.every(isField) ? literal(row, (name) => use.fields.includes(name)) : wholeRecord(row);
}

/** The same place, where failures show another record. */
function failingWith(code: OperatorCode, record: string): OperatorCode {
  const other: OperatorCode = {
    ...code,
    get body() {
      return code.body;
    },
    get part() {
      return code.part;
    },
    call: (fn, row, further = []) => generateCall(other, fn, row, further),
    failure: (error) => code.failure(error, record),
  };
  return other;
}
