/**
 * `aggregate({ … })` on a keyed stream: rows of the key and the results of aggregators. Rolling in streaming mode; in batch
 * mode one row a key at the end of the input, and then aggregated in front of the exchange as well: what travels are partial
 * results, one for each key and producer.
 */

import { MillraceError } from '../base/errors.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type Field, localField, type Row } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { ChangeLog } from '../state/change-log.ts';
import { KeyIndex } from '../state/key-index.ts';
import {
  AggregationCode,
  type Aggregators,
  createStates,
  functionsOfAggregators,
  generateTaking,
  type NamedState,
  readByAggregators,
  type Taken,
} from './aggregation.ts';
import { type AggregatorSchema, aggregatorSchema, partialsReader, writePartials } from './aggregator-contents.ts';
import type { Aggregator, AggregatorState } from './aggregators/aggregator.ts';
import { synchronous } from './functions.ts';
import { type BatchSlots, carriedKey, generateKeyLoop, generateSlot, generateSlots, SlotCursor, type SlottedRow } from './keyed.ts';
import { warnOfMissingValues } from './missing-values.ts';
import { generateTouch, generateTouchAll, slotContents } from './slot-contents.ts';

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
  const functions = functionsOfAggregators(options.aggregators);
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
    reads: () => (which === 'merge' ? undefined : readByAggregators(options.aggregators)),
    create: (context) => new KeyedAggregate(options, context, which),
  };
}

interface Result {
  /** A local. */
  readonly slot: string;
  readonly key: Field;
  readonly timestamp: string | undefined;
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

class KeyedAggregate implements OperatorInstance {
  readonly #context: OperatorContext;
  readonly #part: Part;
  readonly #toRow: UserFunction | undefined;
  readonly #index: KeyIndex;
  readonly #states: readonly NamedState[];
  readonly #log: ChangeLog;
  readonly #passing: Passing;
  readonly #cursor = new SlotCursor();

  constructor(options: KeyedAggregateOptions, context: OperatorContext, which: Part) {
    this.#context = context;
    this.#part = which;
    this.#toRow = options.toRow;
    this.#index = new KeyIndex(which === 'local' ? context.limits.localAggregationKeys : undefined);
    const states = createStates(options.aggregators);
    this.#states = states;
    const contents = slotContents(this.#index, {
      schema: aggregatorSchema(options.aggregators),
      write: (slot, sink, of) => writePartials(states, slot, sink, of),
      reader: (schema) => partialsReader(schema as AggregatorSchema, states, context.warn),
      evict:
        which === 'whole'
          ? (slot) => {
              for (const { state } of states) state.clear(slot);
            }
          : undefined,
    });
    this.#log = context.keyedState('aggregates', contents);
    this.#passing = new Passing(Object.values(options.aggregators), context.limits.passingSlots);
  }

  get #rolling(): boolean {
    return this.#part === 'whole' && this.#context.mode === 'streaming';
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    this.#generateRow(code, generateSlot(code, row, this.#context, this.#index), emit);
  }

  #generateRow(code: OperatorCode, slotted: SlottedRow, emit: Emit): void {
    const aggregation = new AggregationCode(code, this.#states);
    const merges = this.#part === 'merge';
    const values = merges ? aggregation.partials(slotted.row) : aggregation.inputs(slotted.row);
    if (this.#part === 'local') {
      code.body.block(`if (${slotted.slot} < 0)`, () => this.#pass(code, { ...slotted, values }, emit), '} else {');
    } else code.body.line('{');
    generateTouch(code, this.#log, slotted.slot);
    aggregation.take(slotted.row, { method: merges ? 'merge' : 'add', slot: slotted.slot, values });
    code.body.line('}');
    if (!this.#rolling) return;
    const { slot, row } = slotted;
    const key = `${code.names.constant('index', this.#index)}.key(${slot})`;
    this.#emitResult(code, { slot, key: localField('key', key), timestamp: row.timestamp }, emit);
  }

  /**
   * The slots of all rows first, then one loop for most aggregators: what is kept of a slot is looked up side by side. Where every row
   * brings a result, only the slots are found at once.
   */
  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const found = generateSlots(code, row, this.#context, this.#index);
    if (found === undefined) return false;
    if (this.#rolling) {
      code.eachRow(() => {
        const slot = code.names.fresh('slot');
        code.body.line(`const ${slot} = ${found.slots}[i];`);
        this.#generateRow(code, { row, key: found.key, hash: found.hash, slot }, emit);
      });
      return true;
    }
    // First of all what may stop, and is then begun again.
    if (this.#part === 'local') this.#passLeft(code, row, found, emit);
    const { slots } = found;
    const index = code.names.constant('index', this.#index);
    // Rows without room add to the slot behind the last, which nobody reads, where a whole column is added.
    const target =
      this.#part === 'local'
        ? { slots, slotCount: `${index}.size + 1`, isNobodys: `${slots}[i] === ${index}.size` }
        : { slots, slotCount: `${index}.size`, isNobodys: undefined };
    generateTouchAll(code, this.#log, slots, '0', `${index}.size`);
    const aggregation = new AggregationCode(code, this.#states);
    if (this.#part === 'merge') aggregation.mergeBatch(row, target);
    else aggregation.addBatch(row, target);
    return true;
  }

  /** Rows that found no room. */
  #passLeft(code: OperatorCode, row: Row, { key, hash, slots, left }: BatchSlots, emit: Emit): void {
    const index = code.names.constant('index', this.#index);
    code.body.block(`if (${left} > 0)`, () => {
      code.eachRow(() => {
        code.body.line(`if (${slots}[i] !== ${index}.size) continue;`);
        this.#pass(code, { row, key, hash, values: new AggregationCode(code, this.#states).inputs(row) }, emit);
      });
    });
  }

  generateFinish(code: OperatorCode, limit: string, emit: Emit): string {
    if (this.#rolling) return 'true';
    const index = this.#index;
    return generateKeyLoop(code, { index, cursor: this.#cursor, limit, spec: this.#context.key }, (slot, field) => {
      if (this.#part !== 'local') this.#emitResult(code, { slot, key: field, timestamp: undefined }, emit);
      else {
        const key = carriedKey(code, index, slot, field);
        emit(new AggregationCode(code, this.#states).partialRow(slot, { key, timestamp: undefined }));
      }
    });
  }

  /** Who takes partial results sees only what the others have made of the records. */
  finish(): void {
    if (this.#part !== 'merge') warnOfMissingValues(this.#states, this.#index.size, this.#context);
  }

  /** A record of a key that has no room here goes on as a partial result of its own. */
  #pass(code: OperatorCode, input: Omit<SlottedRow, 'slot'> & { readonly values: readonly Taken[] }, emit: Emit): void {
    const passing = code.names.constant('passing', this.#passing);
    const slot = code.names.fresh('passed');
    code.body.line(`const ${slot} = ${passing}.slot();`);
    const states = this.#states.map((_, i) => `${passing}.states[${i}]`);
    const { values } = input;
    new AggregationCode(code, this.#states).guarded(input.row, () => generateTaking(code, { states, method: 'add', slot, values }));
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

  #emitResult(code: OperatorCode, { slot, key, timestamp }: Result, emit: Emit): void {
    const rowOf = (key: Field): Row => {
      const results = new AggregationCode(code, this.#states).results(slot);
      return { form: 'object', fields: [key, ...results], value: undefined, timestamp, key: undefined };
    };
    if (this.#toRow === undefined) emit(rowOf(key));
    else {
      const name = code.names.fresh('key');
      code.body.line(`const ${name} = ${key.read()};`);
      emit(code.call(this.#toRow, rowOf(localField('key', name)), [`{ key: ${name} }`]).resultRow);
    }
  }
}
