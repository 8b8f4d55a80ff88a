/**
 * Code that takes the values of rows into the accumulators of named aggregators, and results and partial results out of them.
 * The states, and the slots in them, belong to whoever asks for the code.
 */

import { member } from '../base/code-writer.ts';
import type { OperatorCode } from '../compiler/operator.ts';
import { fieldsRead, type RecordReads, readByAll } from '../compiler/record-reads.ts';
import { type Field, type FieldColumn, fieldExpression, fieldOf, localField, type Row, wholeRecord } from '../compiler/row.ts';
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
      const { input } = aggregator;
      const values = state.addColumn === undefined ? undefined : this.#columnOf(row, input);
      const strings = state.numbersOf === undefined || input.kind !== 'field' ? undefined : fieldOf(row, input.name)?.column;
      if (values !== undefined) this.#takeColumn(state, { method: 'addColumn', values }, target);
      else if (strings !== undefined) this.#takeStrings(state, strings, target);
      else this.#takeEach(row, state, { method: 'add', target, value: () => this.#input(row, aggregator.input) });
    }
  }

  /** Merges the partial results in all rows of a batch. */
  mergeBatch(row: Row, target: BatchTarget): void {
    for (const [i, { state }] of this.#states.entries()) {
      const field = fieldOf(row, String(i));
      const values = state.mergeColumn === undefined ? undefined : field?.numbers?.use();
      const strings = state.numbersOf === undefined ? undefined : field?.column;
      if (values !== undefined) this.#takeColumn(state, { method: 'mergeColumn', values }, target);
      else if (strings !== undefined) this.#takeStrings(state, strings, target);
      else this.#takeEach(row, state, { method: 'merge', target, value: () => field?.read() ?? member(wholeRecord(row), String(i)) });
    }
  }

  #takeColumn(state: AggregatorState, { method, values }: { method: string; values: string }, { slots, slotCount }: BatchTarget): void {
    this.#code.body.line(`${this.#name(state)}.${method}({ slots: ${slots}, slotCount: ${slotCount}, rows, values: ${values} });`);
  }

  #takeStrings(state: AggregatorState, strings: FieldColumn, { slots, isNobodys }: BatchTarget): void {
    const { body, names } = this.#code;
    const numbers = names.fresh('numbers');
    body.line(`const ${numbers} = ${this.#name(state)}.numbersOf(${strings.use()}, rows);`);
    body.block('for (let i = 0; i < rows; i++)', () => {
      if (isNobodys !== undefined) body.line(`if (${isNobodys}) continue;`);
      body.line(`${this.#name(state)}.addNumbered(${slots}[i], ${numbers}[i]);`);
    });
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
    const computed: (() => void)[] = [];
    const fields = this.#states.map(({ aggregator, state }, i) => {
      const known = this.#singlePartial(row, aggregator);
      if (known !== undefined) return { ...known, name: String(i) };
      const partial = this.#code.names.fresh('partial');
      this.#code.body.line(`let ${partial};`);
      const single = this.#code.names.constant('single', singlePartial(state));
      const asIs = aggregator.partialOfNumber === 'itself' ? `typeof ${values[i]} === 'number' ? ${values[i]} : ` : '';
      computed.push(() => this.#code.body.line(`${partial} = ${asIs}${single}(${values[i]});`));
      return localField(String(i), partial);
    });
    const write = (): void => {
      for (const each of computed) each();
    };
    if (computed.length > 0) this.guarded(row, write);
    return { form: 'tuple', fields, value: undefined, ...of };
  }

  /** The partial result of a row alone, where it is the column that its value lies in. */
  #singlePartial(row: Row, { input, partialOfNumber, partialOfString }: NamedState['aggregator']): Field | undefined {
    if (partialOfNumber === 'one') return localField('', '1', 'float64');
    const field = input.kind === 'field' ? fieldOf(row, input.name) : undefined;
    const isItself =
      (partialOfString === 'itself' && field?.column !== undefined) || (partialOfNumber === 'itself' && field?.numbers !== undefined);
    return isItself ? field : undefined;
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
