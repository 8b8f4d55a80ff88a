/** Combines the records of each key into one with a function: rolling in streaming mode, the last one in batch mode. */

import { decodeValue } from '../batch/value-codec.ts';
import { MissingFieldError } from '../compiler/missing-field.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type Row, valueRow, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { ChangeLog } from '../state/change-log.ts';
import { encodeState } from '../state/encode-state.ts';
import { KeyIndex } from '../state/key-index.ts';
import { synchronous } from './functions.ts';
import { generateRowsBySlot, generateSlot, generateSlotLoop, SlotCursor } from './keyed.ts';
import { compareValues } from './order.ts';
import { callText } from './rolling.ts';
import { generateTouch, isNewSlot, setNew, slotContents } from './slot-contents.ts';

/** How two records become one. */
export interface Reduction {
  readonly reduce: (soFar: unknown, next: unknown) => unknown;
  /** Throws what is wrong with a record that is combined with no other yet. */
  readonly check?: (record: unknown) => void;
}

export interface ExtremeOptions {
  readonly kind: 'minBy' | 'maxBy';
  /** The field or tuple element that records are compared by; undefined for streams of plain values. */
  readonly field: string | undefined;
}

/** The reduction that keeps the record with the smallest or largest value of a field, the first one among equals. */
export function extremeReduction(options: ExtremeOptions): Required<Reduction> {
  const { kind, field } = options;
  const of = (record: unknown): unknown => {
    if (field === undefined) return record;
    const value = (record as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    if (value === undefined) throw new MissingFieldError(callText(options), field);
    return value;
  };
  const sign = kind === 'minBy' ? 1 : -1;
  return {
    reduce: (soFar, next) => (sign * compareValues(of(next), of(soFar)) < 0 ? next : soFar),
    check: (record) => void compareValues(of(record), of(record)),
  };
}

export function keyedReduceOperator(reduce: UserFunction): Operator {
  synchronous(reduce, 'reduce');
  return reductionOperator('reduce', { reduce: reduce as Reduction['reduce'] }, {});
}

export function keyedExtremeOperator(options: ExtremeOptions): Operator {
  return reductionOperator(options.kind, extremeReduction(options), { field: options.field });
}

function reductionOperator(kind: string, reduction: Reduction, details: Readonly<Record<string, unknown>>): Operator {
  return {
    kind,
    title: kind,
    functions: { reduce: reduction.reduce as UserFunction },
    details,
    retains: true,
    create: (context) => new KeyedReduce(reduction, context),
  };
}

class KeyedReduce implements OperatorInstance {
  readonly #reduction: Reduction;
  readonly #context: OperatorContext;
  readonly #index = new KeyIndex();
  /** By slot: the record so far. */
  readonly #records: unknown[] = [];
  readonly #log: ChangeLog;
  readonly #cursor = new SlotCursor();

  constructor(reduction: Reduction, context: OperatorContext) {
    this.#reduction = reduction;
    this.#context = context;
    const records = this.#records;
    const contents = slotContents(this.#index, {
      schema: { records: 1 },
      holds: (slot) => slot < records.length,
      write: (slot, sink, of) => encodeState(sink, records[slot], of),
      reader: () => (source, slot) => {
        records[slot] = decodeValue(source);
      },
      evict: (slot) => {
        records[slot] = undefined;
      },
    });
    this.#log = context.keyedState('records', contents);
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    const slotted = generateSlot(code, row, this.#context, this.#index);
    this.#generateRow(code, slotted.row, slotted.slot, emit);
  }

  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    return generateRowsBySlot(code, row, { context: this.#context, index: this.#index }, (slot) => {
      this.#generateRow(code, row, slot, emit);
    });
  }

  #generateRow(code: OperatorCode, row: Row, slot: string, emit: Emit): void {
    const records = code.names.constant('records', this.#records);
    const { reduce, check } = this.#reduction;
    const combine = code.names.constant('reduce', reduce);
    const next = code.names.fresh('reduced');
    code.body.line(`let ${next} = ${wholeRecord(row)};`);
    const isNew = code.names.fresh('isNew');
    code.body.line(`const ${isNew} = ${isNewSlot(code, this.#log, slot, `${records}.length`)};`);
    generateTouch(code, this.#log, slot);
    code.body.block(`if (${isNew})`, () => {
      if (check !== undefined) {
        code.body.line(`try { ${code.names.constant('check', check)}(${next}); }`);
        code.body.line(`catch (error) { throw ${code.failure('error', next)}; }`);
      }
      code.body.line(setNew(this.#log, records, slot, next));
    });
    code.body.block('else', () => {
      code.body.line(`try { ${next} = ${combine}(${records}[${slot}], ${next}); }`);
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
