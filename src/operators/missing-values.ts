/**
 * Aggregators of a field in which no record had a value: mostly a name that was mistyped, and results that look like honest ones.
 * Asked once, at the end of the input, of what the states hold: records pay nothing for it. A field that only some keys have may
 * well be absent in one subtask, so that all must say so. Runs in the subtask's thread.
 */

import { isDeepStrictEqual } from 'node:util';
import type { OperatorContext } from '../compiler/operator.ts';
import type { NamedState } from './aggregation.ts';
import { callText } from './aggregators/input.ts';

/** @param slots number of slots that records went to */
export function warnOfMissingValues(states: readonly NamedState[], slots: number, context: OperatorContext): void {
  const { operator, parallelism } = context;
  if (slots === 0 && parallelism === 1) return;
  for (const { aggregator, state } of states) {
    const { kind, input } = aggregator;
    if (input.kind !== 'field') continue;
    const empty = aggregator.createState().partial(0);
    if (holdsValue((slot) => !isDeepStrictEqual(state.partial(slot), empty), slots)) continue;
    const call = callText(kind, input);
    // Whoever saw no records does not know, but does not object either.
    const message =
      slots === 0 ? '' : `no record had a value in the field '${input.name}', so ${call} had nothing to aggregate; is that its name?`;
    context.warn(message, `no values for ${call} in ${operator.id}`, parallelism);
  }
}

/** Mostly known at the first slot. */
function holdsValue(holds: (slot: number) => boolean, slots: number): boolean {
  for (let slot = 0; slot < slots; slot++) if (holds(slot)) return true;
  return false;
}
