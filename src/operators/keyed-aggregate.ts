/**
 * `aggregate({ … })` on a keyed stream: rows of the key and the results of aggregators. Rolling in streaming mode; in batch
 * mode one row a key at the end of the input, and then aggregated in front of the exchange as well: what travels are partial
 * results, one for each key and producer.
 */

import { MillraceError } from '../base/errors.ts';
import { member } from '../compiler/code-writer.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { fieldExpression, fieldOf, localField, type Row, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import { KeyIndex } from '../state/key-index.ts';
import type { Aggregator, AggregatorInput, AggregatorState } from './aggregators/aggregator.ts';
import { synchronous } from './functions.ts';
import {
  type BatchSlots,
  generateSlot,
  generateSlotLoop,
  generateSlots,
  restoreSlots,
  SlotCursor,
  type SlotsSnapshot,
  type SlottedRow,
  slotKey,
  snapshotSlots,
} from './keyed.ts';
import { warnOfMissingValues } from './missing-values.ts';

type Aggregators = Readonly<Record<string, Aggregator<never, unknown>>>;

export interface KeyedAggregateOptions {
  readonly aggregators: Aggregators;
  /** Makes the output row of the result row. */
  readonly toRow: UserFunction | undefined;
}

/** Where in the plan an instance stands. */
type Part =
  /** The whole aggregation. */
  | 'whole'
  /** In front of the exchange: records in, partial results out. */
  | 'local'
  /** Behind it: partial results in, rows out. */
  | 'merge';

export function keyedAggregateOperator(options: KeyedAggregateOptions): Operator {
  checkNames(options.aggregators);
  if (options.toRow !== undefined) synchronous(options.toRow, 'aggregate');
  return { ...part(options, 'whole'), local: part(options, 'local'), merge: part(options, 'merge') };
}

/** @param taken names that rows have already */
export function checkNames(aggregators: Aggregators, taken: readonly string[] = ['key']): void {
  const names = Object.keys(aggregators);
  if (names.length === 0) throw new MillraceError('INVALID_OPTION', 'aggregate: name at least one aggregator, such as { hits: count() }');
  for (const name of names) {
    if (typeof aggregators[name]?.createState !== 'function') {
      throw new MillraceError('INVALID_OPTION', `aggregate: '${name}' is not an aggregator; write one such as count() or sum('bytes')`);
    }
    if (taken.includes(name) || name === '__proto__' || /^\d+$/.test(name)) {
      throw new MillraceError('INVALID_OPTION', `aggregate: a result cannot be called '${name}'; give it another name`);
    }
  }
}

function part(options: KeyedAggregateOptions, which: Part): Operator {
  const functions: Record<string, UserFunction> = {};
  for (const [name, { input }] of Object.entries(options.aggregators)) if (input.kind === 'function') functions[name] = input.fn;
  if (options.toRow !== undefined) functions.toRow = options.toRow;
  const described = Object.entries(options.aggregators).map(([name, { kind, input, details }]) => [
    name,
    kind,
    input.kind === 'field' ? input.name : input.kind,
    details,
  ]);
  return {
    kind: which === 'whole' ? 'aggregate' : `aggregate-${which}`,
    title: 'aggregate',
    functions,
    details: { aggregators: described },
    retains: true,
    create: (context) => new KeyedAggregate(options, context, which),
  };
}

interface NamedState {
  readonly name: string;
  readonly aggregator: Aggregator<never, unknown>;
  readonly state: AggregatorState;
}

/** Accumulators for one record each: of those that found no room in a full local aggregation. */
class Passing {
  readonly #aggregators: readonly Aggregator<never, unknown>[];
  /** Accumulators that are made at a time. */
  readonly #slots: number;
  states: readonly AggregatorState[] = [];
  #next: number;

  constructor(aggregators: readonly Aggregator<never, unknown>[], slots: number) {
    this.#aggregators = aggregators;
    this.#slots = slots;
    this.#next = slots;
  }

  slot(): number {
    if (this.#next === this.#slots) {
      this.states = this.#aggregators.map((aggregator) => aggregator.createState());
      this.#next = 0;
    }
    return this.#next++;
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

interface BatchAdd extends Omit<NamedState, 'name'> {
  readonly found: BatchSlots;
}

class KeyedAggregate implements OperatorInstance {
  readonly #context: OperatorContext;
  readonly #part: Part;
  readonly #toRow: UserFunction | undefined;
  readonly #index: KeyIndex;
  readonly #states: readonly NamedState[];
  readonly #passing: Passing;
  readonly #cursor = new SlotCursor();

  constructor(options: KeyedAggregateOptions, context: OperatorContext, which: Part) {
    this.#context = context;
    this.#part = which;
    this.#toRow = options.toRow;
    this.#index = new KeyIndex(which === 'local' ? context.limits.localAggregationKeys : undefined);
    this.#states = Object.entries(options.aggregators).map(([name, aggregator]) => ({ name, aggregator, state: aggregator.createState() }));
    this.#passing = new Passing(Object.values(options.aggregators), context.limits.passingSlots);
  }

  get #rolling(): boolean {
    return this.#part === 'whole' && this.#context.mode === 'streaming';
  }

  /** Partial results. */
  snapshot(): SlotsSnapshot {
    return snapshotSlots(this.#index, (slot) => this.#states.map(({ state }) => state.partial(slot)));
  }

  restore(snapshot: SlotsSnapshot): void {
    restoreSlots(this.#index, snapshot, (slot, partials) => {
      for (const [i, { state }] of this.#states.entries()) state.merge(slot, (partials as readonly unknown[])[i]);
    });
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    this.#generateRow(code, generateSlot(code, row, this.#context, this.#index), emit);
  }

  #generateRow(code: OperatorCode, slotted: SlottedRow, emit: Emit): void {
    const values = this.#part === 'merge' ? this.#partials(slotted.row) : this.#inputs(code, slotted.row);
    if (this.#part === 'local') {
      code.body.block(`if (${slotted.slot} < 0)`, () => this.#pass(code, { ...slotted, values }, emit), '} else {');
    } else code.body.line('{');
    const method = this.#part === 'merge' ? 'merge' : 'add';
    this.#guarded(code, slotted.row, () => {
      for (const [i, { state }] of this.#states.entries()) {
        code.body.line(`${code.names.constant('state', state)}.${method}(${slotted.slot}, ${values[i]});`);
      }
    });
    code.body.line('}');
    if (this.#rolling) this.#emitResult(code, slotted.slot, slotted.row.timestamp, emit);
  }

  /**
   * The slots of all rows first, then a loop for each aggregator, keeps the arrays of each in registers. Where every row
   * brings a result, or values are partial ones, only the slots are found at once.
   */
  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const found = generateSlots(code, row, this.#context, this.#index);
    if (found === undefined) return false;
    if (this.#rolling || this.#part === 'merge') {
      code.eachRow(() => {
        const slot = code.names.fresh('slot');
        code.body.line(`const ${slot} = ${found.slots}[i];`);
        this.#generateRow(code, { row, key: found.key, hash: found.hash, slot }, emit);
      });
      return true;
    }
    // First of all what may stop, and is then begun again.
    if (this.#part === 'local') this.#passLeft(code, row, found, emit);
    for (const { aggregator, state } of this.#states) this.#addBatch(code, row, { aggregator, state, found });
    return true;
  }

  /** Rows that found no room. */
  #passLeft(code: OperatorCode, row: Row, { key, hash, slots, left }: BatchSlots, emit: Emit): void {
    const index = code.names.constant('index', this.#index);
    code.body.block(`if (${left} > 0)`, () => {
      code.eachRow(() => {
        code.body.line(`if (${slots}[i] !== ${index}.size) continue;`);
        this.#pass(code, { row, key, hash, values: this.#inputs(code, row) }, emit);
      });
    });
  }

  /** Rows without room add to the slot behind the last, which nobody reads, where a whole column is added. */
  #addBatch(code: OperatorCode, row: Row, { aggregator: { input }, state, found }: BatchAdd): void {
    const name = code.names.constant('state', state);
    const index = code.names.constant('index', this.#index);
    const values = state.addColumn === undefined ? undefined : this.#columnOf(code, row, input);
    if (values !== undefined) {
      const slotCount = this.#part === 'local' ? `${index}.size + 1` : `${index}.size`;
      code.body.line(`${name}.addColumn({ slots: ${found.slots}, slotCount: ${slotCount}, rows, values: ${values} });`);
      return;
    }
    code.body.block('for (let i = 0; i < rows; i++)', () => {
      if (this.#part === 'local') code.body.line(`if (${found.slots}[i] === ${index}.size) continue;`);
      const value = this.#input(code, row, input);
      this.#guarded(code, row, () => code.body.line(`${name}.add(${found.slots}[i], ${value});`));
    });
  }

  /** The expression of the array that holds an aggregator's input, if there is one. */
  #columnOf(code: OperatorCode, row: Row, input: AggregatorInput): string | undefined {
    if (input.kind === 'none') return code.names.constant('noNumbers', noNumbers);
    const field = input.kind === 'field' ? fieldOf(row, input.name) : undefined;
    if (field?.constant === undefined) return field?.numbers?.use();
    return `${code.names.constant('constantColumn', new ConstantColumn(field.constant))}.ofLength(rows)`;
  }

  generateFinish(code: OperatorCode, limit: string, emit: Emit): string {
    if (this.#rolling) return 'true';
    return generateSlotLoop(code, { index: this.#index, cursor: this.#cursor, limit }, (slot) => {
      if (this.#part !== 'local') this.#emitResult(code, slot, undefined, emit);
      else
        emit(
          this.#partialRow(
            code,
            this.#states.map(({ state }) => code.names.constant('state', state)),
            slot,
            slotKey(code, this.#index, slot),
          ),
        );
    });
  }

  /** Who takes partial results sees only what the others have made of the records. */
  finish(): void {
    if (this.#part !== 'merge') warnOfMissingValues(this.#states, this.#index.size, this.#context);
  }

  /** Code whose errors become failures at the row's record. */
  #guarded(code: OperatorCode, row: Row, write: () => void): void {
    code.body.block('try', write);
    code.body.line(`catch (error) { throw ${code.failure('error', wholeRecord(row))}; }`);
  }

  /** The expressions of what each aggregator is given. */
  #inputs(code: OperatorCode, row: Row): string[] {
    return this.#states.map(({ aggregator: { input } }) => this.#input(code, row, input));
  }

  #input(code: OperatorCode, row: Row, input: AggregatorInput): string {
    switch (input.kind) {
      case 'none':
        return 'undefined';
      case 'record':
        return wholeRecord(row);
      case 'function':
        return code.call(input.fn, row).result;
      case 'field':
        return fieldExpression(row, input.name);
    }
  }

  #partials(row: Row): string[] {
    return this.#states.map((_, i) => fieldOf(row, String(i))?.read() ?? member(wholeRecord(row), String(i)));
  }

  /** A record of a key that has no room here goes on as a partial result of its own. */
  #pass(code: OperatorCode, input: Omit<SlottedRow, 'slot'> & { readonly values: readonly string[] }, emit: Emit): void {
    const passing = code.names.constant('passing', this.#passing);
    const slot = code.names.fresh('passed');
    code.body.line(`const ${slot} = ${passing}.slot();`);
    const states = this.#states.map((_, i) => `${passing}.states[${i}]`);
    this.#guarded(code, input.row, () => {
      for (const [i, state] of states.entries()) code.body.line(`${state}.add(${slot}, ${input.values[i]});`);
    });
    emit(this.#partialRow(code, states, slot, { field: input.key, hash: input.hash }));
  }

  #partialRow(code: OperatorCode, states: readonly string[], slot: string, key: NonNullable<Row['key']>): Row {
    const fields = states.map((state, i) => {
      const partial = code.names.fresh('partial');
      code.body.line(`const ${partial} = ${state}.partial(${slot});`);
      return localField(String(i), partial);
    });
    return { form: 'tuple', fields, value: undefined, timestamp: undefined, key };
  }

  #emitResult(code: OperatorCode, slot: string, timestamp: string | undefined, emit: Emit): void {
    const key = code.names.fresh('key');
    code.body.line(`const ${key} = ${code.names.constant('index', this.#index)}.key(${slot});`);
    const results = this.#states.map(({ name, state }) => {
      const result = code.names.fresh('result');
      code.body.line(`const ${result} = ${code.names.constant('state', state)}.result(${slot});`);
      return localField(name, result);
    });
    const row: Row = { form: 'object', fields: [localField('key', key), ...results], value: undefined, timestamp, key: undefined };
    emit(this.#toRow === undefined ? row : code.call(this.#toRow, row, [`{ key: ${key} }`]).resultRow);
  }
}
