/**
 * `sum`, `min` and `max` of a field on a keyed stream, as in Flink: the record of a key is its first one, in which the field
 * is replaced by the aggregate. Rolling in streaming mode; in batch mode one record a key at the end of the input.
 */

import { member } from '../base/code-writer.ts';
import { OperatorError } from '../base/operator-error.ts';
import { decodeValue } from '../batch/value-codec.ts';
import { MissingFieldError } from '../compiler/missing-field.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { fieldExpression, freshRecord, localField, type Row, valueRow, wholeRecord } from '../compiler/row.ts';
import type { ChangeLog } from '../state/change-log.ts';
import { encodeState } from '../state/encode-state.ts';
import { KeyIndex } from '../state/key-index.ts';
import { generateSlot, generateSlotLoop, generateSlots, SlotCursor, type SlottedRow, slotKey } from './keyed.ts';
import { compareValues } from './order.ts';
import { generateTouch, type HeldBySlot, isNewSlot, setNew, slotContents } from './slot-contents.ts';

export type RollingKind = 'sum' | 'min' | 'max';

export interface RollingOptions {
  readonly kind: RollingKind;
  /** The aggregated field or tuple element; undefined for streams of plain values. */
  readonly field: string | undefined;
}

export function rollingOperator(options: RollingOptions): Operator {
  const operator = rolling(options, false);
  return { ...operator, local: rolling(options, true) };
}

function rolling(options: RollingOptions, local: boolean): Operator {
  const { kind, field } = options;
  return {
    kind: local ? `${kind}-local` : kind,
    title: kind,
    functions: {},
    details: { field },
    retains: true,
    create: (context) => new Rolling(options, context, local),
  };
}

class Rolling implements OperatorInstance {
  readonly #options: RollingOptions;
  readonly #context: OperatorContext;
  /** Whether this aggregates in front of the exchange that the final aggregation is behind. */
  readonly #local: boolean;
  readonly #index: KeyIndex;
  /** By slot: the first record, and the aggregate of the field. */
  readonly #firsts: unknown[] = [];
  readonly #aggregates: unknown[] = [];
  readonly #log: ChangeLog;
  readonly #cursor = new SlotCursor();
  readonly #combine: (aggregate: unknown, value: unknown) => unknown;
  /** The names of the records' fields while all records have the same. */
  #shape: { readonly form: Row['form']; readonly names: readonly string[] } | undefined;
  #mixed = false;

  constructor(options: RollingOptions, context: OperatorContext, local: boolean) {
    this.#options = options;
    this.#context = context;
    this.#local = local;
    this.#index = new KeyIndex(local ? context.limits.localAggregationKeys : undefined);
    this.#combine = combination(options);
    this.#log = context.keyedState('aggregates', slotContents(this.#index, this.#held()));
  }

  #held(): HeldBySlot {
    const call = callText(this.#options);
    return {
      schema: { call },
      holds: (slot) => slot < this.#firsts.length,
      write: (slot, sink, of) => {
        encodeState(sink, this.#firsts[slot], of);
        encodeState(sink, this.#aggregates[slot], of);
      },
      reader: (schema) => {
        const was = (schema as { readonly call: string }).call;
        if (was !== call)
          throw new OperatorError('STATE_MISMATCH', `its state was stored by ${was}, and this is ${call}; give the new one another uid`);
        // The records that were held may have another shape than those to come.
        this.#mixed = true;
        return (source, slot) => this.#hold(slot, decodeValue(source), decodeValue(source));
      },
      evict: this.#local
        ? undefined
        : (slot) => {
            this.#firsts[slot] = undefined;
            this.#aggregates[slot] = undefined;
          },
    };
  }

  #hold(slot: number, first: unknown, aggregate: unknown): void {
    const isFurther = this.#aggregates[slot] !== undefined;
    if (!isFurther) this.#firsts[slot] = first;
    this.#aggregates[slot] = isFurther ? this.#combine(this.#aggregates[slot], aggregate) : aggregate;
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    this.#learnShape(code, row);
    this.#generateRow(code, generateSlot(code, row, this.#context, this.#index), emit);
  }

  /** The slots of all rows first, then the rows one by one. */
  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const found = generateSlots(code, row, this.#context, this.#index);
    if (found === undefined) return false;
    this.#learnShape(code, row);
    const index = code.names.constant('index', this.#index);
    const slot = code.names.fresh('slot');
    code.eachRow(() => {
      code.body.line(`const ${slot} = ${found.slots}[i];`);
      this.#generateRow(code, { row, key: found.key, hash: found.hash, slot, left: `${slot} === ${index}.size` }, emit);
    });
    return true;
  }

  /** @param slotted with the condition under which the row found no room */
  #generateRow(code: OperatorCode, slotted: SlottedRow & { readonly left?: string }, emit: Emit): void {
    const { slot } = slotted;
    const value = this.#value(code, slotted.row);
    const aggregates = code.names.constant('aggregates', this.#aggregates);
    const firsts = code.names.constant('firsts', this.#firsts);
    const checked = code.names.constant('checked', this.#check);
    if (this.#local) {
      const key = { field: slotted.key, hash: slotted.hash };
      code.body.block(`if (${slotted.left ?? `${slot} < 0`})`, () => emit({ ...slotted.row, key }), '} else');
    }
    code.body.block(`if (${isNewSlot(code, this.#log, slot, `${firsts}.length`)})`, () => {
      generateTouch(code, this.#log, slot);
      code.body.line(`try { ${setNew(this.#log, aggregates, slot, `${checked}(${value})`)} }`);
      code.body.line(`catch (error) { throw ${code.failure('error', wholeRecord(slotted.row))}; }`);
      code.body.line(setNew(this.#log, firsts, slot, freshRecord(slotted.row)));
    });
    code.body.block('else', () => {
      generateTouch(code, this.#log, slot);
      const combine = code.names.constant('combine', this.#combine);
      code.body.line(`try { ${aggregates}[${slot}] = ${combine}(${aggregates}[${slot}], ${value}); }`);
      code.body.line(`catch (error) { throw ${code.failure('error', wholeRecord(slotted.row))}; }`);
    });
    if (!this.#local && this.#context.mode === 'streaming') emit(this.#output(code, slot, slotted.row.timestamp));
  }

  generateFinish(code: OperatorCode, limit: string, emit: Emit): string {
    if (!this.#local && this.#context.mode === 'streaming') return 'true';
    return generateSlotLoop(code, { index: this.#index, cursor: this.#cursor, limit }, (slot) => {
      const output = this.#output(code, slot, undefined);
      emit(this.#local ? { ...output, key: slotKey(code, this.#index, slot, this.#context.key) } : output);
    });
  }

  /** Records of unlike shape are put together value by value; loops compiled before the second shape came are thrown away. */
  #learnShape(code: OperatorCode, row: Row): void {
    const shape = { form: row.form, names: row.fields.map((field) => field.name) };
    if (this.#shape === undefined) this.#shape = shape;
    if (this.#mixed || JSON.stringify(this.#shape) === JSON.stringify(shape)) return;
    this.#mixed = true;
    code.invalidate();
  }

  /** The value to aggregate, in a local. */
  #value(code: OperatorCode, row: Row): string {
    const { field } = this.#options;
    const value = code.names.fresh('value');
    code.body.line(`const ${value} = ${field === undefined ? wholeRecord(row) : fieldExpression(row, field)};`);
    if (field === undefined) return value;
    const missing = code.names.constant('MissingField', MissingFieldError);
    const error = `new ${missing}(${JSON.stringify(callText(this.#options))}, ${JSON.stringify(field)})`;
    code.body.line(`if (${value} === undefined) throw ${code.failure(error, wholeRecord(row))};`);
    return value;
  }

  #output(code: OperatorCode, slot: string, timestamp: string | undefined): Row {
    const { field } = this.#options;
    const aggregate = `${code.names.constant('aggregates', this.#aggregates)}[${slot}]`;
    const first = code.names.fresh('first');
    if (field === undefined) {
      code.body.line(`const ${first} = ${aggregate};`);
      return valueRow(first, timestamp);
    }
    code.body.line(`const ${first} = ${code.names.constant('firsts', this.#firsts)}[${slot}];`);
    const shape = this.#shape;
    if (this.#mixed || shape === undefined || shape.form === 'unknown' || shape.form === 'scalar') {
      const replaced = code.names.fresh('replaced');
      code.body.line(
        `const ${replaced} = ${code.names.constant('withField', withField)}(${first}, ${JSON.stringify(field)}, ${aggregate});`,
      );
      return valueRow(replaced, timestamp);
    }
    const fields = shape.names.map((name) => localField(name, name === field ? aggregate : member(first, name)));
    return { form: shape.form, fields, value: undefined, timestamp, key: undefined };
  }

  /** The first value of a key: checked alone, as every later one is when it is combined. */
  readonly #check = (value: unknown): unknown => {
    this.#combine(value, value);
    return value;
  };
}

export function combination(options: RollingOptions): (aggregate: unknown, value: unknown) => unknown {
  const { kind } = options;
  const of = callText(options);
  if (kind === 'sum') {
    return (a, b) => (typeof a === 'number' && typeof b === 'number' ? a + b : addOther(a, b, of));
  }
  return kind === 'min' ? (a, b) => (compareValues(b, a) < 0 ? b : a) : (a, b) => (compareValues(b, a) > 0 ? b : a);
}

/** The call as the author wrote it. */
export function callText({ kind, field }: { readonly kind: string; readonly field: string | undefined }): string {
  return `${kind}(${field === undefined ? '' : JSON.stringify(field)})`;
}

function addOther(a: unknown, b: unknown, of: string): bigint {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a + b;
  const culprit = typeof b === 'number' || typeof b === 'bigint' ? a : b;
  const kind = culprit === null ? 'null' : typeof culprit;
  throw new TypeError(
    typeof culprit === 'number' || typeof culprit === 'bigint'
      ? `${of}: cannot add numbers to bigints`
      : `${of} needs numbers or bigints, got ${kind}`,
  );
}

/** A copy of a record in which one field has another value. */
export function withField(record: unknown, field: string, value: unknown): unknown {
  if (Array.isArray(record)) {
    const copy = record.slice();
    copy[Number(field)] = value;
    return copy;
  }
  const fields = { ...(record as object), [field]: value };
  return Object.getPrototypeOf(record) === null ? { __proto__: null, ...fields } : fields;
}
