/**
 * How the records of a window become what its function is given: kept as they are, or folded into one value as they come. One
 * fold for each subtask.
 *
 * @hotpath
 */

import { MissingFieldError } from '../../compiler/missing-field.ts';
import type { OperatorContext } from '../../compiler/operator.ts';
import { accumulatedContents, listedContents, reducedContents, type WindowContents } from '../../time/windows/window-contents.ts';
import { type Aggregators, createStates } from '../aggregation.ts';
import { type AggregatorSchema, aggregatorSchema, partialsReader, writePartials } from '../aggregator-contents.ts';
import type { AggregatorState } from '../aggregators/aggregator.ts';
import { readerOf } from '../aggregators/input.ts';
import type { AggregateFunction } from '../keyed-fold.ts';
import { MissingValues } from '../missing-values.ts';
import { callText, combination, type RollingOptions, withField } from '../rolling.ts';
import { type ContentsCodec, plainCodec } from './window-contents-codec.ts';

export interface WindowFold {
  /** Of a window without an evictor. */
  readonly contents: WindowContents<unknown, unknown>;
  /** What the function is given of the contents. */
  read(contents: unknown): unknown;
  /** Whether there is something to be given of no records at all, which is what an evictor may leave. */
  readonly takesNothing: boolean;
  /** What the function is given of the records that an evictor has left. */
  readAll(records: readonly unknown[]): unknown;
  /** How contents are stored, of a window without an evictor. */
  readonly codec: ContentsCodec;
  /** At the end of the input: says what is to be said of all records. */
  finish?(context: OperatorContext): void;
}

const asIs = (contents: unknown): unknown => contents;

/** The records themselves. */
export function listFold(): WindowFold {
  return {
    contents: listedContents<unknown>() as WindowContents<unknown, unknown>,
    read: asIs,
    takesNothing: true,
    readAll: asIs,
    codec: plainCodec('records'),
  };
}

/** One record made of all. What is wrong with a record that is combined with no other, `check` throws. */
export function reduceFold(reduce: (soFar: unknown, next: unknown) => unknown, check: (record: unknown) => void = () => {}): WindowFold {
  const create = (record: unknown): unknown => {
    check(record);
    return record;
  };
  return {
    contents: { ...reducedContents<unknown>(reduce), create },
    read: asIs,
    takesNothing: false,
    readAll: ([first, ...others]) => others.reduce((soFar, next) => reduce(soFar, next), create(first)),
    codec: plainCodec('a record made of all'),
  };
}

/** The accumulator of an aggregate function. */
export function aggregateFold(fn: AggregateFunction<unknown, unknown, unknown>): WindowFold {
  return {
    contents: accumulatedContents<unknown, unknown>(fn),
    read: (accumulator) => fn.getResult(accumulator),
    takesNothing: true,
    readAll: (records) => fn.getResult(records.reduce((accumulator, record) => fn.add(record, accumulator), fn.createAccumulator())),
    codec: plainCodec('an accumulator of an aggregate function'),
  };
}

interface Rolled {
  readonly first: unknown;
  aggregate: unknown;
}

/** The first record, with a field replaced by its sum, minimum or maximum. */
export function rollingFold(options: RollingOptions): WindowFold {
  const { field } = options;
  const combine = combination(options);
  const aggregated = (record: unknown): unknown => {
    const value = field === undefined ? record : (record as Readonly<Record<string, unknown>> | null)?.[field];
    if (value === undefined && field !== undefined) throw new MissingFieldError(callText(options), field);
    return value;
  };
  const create = (record: unknown): Rolled => {
    const value = aggregated(record);
    // Checks the first one alone, as every later one is when it is combined.
    combine(value, value);
    return { first: record, aggregate: value };
  };
  const add = (rolled: Rolled, record: unknown): Rolled => {
    rolled.aggregate = combine(rolled.aggregate, aggregated(record));
    return rolled;
  };
  const merge = (into: Rolled, from: Rolled): Rolled => {
    into.aggregate = combine(into.aggregate, from.aggregate);
    return into;
  };
  const read = ({ first, aggregate }: Rolled): unknown => (field === undefined ? aggregate : withField(first, field, aggregate));
  return {
    contents: { create, add, merge } as WindowContents<unknown, unknown>,
    read: read as (contents: unknown) => unknown,
    takesNothing: false,
    readAll: ([first, ...others]) => read(others.reduce<Rolled>(add, create(first))),
    codec: plainCodec(callText(options)),
  };
}

/**
 * Named aggregators: the contents of a window are the number of its accumulators, which goes to another window when it ends. What
 * is read are the results in the order of the names.
 */
export class AggregatorsFold implements WindowFold {
  readonly takesNothing = true;
  readonly codec: ContentsCodec;
  readonly #states: readonly AggregatorState[];
  readonly #inputs: readonly ((record: unknown) => unknown)[];
  /** By aggregator: tells the records that it takes; undefined where all. */
  readonly #wheres: readonly (((record: unknown) => unknown) | undefined)[];
  readonly #missing: MissingValues;
  readonly #free: number[] = [];
  /** Numbers so far. */
  #size = 0;

  constructor(aggregators: Aggregators) {
    const states = createStates(aggregators);
    this.#states = states.map(({ state }) => state);
    this.#missing = new MissingValues(states);
    this.#inputs = states.map(({ aggregator: { input } }) => readerOf(input));
    this.#wheres = states.map(({ aggregator: { where } }) => where as ((record: unknown) => unknown) | undefined);
    this.codec = {
      schema: aggregatorSchema(aggregators),
      write: (slot, sink, of) => writePartials(states, slot as number, sink, of),
      reader: (schema, warn) => {
        const read = partialsReader(schema as AggregatorSchema, states, warn);
        return (source) => {
          const slot = this.#take();
          read(source, slot);
          return slot;
        };
      },
    };
  }

  #take(): number {
    return this.#free.pop() ?? this.#size++;
  }

  readonly contents: WindowContents<unknown, unknown> = {
    create: (record) => {
      const slot = this.#take();
      this.#add(slot, record);
      return slot;
    },
    add: (slot, record) => {
      this.#add(slot as number, record);
      return slot;
    },
    merge: (into, from) => {
      for (const state of this.#states) state.merge(into as number, state.partial(from as number));
      return into;
    },
    drop: (slot) => {
      this.#missing.look(slot as number, (slot as number) + 1);
      this.#drop(slot as number);
    },
  };

  /** Accumulators that are in use. */
  get used(): number {
    return this.#size - this.#free.length;
  }

  read(slot: unknown): unknown[] {
    return this.#states.map((state) => state.result(slot as number));
  }

  readAll(records: readonly unknown[]): unknown[] {
    const slot = this.#take();
    for (const record of records) this.#add(slot, record);
    const results = this.read(slot);
    if (records.length > 0) this.#missing.look(slot, slot + 1);
    this.#drop(slot);
    return results;
  }

  finish(context: OperatorContext): void {
    if (this.used > 0) this.#missing.look(0, this.#size);
    this.#missing.warn(context);
  }

  #add(slot: number, record: unknown): void {
    for (let i = 0; i < this.#states.length; i++) {
      const where = this.#wheres[i];
      if (where === undefined || where(record))
        (this.#states[i] as AggregatorState).add(slot, (this.#inputs[i] as (record: unknown) => unknown)(record));
    }
  }

  #drop(slot: number): void {
    for (const state of this.#states) state.clear(slot);
    this.#free.push(slot);
  }
}
