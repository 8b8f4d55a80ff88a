/**
 * What named aggregators hold of a slot, in entries of checkpoints: their partial results. Aggregators are told by their names, so
 * one that is added starts empty, and one that is removed is dropped.
 */

import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../base/operator-error.ts';
import type { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import { decodeValue } from '../batch/value-codec.ts';
import { encodeState } from '../state/encode-state.ts';
import type { Aggregators, NamedState } from './aggregation.ts';
import { callText } from './aggregators/input.ts';

/** The name of an aggregator that its author gave none, and what the names of the engine's own begin with: no author writes it. */
export const unnamed = '\u0000';

interface StoredAggregator {
  readonly name: string;
  /** As its author would write it: `sum('bytes')`. */
  readonly call: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** JSON data, in the order in which partial results are written. */
export interface AggregatorSchema {
  readonly aggregators: readonly StoredAggregator[];
}

export function aggregatorSchema(aggregators: Aggregators): AggregatorSchema {
  const stored = Object.entries(aggregators).map(
    ([name, { kind, input, details }]): StoredAggregator => ({ name, call: callText(kind, input), details: asJson(details) }),
  );
  return { aggregators: stored };
}

/** Options as they come back from a manifest. */
function asJson(details: StoredAggregator['details']): StoredAggregator['details'] {
  return JSON.parse(JSON.stringify(details)) as StoredAggregator['details'];
}

export function writePartials(states: readonly NamedState[], slot: number, sink: ByteSink, of: () => string): void {
  for (const { name, state } of states) encodeState(sink, state.partial(slot), () => (name === unnamed ? of() : `'${name}' of ${of()}`));
}

/**
 * What merges partial results that were written under `schema` into slots.
 *
 * @throws OperatorError STATE_MISMATCH where an aggregator of the same name is another one now
 */
export function partialsReader(
  { aggregators: stored }: AggregatorSchema,
  states: readonly NamedState[],
  warn: (message: string) => void,
): (source: ByteSource, slot: number) => void {
  const present = aggregatorSchema(Object.fromEntries(states.map(({ name, aggregator }) => [name, aggregator]))).aggregators;
  const targets = stored.map((was) => {
    const at = present.findIndex(({ name }) => name === was.name);
    const is = present[at];
    if (is === undefined) warn(`the aggregator '${was.name}' is not there any more: what was stored of it is dropped`);
    else if (!isDeepStrictEqual(was, is)) throw mismatch(was, is);
    return states[at]?.state;
  });
  return (source, slot) => {
    for (const state of targets) {
      const partial = decodeValue(source);
      state?.merge(slot, partial);
    }
  };
}

function mismatch(was: StoredAggregator, is: StoredAggregator): OperatorError {
  const shown = ({ call, details }: StoredAggregator): string => (was.call === is.call ? `${call} with ${JSON.stringify(details)}` : call);
  const [what, another] =
    is.name === unnamed ? ['what it holds', 'operator another uid'] : [`the aggregator '${is.name}'`, 'new one another name'];
  return new OperatorError(
    'STATE_MISMATCH',
    `${what} was stored as ${shown(was)}, and is ${shown(is)} now; give the ${another}, or write it as it was`,
  );
}
