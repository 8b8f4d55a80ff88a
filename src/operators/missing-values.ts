/**
 * Aggregators of a field in which no record had a value: mostly a name that was mistyped, and results that look like honest ones.
 * Found out of what the states hold, at the end of the input and before slots are cleared: records pay nothing for it. A field that
 * only some keys have may well be absent in one subtask, so that all must say so. Runs in the subtask's thread.
 */

import { isDeepStrictEqual } from 'node:util';
import type { OperatorContext } from '../compiler/operator.ts';
import type { NamedState } from './aggregation.ts';
import type { AggregatorState } from './aggregators/aggregator.ts';
import { callText } from './aggregators/input.ts';

type WatchedState = Pick<NamedState, 'aggregator' | 'state'>;

/** An aggregator of a field. */
interface Watched {
  readonly field: string;
  readonly call: string;
  readonly state: AggregatorState;
  /** The partial result of nothing. */
  readonly empty: unknown;
}

export class MissingValues {
  /** Those that have had no value yet. */
  #missing: readonly Watched[];
  #hasRecords = false;

  constructor(states: readonly WatchedState[]) {
    this.#missing = states.flatMap(watched);
  }

  /** Slots that records went to, as far as they are not empty, before they are cleared. What they hold is mostly known at the first. */
  look(from: number, to: number): void {
    if (from < to) this.#hasRecords = true;
    for (let slot = from; slot < to && this.#missing.length > 0; slot++)
      this.#missing = this.#missing.filter(({ state, empty }) => isDeepStrictEqual(state.partial(slot), empty));
  }

  /** At the end of the input. */
  warn({ operator, parallelism, warn }: Pick<OperatorContext, 'operator' | 'parallelism' | 'warn'>): void {
    if (!this.#hasRecords && parallelism === 1) return;
    for (const { field, call } of this.#missing) {
      // Whoever saw no records does not know, but does not object either.
      const message = `no record had a value in the field '${field}', so ${call} had nothing to aggregate; is that its name?`;
      warn(this.#hasRecords ? message : '', `no values for ${call} in ${operator.id}`, parallelism);
    }
  }
}

function watched({ aggregator, state }: WatchedState): Watched[] {
  const { kind, input, where } = aggregator;
  // Of one that takes some records alone there may be none.
  if (input.kind !== 'field' || where !== undefined) return [];
  return [{ field: input.name, call: callText(kind, input), state, empty: aggregator.createState().partial(0) }];
}

/** @param slots number of slots that records went to, all of which are in use still */
export function warnOfMissingValues(states: readonly NamedState[], slots: number, context: OperatorContext): void {
  const missing = new MissingValues(states);
  missing.look(0, slots);
  missing.warn(context);
}
