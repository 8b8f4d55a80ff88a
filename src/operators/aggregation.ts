/**
 * Code that takes the values of rows into the accumulators of named aggregators, and results and partial results out of them.
 * The states, and the slots in them, belong to whoever asks for the code.
 */

import { member } from '../base/code-writer.ts';
import type { OperatorCode } from '../compiler/operator.ts';
import { fieldsRead, type RecordReads, readByAll } from '../compiler/record-reads.ts';
import { type Field, type FieldColumn, fieldExpression, fieldOf, literal, localField, type Row, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { Aggregator, AggregatorInput, AggregatorState, RowNames } from './aggregators/aggregator.ts';
import { NumberLoop } from './number-loop.ts';

export type Aggregators = Readonly<Record<string, Aggregator<never, unknown>>>;

export interface NamedState {
  readonly name: string;
  readonly aggregator: Aggregator<never, unknown>;
  readonly state: AggregatorState;
}

export function createStates(aggregators: Aggregators): NamedState[] {
  return Object.entries(aggregators).map(([name, aggregator]) => ({ name, aggregator, state: aggregator.createState() }));
}

/** The functions that aggregators call, by names for the plan. */
export function functionsOfAggregators(aggregators: Aggregators): Record<string, UserFunction> {
  const functions: Record<string, UserFunction> = {};
  for (const [name, { input, where }] of Object.entries(aggregators)) {
    if (input.kind === 'function') functions[name] = input.fn;
    if (where !== undefined) functions[`${name}: where`] = where;
  }
  return functions;
}

/** What aggregators read of a record. */
export function readByAggregators(aggregators: Aggregators): RecordReads | undefined {
  const reads = Object.values(aggregators).flatMap(({ input, where }) => [
    readOfInput(input),
    ...(where === undefined ? [] : [fieldsRead(where)]),
  ]);
  const fields = readByAll(reads);
  return fields === undefined ? undefined : { fields: [...new Set(fields)], handsOn: false };
}

function readOfInput(input: AggregatorInput): readonly string[] | undefined {
  switch (input.kind) {
    case 'none':
      return [];
    case 'record':
      return input.fields;
    case 'field':
      return [input.name];
    case 'function':
      return fieldsRead(input.fn);
  }
}

/** One number as a column of any length. */
class ConstantColumn {
  readonly #value: number;
  #values = new Float64Array(0);

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

/** The partial result of one value alone, or of nothing. */
function singlePartial(state: AggregatorState): (value: unknown, isTaken: boolean) => unknown {
  return (value, isTaken) => {
    state.clear(0);
    if (isTaken) state.add(0, value);
    return state.partial(0);
  };
}

/** What an aggregator is given of a row: expressions. */
export interface Taken {
  readonly value: string;
  /** Whether it is given that at all; undefined where always. */
  readonly condition: string | undefined;
}

/** The conditions of a row that are known already, by the function that tells: locals. */
type Conditions = Map<UserFunction, string>;

/** What is done with values: with those of records, or with partial results. */
type Method = 'add' | 'merge';

/** Where the values of the rows of a batch lie. */
interface BatchColumn {
  /** `use` gives the expression of their array; undefined where no value matters. */
  readonly numbers?: { use(): string | undefined };
  readonly column?: FieldColumn;
}

/** For an aggregator that sees no values. */
const noColumn: BatchColumn = { numbers: { use: () => undefined } };

/** What an aggregator is given of the rows of a batch. */
interface Given {
  readonly column: BatchColumn | undefined;
  /** Writes the code that takes it from a row. */
  readonly taken: () => Taken;
}

/** How a state takes numbers of many rows. */
function numberMethods(state: AggregatorState, method: Method): { print: ((names: RowNames) => string) | undefined; hasColumn: boolean } {
  const print = method === 'add' ? state.addCode : state.mergeCode;
  const hasColumn = (method === 'add' ? state.addColumn : state.mergeColumn) !== undefined;
  return { print: print?.bind(state), hasColumn };
}

/** Writes code of one operator for some states. */
export class AggregationCode {
  readonly #code: OperatorCode;
  readonly #states: readonly NamedState[];
  readonly #shown: (row: Row) => string;

  /** @param shown the expression of what errors show of a row; the row itself when absent */
  constructor(code: OperatorCode, states: readonly NamedState[], shown: (row: Row) => string = wholeRecord) {
    this.#code = code;
    this.#states = states;
    this.#shown = shown;
  }

  /** What each aggregator is given of a row. */
  inputs(row: Row): Taken[] {
    const conditions: Conditions = new Map();
    return this.#states.map(({ aggregator }) => this.#taken(row, aggregator, conditions));
  }

  /** The partial results in a row that `partialRow` made. */
  partials(row: Row): Taken[] {
    const partialOf = (i: number): string => fieldOf(row, String(i))?.read() ?? member(wholeRecord(row), String(i));
    return this.#states.map((_, i) => ({ value: partialOf(i), condition: undefined }));
  }

  /** Adds or merges a row's values. */
  take(row: Row, { method, slot, values }: { method: Method; slot: string; values: readonly Taken[] }): void {
    const states = this.#states.map(({ state }) => this.#name(state));
    this.guarded(row, () => generateTaking(this.#code, { states, method, slot, values }));
  }

  /** Adds all rows of a batch. */
  addBatch(row: Row, target: BatchTarget): void {
    const given = this.#states.map(({ aggregator }) => ({
      column: aggregator.where === undefined ? this.#columnOf(row, aggregator.input) : undefined,
      taken: () => this.#taken(row, aggregator, new Map()),
    }));
    this.#takeBatch(row, { method: 'add', given, target });
  }

  /** Merges the partial results in all rows of a batch. */
  mergeBatch(row: Row, target: BatchTarget): void {
    const given = this.#states.map((_, i) => ({ column: fieldOf(row, String(i)), taken: () => this.partials(row)[i] as Taken }));
    this.#takeBatch(row, { method: 'merge', given, target });
  }

  /** In one loop for most aggregators of numbers, and in one for each of the others. */
  #takeBatch(row: Row, { method, given, target }: { method: Method; given: readonly Given[]; target: BatchTarget }): void {
    const loop = new NumberLoop();
    for (const [i, { state }] of this.#states.entries()) {
      const { column, taken } = given[i] as Given;
      const { numbers, column: strings } = column ?? {};
      const { print, hasColumn } = numberMethods(state, method);
      if (numbers !== undefined && print !== undefined) loop.add({ state, numbers: numbers.use(), print });
      else if (numbers !== undefined && hasColumn) this.#takeColumn(state, { method, values: numbers.use() }, target);
      else if (strings !== undefined && state.numbersOf !== undefined) this.#takeStrings(state, strings, target);
      else this.#takeEach(row, state, { method, target, taken });
    }
    loop.write(this.#code, row, target);
  }

  #takeColumn(
    state: AggregatorState,
    { method, values }: { method: Method; values: string | undefined },
    { slots, slotCount }: BatchTarget,
  ): void {
    this.#code.body.line(`${this.#name(state)}.${method}Column({ slots: ${slots}, slotCount: ${slotCount}, rows, values: ${values} });`);
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
    { method, target, taken }: { method: Method; target: BatchTarget; taken: () => Taken },
  ): void {
    const { body } = this.#code;
    body.block('for (let i = 0; i < rows; i++)', () => {
      if (target.isNobodys !== undefined) body.line(`if (${target.isNobodys}) continue;`);
      const values = [taken()];
      const states = [this.#name(state)];
      this.guarded(row, () => generateTaking(this.#code, { states, method, slot: `${target.slots}[i]`, values }));
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
  singleRow(row: Row, of: Pick<Row, 'key' | 'timestamp'>, values: readonly Taken[]): Row {
    const computed: (() => void)[] = [];
    const fields = this.#states.map(({ aggregator, state }, i) => {
      const known = this.#singlePartial(row, aggregator);
      if (known !== undefined) return { ...known, name: String(i) };
      const partial = this.#code.names.fresh('partial');
      this.#code.body.line(`let ${partial};`);
      const single = this.#code.names.constant('single', singlePartial(state));
      const { value, condition = 'true' } = values[i] as Taken;
      const asIs = aggregator.partialOfNumber === 'itself' ? `typeof ${value} === 'number' ? ${value} : ` : '';
      computed.push(() => this.#code.body.line(`${partial} = ${asIs}${single}(${value}, ${condition});`));
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
    this.#code.body.line(`catch (error) { throw ${this.#code.failure('error', this.#shown(row))}; }`);
  }

  #name(state: AggregatorState): string {
    return this.#code.names.constant('state', state);
  }

  /** The column that holds an aggregator's input, if there is one. */
  #columnOf(row: Row, input: AggregatorInput): BatchColumn | undefined {
    if (input.kind === 'none') return noColumn;
    const field = input.kind === 'field' ? fieldOf(row, input.name) : undefined;
    const { constant } = field ?? {};
    if (constant === undefined) return field;
    const name = this.#code.names.constant('constantColumn', new ConstantColumn(constant));
    return { numbers: { use: () => `${name}.ofLength(rows)` } };
  }

  #taken(row: Row, { input, where }: NamedState['aggregator'], conditions: Conditions): Taken {
    if (where === undefined) return { value: this.#input(row, input), condition: undefined };
    const condition = conditions.get(where) ?? this.#code.call(where, row).result;
    conditions.set(where, condition);
    if (input.kind !== 'function') return { value: this.#input(row, input), condition };
    // Of other records the function knows nothing.
    const { names, body } = this.#code;
    const value = names.fresh('value');
    body.line(`let ${value};`);
    body.block(`if (${condition})`, () => body.line(`${value} = ${this.#input(row, input)};`));
    return { value, condition };
  }

  #input(row: Row, input: AggregatorInput): string {
    switch (input.kind) {
      case 'none':
        return 'undefined';
      case 'record': {
        const { fields } = input;
        return fields === undefined ? wholeRecord(row) : literal(row, (name) => fields.includes(name));
      }
      case 'function':
        return this.#code.call(input.fn, row).result;
      case 'field':
        return fieldExpression(row, input.name);
    }
  }
}

/** Writes what adds or merges the values of a row. @param taking names of the states, and what each is given */
export function generateTaking(
  { body }: OperatorCode,
  taking: {
    readonly states: readonly string[];
    readonly method: Method;
    readonly slot: string;
    readonly values: readonly Taken[];
  },
): void {
  for (const [i, { value, condition }] of taking.values.entries()) {
    const guard = condition === undefined ? '' : `if (${condition}) `;
    body.line(`${guard}${taking.states[i]}.${taking.method}(${taking.slot}, ${value});`);
  }
}
