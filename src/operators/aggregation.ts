/**
 * Code that takes the values of rows into the accumulators of named aggregators, and results and partial results out of them.
 * The states, and the slots in them, belong to whoever asks for the code.
 */

import { member } from '../base/code-writer.ts';
import type { OperatorCode } from '../compiler/operator.ts';
import { fieldsRead, type RecordReads, readByAll } from '../compiler/record-reads.ts';
import { type Field, fieldExpression, fieldOf, localField, type Row, wholeRecord } from '../compiler/row.ts';
import type { Aggregator, AggregatorInput, AggregatorState } from './aggregators/aggregator.ts';

export type Aggregators = Readonly<Record<string, Aggregator<never, unknown>>>;

export interface NamedState {
  readonly name: string;
  readonly aggregator: Aggregator<never, unknown>;
  readonly state: AggregatorState;
}

export function createStates(aggregators: Aggregators): NamedState[] {
  return Object.entries(aggregators).map(([name, aggregator]) => ({ name, aggregator, state: aggregator.createState() }));
}

/** What aggregators read of a record. */
export function readByAggregators(aggregators: Aggregators): RecordReads | undefined {
  const fields = readByAll(Object.values(aggregators).map(({ input }) => readOfInput(input)));
  return fields === undefined ? undefined : { fields, handsOn: false };
}

function readOfInput(input: AggregatorInput): readonly string[] | undefined {
  switch (input.kind) {
    case 'none':
      return [];
    case 'record':
      return undefined;
    case 'field':
      return [input.name];
    case 'function':
      return fieldsRead(input.fn);
  }
}

const noNumbers = new Float64Array(0);

/** One number as a column of any length. */
class ConstantColumn {
  readonly #value: number;
  #values = noNumbers;

  constructor(value: number) {
    this.#value = value;
  }

  ofLength(rows: number): Float64Array {
    if (this.#values.length < rows) this.#values = new Float64Array(rows).fill(this.#value);
    return this.#values;
  }
}

/** The slots that the rows of a batch go to. */
export interface BatchTarget {
  /** A local: the slot of each row. */
  readonly slots: string;
  /** Expression of a number that all slots are below. */
  readonly slotCount: string;
  /** Expression, in a loop over `i`, of whether nobody reads the slot of a row. Whole columns are added there all the same. */
  readonly isNobodys: string | undefined;
}

/** The partial result of one value alone. */
function singlePartial(state: AggregatorState): (value: unknown) => unknown {
  return (value) => {
    state.clear(0);
    state.add(0, value);
    return state.partial(0);
  };
}

/** Writes code of one operator for some states. */
export class AggregationCode {
  readonly #code: OperatorCode;
  readonly #states: readonly NamedState[];

  constructor(code: OperatorCode, states: readonly NamedState[]) {
    this.#code = code;
    this.#states = states;
  }

  /** The expressions of what each aggregator is given of a row. */
  inputs(row: Row): string[] {
    return this.#states.map(({ aggregator: { input } }) => this.#input(row, input));
  }

  /** The expressions of the partial results in a row that `partialRow` made. */
  partials(row: Row): string[] {
    return this.#states.map((_, i) => fieldOf(row, String(i))?.read() ?? member(wholeRecord(row), String(i)));
  }

  /** Adds or merges a row's values, which are expressions. */
  take(row: Row, { method, slot, values }: { method: 'add' | 'merge'; slot: string; values: readonly string[] }): void {
    this.guarded(row, () => {
      for (const [i, { state }] of this.#states.entries()) this.#code.body.line(`${this.#name(state)}.${method}(${slot}, ${values[i]});`);
    });
  }

  /** Adds all rows of a batch: a loop for each aggregator keeps its arrays in registers. */
  addBatch(row: Row, target: BatchTarget): void {
    for (const { aggregator, state } of this.#states) {
      const values = state.addColumn === undefined ? undefined : this.#columnOf(row, aggregator.input);
      if (values !== undefined) this.#takeColumn(state, { method: 'addColumn', values }, target);
      else this.#takeEach(row, state, { method: 'add', target, value: () => this.#input(row, aggregator.input) });
    }
  }

  /** Merges the partial results in all rows of a batch. */
  mergeBatch(row: Row, target: BatchTarget): void {
    for (const [i, { state }] of this.#states.entries()) {
      const field = fieldOf(row, String(i));
      const values = state.mergeColumn === undefined ? undefined : field?.numbers?.use();
      if (values !== undefined) this.#takeColumn(state, { method: 'mergeColumn', values }, target);
      else this.#takeEach(row, state, { method: 'merge', target, value: () => field?.read() ?? member(wholeRecord(row), String(i)) });
    }
  }

  #takeColumn(state: AggregatorState, { method, values }: { method: string; values: string }, { slots, slotCount }: BatchTarget): void {
    this.#code.body.line(`${this.#name(state)}.${method}({ slots: ${slots}, slotCount: ${slotCount}, rows, values: ${values} });`);
  }

  #takeEach(
    row: Row,
    state: AggregatorState,
    { method, target, value }: { method: string; target: BatchTarget; value: () => string },
  ): void {
    const { body } = this.#code;
    body.block('for (let i = 0; i < rows; i++)', () => {
      if (target.isNobodys !== undefined) body.line(`if (${target.isNobodys}) continue;`);
      const expression = value();
      this.guarded(row, () => body.line(`${this.#name(state)}.${method}(${target.slots}[i], ${expression});`));
    });
  }

  /** The results of a slot, as fields. */
  results(slot: string): Field[] {
    return this.#states.map(({ name, state }) => {
      const result = this.#code.names.fresh('result');
      this.#code.body.line(`const ${result} = ${this.#name(state)}.result(${slot});`);
      return localField(name, result);
    });
  }

  /** The partial results of a slot, as a row for another subtask. */
  partialRow(slot: string, of: Pick<Row, 'key' | 'timestamp'>): Row {
    const fields = this.#states.map(({ state }, i) => {
      const partial = this.#code.names.fresh('partial');
      this.#code.body.line(`const ${partial} = ${this.#name(state)}.partial(${slot});`);
      return localField(String(i), partial);
    });
    return { form: 'tuple', fields, value: undefined, ...of };
  }

  /** The partial results of one row alone, as a row for another subtask. The states are for this only. */
  singleRow(row: Row, of: Pick<Row, 'key' | 'timestamp'>, values: readonly string[]): Row {
    const partials = this.#states.map(({ aggregator }) => (aggregator.partialOfNumber === 'one' ? '1' : this.#code.names.fresh('partial')));
    const computed = partials.filter((partial) => partial !== '1');
    if (computed.length > 0) this.#code.body.line(`let ${computed.join(', ')};`);
    const isNumber = (i: number): string => `typeof ${values[i]} === 'number' ? ${values[i]} : `;
    const write = (): void => {
      for (const [i, { aggregator, state }] of this.#states.entries()) {
        if (aggregator.partialOfNumber === 'one') continue;
        const single = this.#code.names.constant('single', singlePartial(state));
        const asIs = aggregator.partialOfNumber === 'itself' ? isNumber(i) : '';
        this.#code.body.line(`${partials[i]} = ${asIs}${single}(${values[i]});`);
      }
    };
    if (computed.length > 0) this.guarded(row, write);
    const fields = partials.map((partial, i) => localField(String(i), partial, partial === '1' ? 'float64' : 'js'));
    return { form: 'tuple', fields, value: undefined, ...of };
  }

  /** Code whose errors become failures at the row's record. */
  guarded(row: Row, write: () => void): void {
    this.#code.body.block('try', write);
    this.#code.body.line(`catch (error) { throw ${this.#code.failure('error', wholeRecord(row))}; }`);
  }

  #name(state: AggregatorState): string {
    return this.#code.names.constant('state', state);
  }

  /** The expression of the array that holds an aggregator's input, if there is one. */
  #columnOf(row: Row, input: AggregatorInput): string | undefined {
    if (input.kind === 'none') return this.#code.names.constant('noNumbers', noNumbers);
    const field = input.kind === 'field' ? fieldOf(row, input.name) : undefined;
    if (field?.constant === undefined) return field?.numbers?.use();
    return `${this.#code.names.constant('constantColumn', new ConstantColumn(field.constant))}.ofLength(rows)`;
  }

  #input(row: Row, input: AggregatorInput): string {
    switch (input.kind) {
      case 'none':
        return 'undefined';
      case 'record':
        return wholeRecord(row);
      case 'function':
        return this.#code.call(input.fn, row).result;
      case 'field':
        return fieldExpression(row, input.name);
    }
  }
}
