/** Combines the records of each key into one with a function: rolling in streaming mode, the last one in batch mode. */

import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type Row, valueRow, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import { KeyIndex } from '../state/key-index.ts';
import { synchronous } from './functions.ts';
import { generateSlot, generateSlotLoop, restoreSlots, SlotCursor, type SlotsSnapshot, snapshotSlots } from './keyed.ts';
import { compareValues } from './order.ts';

export interface KeyedReduceOptions {
  /** `reduce`, `minBy` or `maxBy`. */
  readonly kind: string;
  readonly reduce: UserFunction;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The reduction that keeps the record with the smallest or largest value of a field, the first one among equals. */
export function extremeReduce(kind: 'minBy' | 'maxBy', field: PropertyKey | undefined): UserFunction {
  const of = (record: unknown): unknown => (field === undefined ? record : (record as Record<PropertyKey, unknown>)[field]);
  const sign = kind === 'minBy' ? 1 : -1;
  return ((soFar: unknown, next: unknown): unknown => (sign * compareValues(of(next), of(soFar)) < 0 ? next : soFar)) as UserFunction;
}

export function keyedReduceOperator({ kind, reduce, details }: KeyedReduceOptions): Operator {
  synchronous(reduce, kind);
  return {
    kind,
    title: kind,
    functions: { reduce },
    ...(details === undefined ? {} : { details }),
    retains: true,
    create: (context) => new KeyedReduce(reduce, context),
  };
}

class KeyedReduce implements OperatorInstance {
  readonly #reduce: UserFunction;
  readonly #context: OperatorContext;
  readonly #index = new KeyIndex();
  /** By slot: the record so far. */
  readonly #records: unknown[] = [];
  readonly #cursor = new SlotCursor();

  constructor(reduce: UserFunction, context: OperatorContext) {
    this.#reduce = reduce;
    this.#context = context;
  }

  snapshot(): SlotsSnapshot {
    return snapshotSlots(this.#index, (slot) => this.#records[slot]);
  }

  restore(snapshot: SlotsSnapshot): void {
    restoreSlots(this.#index, snapshot, (slot, record) => {
      this.#records[slot] = record;
    });
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    const slotted = generateSlot(code, row, this.#context, this.#index);
    const records = code.names.constant('records', this.#records);
    const reduce = code.names.constant('reduce', this.#reduce);
    const next = code.names.fresh('reduced');
    const { slot } = slotted;
    code.body.line(`let ${next} = ${wholeRecord(slotted.row)};`);
    code.body.line(`if (${slot} === ${records}.length) ${records}.push(${next});`);
    code.body.block('else', () => {
      code.body.line(`try { ${next} = ${reduce}(${records}[${slot}], ${next}); }`);
      code.body.line(`catch (error) { throw ${code.failure('error', next)}; }`);
      code.body.line(`${records}[${slot}] = ${next};`);
    });
    if (this.#context.mode === 'streaming') emit(valueRow(next, row.timestamp));
  }

  generateFinish(code: OperatorCode, limit: string, emit: Emit): string {
    if (this.#context.mode === 'streaming') return 'true';
    const records = code.names.constant('records', this.#records);
    const record = code.names.fresh('record');
    return generateSlotLoop(code, { index: this.#index, cursor: this.#cursor, limit }, (slot) => {
      code.body.line(`const ${record} = ${records}[${slot}];`);
      emit(valueRow(record, undefined));
    });
  }
}
