/** `aggregate({ createAccumulator, add, getResult })` on a keyed stream: Flink's aggregate function. */

import { callable, checkArgument } from '../base/options.ts';
import { decodeValue } from '../batch/value-codec.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type Row, valueRow, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { ChangeLog } from '../state/change-log.ts';
import { encodeState } from '../state/encode-state.ts';
import { KeyIndex } from '../state/key-index.ts';
import { synchronous } from './functions.ts';
import { generateRowsBySlot, generateSlot, generateSlotLoop, SlotCursor } from './keyed.ts';
import { generateTouch, isNewSlot, slotContents } from './slot-contents.ts';

/**
 * An aggregation with an accumulator of its own making. `add` may change the accumulator and return it, or return another; so may
 * `merge`, which is given two accumulators of different records: where sessions meet, and where a window over all records is
 * aggregated by several subtasks before their results are brought together. Accumulators are plain data where there are checkpoints.
 *
 * @example
 * const mean = {
 *   createAccumulator: () => ({ sum: 0, count: 0 }),
 *   add: (value: number, acc: { sum: number; count: number }) => ({ sum: acc.sum + value, count: acc.count + 1 }),
 *   getResult: (acc: { sum: number; count: number }) => acc.sum / acc.count,
 *   merge: (a: { sum: number; count: number }, b: { sum: number; count: number }) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
 * };
 */
export interface AggregateFunction<T, A, R> {
  createAccumulator(): A;
  add(value: T, accumulator: A): A;
  getResult(accumulator: A): R;
  merge(a: A, b: A): A;
}

export function checkAggregateFunction(fn: AggregateFunction<never, never, unknown>): void {
  for (const method of ['createAccumulator', 'add', 'getResult', 'merge'] as const) {
    checkArgument(fn[method], callable, `aggregate: ${method}`);
    synchronous(fn[method], `aggregate: ${method}`);
  }
}

export function keyedFoldOperator(fn: AggregateFunction<never, never, unknown>, toRow: UserFunction | undefined): Operator {
  checkAggregateFunction(fn);
  if (toRow !== undefined) synchronous(toRow, 'aggregate');
  const functions: Record<string, UserFunction> = {
    createAccumulator: fn.createAccumulator,
    add: fn.add,
    getResult: fn.getResult,
    merge: fn.merge,
  };
  if (toRow !== undefined) functions.toRow = toRow;
  return { kind: 'fold', title: 'aggregate', functions, retains: true, create: (context) => new KeyedFold(fn, toRow, context) };
}

class KeyedFold implements OperatorInstance {
  readonly #fn: AggregateFunction<never, never, unknown>;
  readonly #toRow: UserFunction | undefined;
  readonly #context: OperatorContext;
  readonly #index = new KeyIndex();
  /** By slot. */
  readonly #accumulators: unknown[] = [];
  readonly #log: ChangeLog;
  readonly #cursor = new SlotCursor();

  constructor(fn: AggregateFunction<never, never, unknown>, toRow: UserFunction | undefined, context: OperatorContext) {
    this.#fn = fn;
    this.#toRow = toRow;
    this.#context = context;
    const accumulators = this.#accumulators;
    const contents = slotContents(this.#index, {
      schema: { accumulators: 1 },
      holds: (slot) => slot < accumulators.length,
      write: (slot, sink, of) => encodeState(sink, accumulators[slot], of),
      reader: () => (source, slot) => {
        accumulators[slot] = decodeValue(source);
      },
      evict: (slot) => {
        accumulators[slot] = undefined;
      },
    });
    this.#log = context.keyedState('accumulators', contents);
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
    const accumulators = code.names.constant('accumulators', this.#accumulators);
    const fn = code.names.constant('aggregate', this.#fn);
    const record = code.names.fresh('record');
    code.body.line(`const ${record} = ${wholeRecord(row)};`);
    const isNew = code.names.fresh('isNew');
    code.body.line(`const ${isNew} = ${isNewSlot(code, this.#log, slot, `${accumulators}.length`)};`);
    generateTouch(code, this.#log, slot);
    code.body.block('try', () => {
      code.body.line(`const accumulator = ${isNew} ? ${fn}.createAccumulator() : ${accumulators}[${slot}];`);
      code.body.line(`${accumulators}[${slot}] = ${fn}.add(${record}, accumulator);`);
    });
    code.body.line(`catch (error) { throw ${code.failure('error', record)}; }`);
    if (this.#context.mode === 'streaming') this.#emitResult(code, slot, row.timestamp, emit);
  }

  generateFinish(code: OperatorCode, limit: string, emit: Emit): string {
    if (this.#context.mode === 'streaming') return 'true';
    return generateSlotLoop(code, { index: this.#index, cursor: this.#cursor, limit }, (slot) =>
      this.#emitResult(code, slot, undefined, emit),
    );
  }

  #emitResult(code: OperatorCode, slot: string, timestamp: string | undefined, emit: Emit): void {
    const result = code.names.fresh('result');
    const accumulator = `${code.names.constant('accumulators', this.#accumulators)}[${slot}]`;
    code.body.line(`let ${result};`);
    code.body.line(`try { ${result} = ${code.names.constant('aggregate', this.#fn)}.getResult(${accumulator}); }`);
    code.body.line(`catch (error) { throw ${code.failure('error', accumulator)}; }`);
    const row = valueRow(result, timestamp);
    const key = `{ key: ${code.names.constant('index', this.#index)}.key(${slot}) }`;
    emit(this.#toRow === undefined ? row : code.call(this.#toRow, row, [key]).resultRow);
  }
}
