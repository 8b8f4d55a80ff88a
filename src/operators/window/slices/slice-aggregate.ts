/**
 * `aggregate({ … })` on tumbling and sliding windows: records go to slices of time, and windows are put together of slices. Where
 * the result cannot tell, records are aggregated in front of the exchange as well (`local-slices.ts`), and what comes here are
 * partial results of keys and slices. What else folds records, `reduce`, `sum` or an aggregate function, is one aggregator whose result is
 * the whole row.
 */

import { MillraceError } from '../../../base/errors.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../../../compiler/operator.ts';
import { type Field, localField, type Row, valueRow, wholeRecord } from '../../../compiler/row.ts';
import { generateCall } from '../../../compiler/user-call.ts';
import type { UserFunction } from '../../../graph/logical.ts';
import { TimeWindow } from '../../../time/windows/window.ts';
import type { SubtaskPart } from '../../../wire/state-handles.ts';
import { AggregationCode, type Aggregators, functionsOfAggregators, type NamedState, readByAggregators } from '../../aggregation.ts';
import { unnamed } from '../../aggregator-contents.ts';
import { count } from '../../aggregators/count.ts';
import { synchronous } from '../../functions.ts';
import { generateSlot, generateSlots, keyOfSlot } from '../../keyed.ts';
import { checkNames } from '../../keyed-aggregate.ts';
import { LateRecords } from '../../late-records.ts';
import { MissingValues } from '../../missing-values.ts';
import { generateTouch, generateTouchAll } from '../../slot-contents.ts';
import { describeAggregators, type WindowComputation } from '../window-computation.ts';
import { describeWindows, type WindowSpec } from '../window-spec.ts';
import { firstSlot, lateSlot } from './accumulators.ts';
import { slicedShape } from './can-slice.ts';
import { foldAggregator } from './fold-aggregator.ts';
import { LocalSlices } from './local-slices.ts';
import { SlicedWindows } from './sliced-windows.ts';
import { Slices } from './slices.ts';
import { OnlyKeys, slotsExpression, timesExpression } from './times.ts';

export { canSlice, canSliceFold } from './can-slice.ts';

export interface SliceAggregateOptions {
  readonly aggregators: Aggregators;
  /** Makes the output row of the result row: `(row, { key, window }) => …`. */
  readonly toRow: UserFunction | undefined;
  /** What the only aggregator does, where its result is the row; undefined for rows of named results. */
  readonly fold: WindowComputation | undefined;
}

/** The operator for windows that `canSlice` accepts. */
export function sliceAggregateOperator(spec: WindowSpec, { aggregators, toRow }: Omit<SliceAggregateOptions, 'fold'>): Operator {
  checkNames(aggregators, ['key', 'start', 'end']);
  return slicedOperator(spec, { aggregators, toRow, fold: undefined });
}

/** The same for what folds records into one value, for windows of one slice each. */
export function sliceFoldOperator(spec: WindowSpec, fold: WindowComputation, toRow: UserFunction | undefined): Operator {
  return slicedOperator(spec, { aggregators: { [unnamed]: foldAggregator(fold) }, toRow, fold });
}

function slicedOperator(spec: WindowSpec, options: SliceAggregateOptions): Operator {
  const { toRow, fold } = options;
  if (toRow !== undefined) synchronous(toRow, fold?.title ?? 'aggregate');
  const whole = part(spec, options, 'whole');
  // Of the time of day there is only that of the windows; and late records must be what they were to go to a side output.
  if (!spec.assigner.isEventTime || spec.lateTag !== undefined) return whole;
  // A record travels in columns, what is made of some does not: that pays where one subtask would get all records.
  if (fold !== undefined && (spec.keyed || fold.merges?.() !== true)) return whole;
  const counted = { ...options, aggregators: withRecordCount(options.aggregators) };
  const local = { ...part(spec, counted, 'local'), streams: true, ...(fold === undefined ? {} : { behindOne: true }) };
  return { ...whole, local, merge: part(spec, counted, 'merge') };
}

/** Counts the records of partial results, and is in no row: a name that nobody writes. */
const recordCount = `${unnamed}records`;

/** Partial results that come too late are told of by their records. */
function withRecordCount(aggregators: Aggregators): Aggregators {
  return Object.values(aggregators).some(countsRecords) ? aggregators : { ...aggregators, [recordCount]: count() };
}

function countsRecords({ kind, input, where }: Aggregators[string]): boolean {
  return kind === 'count' && input.kind === 'none' && where === undefined;
}

type Part = 'whole' | 'local' | 'merge';

function part(spec: WindowSpec, options: SliceAggregateOptions, which: Part): Operator {
  const { aggregators, toRow, fold } = options;
  const functions = { ...functionsOfAggregators(aggregators), ...fold?.functions };
  if (toRow !== undefined) functions.toRow = toRow;
  const shape = slicedShape(spec.assigner);
  if (shape === undefined) throw new MillraceError('INVALID_JOB', 'window: these windows cannot be cut into slices');
  const slices = new Slices(shape);
  return {
    kind: which === 'whole' ? 'window' : `window-${which}`,
    title: fold?.title ?? 'aggregate',
    functions,
    details: { ...describeWindows(spec), ...(fold?.details ?? { aggregators: describeAggregators(aggregators) }) },
    retains: true,
    // Late records go to a side output as they are.
    reads: () => (which === 'merge' || spec.lateTag !== undefined ? undefined : readByAggregators(aggregators)),
    ...(spec.keyed || which === 'local' ? {} : { parallelismMax: 1 }),
    create: (context) =>
      which === 'local'
        ? new LocalSlices({ slices, aggregators, keyed: spec.keyed }, context)
        : new SliceAggregate({ ...options, spec, slices, merges: which === 'merge' }, context),
  };
}

interface InstanceOptions extends SliceAggregateOptions {
  readonly spec: WindowSpec;
  readonly slices: Slices;
  /** Whether rows are partial results. */
  readonly merges: boolean;
}

/** The locals that the bounds of a window, and its last millisecond, are in. */
interface WindowLocals {
  readonly start: string;
  readonly end: string;
  readonly time: string;
}

/** A row, and the locals that its key's number and its time are in. */
interface KeyedRow {
  readonly row: Row;
  readonly key: string;
  readonly time: string;
}

class SliceAggregate implements OperatorInstance {
  readonly #options: InstanceOptions;
  readonly #context: OperatorContext;
  /** Generated code calls its methods. */
  readonly #windows: SlicedWindows;
  readonly #late: LateRecords;
  readonly #missing: MissingValues;
  readonly #onlyKeys = new OnlyKeys();
  /** The time of day of the records of this batch. */
  now = 0;

  constructor(options: InstanceOptions, context: OperatorContext) {
    const { spec, slices, aggregators } = options;
    this.#options = options;
    this.#context = context;
    this.#late = new LateRecords(context);
    const { allowedLatenessMs, keyed } = spec;
    const isEventTime = this.#isEventTime;
    this.#windows = new SlicedWindows({ slices, aggregators, keyed, allowedLatenessMs: isEventTime ? allowedLatenessMs : 0, context });
    // Where partial results come, they tell as much as the records: of nothing, they are those of nothing.
    const { accumulators } = this.#windows;
    this.#missing = new MissingValues(accumulators.states);
    accumulators.emptying = (from, to) => this.#missing.look(from, to);
  }

  get #isEventTime(): boolean {
    return this.#options.spec.assigner.isEventTime;
  }

  /** How far time has come: whoever goes on from here fires nothing a second time. */
  snapshot(): Readonly<Record<string, SubtaskPart>> {
    return { time: { distribution: 'union', items: [this.#windows.time] } };
  }

  /** It is as late as for the last of those that go on here. Time that had come to its end begins anew. */
  restore({ time = [] }: Readonly<Record<string, readonly unknown[]>>): void {
    const earliest = Math.min(...(time as readonly number[]));
    if (earliest < Number.POSITIVE_INFINITY) this.#windows.resume(earliest);
  }

  beginBatch(): void {
    // What is over does not come back, even if the clock does.
    if (!this.#isEventTime) this.now = Math.max(this.#context.system.clock.now(), this.#windows.time + 1);
    this.#windows.beginBatch();
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    this.#generateRow(code, this.#keyed(code, row), emit);
  }

  #keyed(code: OperatorCode, row: Row): KeyedRow {
    const time = this.#timeOf(code, row);
    if (!this.#options.spec.keyed) return { row, key: '0', time };
    const slotted = generateSlot(code, row, this.#context, this.#windows.index);
    return { row: slotted.row, key: slotted.slot, time };
  }

  /** Of partial results errors show what is known of their records. */
  #aggregation(code: OperatorCode): AggregationCode {
    const shown = this.#options.merges ? (row: Row): string => `{ timestamp: ${row.timestamp} }` : undefined;
    return new AggregationCode(code, this.#windows.accumulators.states, shown);
  }

  #timeOf(code: OperatorCode, row: Row): string {
    if (!this.#isEventTime) return `${code.names.constant('operator', this)}.now`;
    return row.timestamp ?? 'NaN';
  }

  #generateRow(code: OperatorCode, { row, key, time }: KeyedRow, emit: Emit): void {
    const windows = code.names.constant('windows', this.#windows);
    const rowSlots = code.names.constant('rowSlots', this.#windows.rowSlots);
    const aggregation = this.#aggregation(code);
    const slot = code.names.fresh('slot');
    code.body.line(`let ${slot};`);
    aggregation.guarded(row, () => code.body.line(`${slot} = ${rowSlots}.ofRow(${time}, ${key});`));
    code.body.block(`if (${slot} >= ${firstSlot})`, () => {
      const { merges } = this.#options;
      const values = merges ? aggregation.partials(row) : aggregation.inputs(row);
      generateTouch(code, this.#windows.log, slot);
      aggregation.take(row, { method: merges ? 'merge' : 'add', slot, values });
      code.body.line(`${windows}.beginAgain(${time}, ${key});`);
      code.body.block(`while (${windows}.nextAgain())`, () => this.#emitRow(code, emit));
    });
    code.body.block(`else if (${slot} === ${lateSlot})`, () => this.#generateLate(code, { row, key, time }, emit));
  }

  #generateLate(code: OperatorCode, { row, key, time }: KeyedRow, emit: Emit): void {
    const { lateTag } = this.#options.spec;
    if (lateTag !== undefined && emit.sides.includes(lateTag)) {
      emit(row, lateTag);
      return;
    }
    const drop = code.names.constant('drop', (time: number, record: unknown, records: number) =>
      this.#late.drop(this.#windows.missedBy(time), record, records),
    );
    if (!this.#options.merges) {
      code.body.line(`${drop}(${time}, ${wholeRecord(row)}, 1);`);
      return;
    }
    const { states } = this.#windows.accumulators;
    const records = new AggregationCode(code, states).partials(row)[states.findIndex(({ aggregator }) => countsRecords(aggregator))];
    const known = this.#options.spec.keyed ? `key: ${code.names.constant('index', this.#windows.index)}.key(${key}), ` : '';
    code.body.line(`${drop}(${time}, { ${known}timestamp: ${time} }, ${records?.value});`);
  }

  /**
   * The slots of all rows first, then one loop for most aggregators. Where records make windows fire
   * again, the result of each must be known before the next one.
   */
  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const { spec } = this.#options;
    if (this.#isEventTime && row.timestamp === undefined) return false;
    const found = spec.keyed ? generateSlots(code, row, this.#context, this.#windows.index) : undefined;
    if (spec.keyed && found === undefined) return false;
    const { body, names } = code;
    const windows = names.constant('windows', this.#windows);
    const keys = found?.slots ?? `${names.constant('onlyKeys', this.#onlyKeys)}.ofLength(rows)`;
    const time = this.#timeOf(code, row);
    const keyed = (key: string): KeyedRow => ({ row, key, time });
    if (!this.#isEventTime) {
      this.#generateColumns(code, row, { found: `ofMoment(${time}, ${keys}, rows)`, late: undefined });
      return true;
    }
    const times = timesExpression(code, time);
    const byRow = (): void =>
      code.eachRow(() => {
        const key = names.fresh('key');
        body.line(`const ${key} = ${found === undefined ? '0' : `${found.slots}[i]`};`);
        this.#generateRow(code, keyed(key), emit);
      });
    const late = (): void => this.#generateLate(code, keyed(found === undefined ? '0' : `${found.slots}[i]`), emit);
    body.block(`if (${windows}.firesAgain(${times}, rows))`, byRow, '} else {');
    this.#generateColumns(code, row, { found: `ofBatch(${times}, ${keys}, rows)`, late });
    body.line('}');
    return true;
  }

  #generateColumns(code: OperatorCode, row: Row, { found, late }: { found: string; late: (() => void) | undefined }): void {
    const { body, names } = code;
    const rowSlots = names.constant('rowSlots', this.#windows.rowSlots);
    const slots = slotsExpression(code, row, this.#windows.rowSlots, found);
    const aggregation = this.#aggregation(code);
    // First of all what may stop, and is then begun again.
    if (late !== undefined) {
      body.block(`if (${rowSlots}.left > 0)`, () =>
        code.eachRow(() => {
          body.block(`if (${slots}[i] === ${lateSlot})`, late);
        }),
      );
    }
    const slotCount = `${names.constant('accumulators', this.#windows.accumulators)}.size`;
    generateTouchAll(code, this.#windows.log, slots, String(firstSlot));
    const target = { slots, slotCount, isNobodys: `${slots}[i] < ${firstSlot}` };
    if (this.#options.merges) aggregation.mergeBatch(row, target);
    else aggregation.addBatch(row, target);
  }

  generateDue(code: OperatorCode, limit: string, emit: Emit): string {
    const windows = code.names.constant('windows', this.#windows);
    code.body.block(`for (let count = 0; count < ${limit} && ${windows}.next(); count++)`, () => {
      this.#emitRow(code, emit);
    });
    return `!${windows}.isDue`;
  }

  /** The result of the row that the windows have come to. */
  #emitRow(code: OperatorCode, emit: Emit): void {
    const { names, body } = code;
    const { fold } = this.#options;
    const windows = names.constant('windows', this.#windows);
    const [start, end, time] = ['start', 'end', 'time'].map((name) => names.fresh(name)) as [string, string, string];
    body.line(`const ${start} = ${windows}.start, ${end} = ${windows}.end, ${time} = ${end} - 1;`);
    if (fold === undefined) this.#emitResults(code, { start, end, time }, emit);
    else this.#emitFold(code, { start, end, time }, emit);
  }

  /** The row of named results. */
  #emitResults(code: OperatorCode, { start, end, time }: WindowLocals, emit: Emit): void {
    const { spec, toRow } = this.#options;
    const shown = this.#windows.accumulators.states.filter(({ name }) => name !== recordCount);
    const aggregation = new AggregationCode(code, shown);
    const windows = code.names.constant('windows', this.#windows);
    const key = code.names.fresh('key');
    const keyField = spec.keyed ? this.#keyField(code, key, toRow !== undefined) : undefined;
    const fields = [
      ...(keyField === undefined ? [] : [keyField]),
      localField('start', start, 'float64'),
      localField('end', end, 'float64'),
      ...aggregation.results(`${windows}.slot`),
    ];
    const row: Row = { form: 'object', fields, value: undefined, timestamp: time, key: undefined };
    if (toRow === undefined) emit(row);
    else emit(code.call(toRow, row, [this.#resultContext(code, key, { start, end })]).resultRow);
  }

  /** What records were folded into. Functions of the author's may change that when they tell its result. */
  #emitFold(code: OperatorCode, { start, end, time }: WindowLocals, emit: Emit): void {
    const { spec, toRow } = this.#options;
    const { body, names } = code;
    const windows = names.constant('windows', this.#windows);
    const key = keyOfSlot(code, this.#windows.index, `${windows}.key`, this.#context.key).read();
    const window = `window: { start: ${start}, end: ${end} }`;
    const failure = (error: string): string => code.failure(error, spec.keyed ? `{ key: ${key}, ${window} }` : `{ ${window} }`);
    const [fold] = this.#windows.accumulators.states as readonly [NamedState];
    const result = names.fresh('result');
    generateTouch(code, this.#windows.log, `${windows}.slot`);
    body.line(`let ${result};`);
    body.line(`try { ${result} = ${names.constant('state', fold.state)}.result(${windows}.slot); }`);
    body.line(`catch (error) { throw ${failure('error')}; }`);
    const row = valueRow(result, time);
    if (toRow === undefined) emit(row);
    else emit(generateCall(code, toRow, row, [this.#resultContext(code, key, { start, end })], failure).resultRow);
  }

  /** What the function that makes rows is told beside a result. @param key the expression of the key, where there is one */
  #resultContext(code: OperatorCode, key: string, { start, end }: Omit<WindowLocals, 'time'>): string {
    const window = `new ${code.names.constant('TimeWindow', TimeWindow)}(${start}, ${end})`;
    return `{ key: ${this.#options.spec.keyed ? key : 'undefined'}, window: ${window} }`;
  }

  /** The key of the row that the windows have come to. @param isRead whether a local of this name is to hold it */
  #keyField(code: OperatorCode, name: string, isRead: boolean): Field {
    const windows = code.names.constant('windows', this.#windows);
    const field = keyOfSlot(code, this.#windows.index, `${windows}.key`, this.#context.key);
    if (!isRead && field.encoded !== undefined) return field;
    code.body.line(`const ${name} = ${field.read()};`);
    return localField('key', name);
  }

  get isDue(): boolean {
    return this.#windows.isDue;
  }

  advanceEventTime(watermark: number): void {
    if (this.#isEventTime) this.#windows.advance(watermark);
  }

  /** A millisecond of the clock is over when the next one has come. */
  advanceProcessingTime(now: number): void {
    if (!this.#isEventTime) this.#windows.advance(Math.max(now - 1, this.#windows.time));
  }

  get nextTime(): number {
    const next = this.#isEventTime ? Number.NaN : this.#windows.nextEnd;
    return Number.isNaN(next) ? Number.POSITIVE_INFINITY : next;
  }

  finish(): void {
    this.#late.finish();
    this.#missing.look(firstSlot, this.#windows.accumulators.size);
    this.#missing.warn(this.#context);
  }

  close(): void {
    this.#late.close();
  }
}
