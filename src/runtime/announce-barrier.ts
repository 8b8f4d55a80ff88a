/** How the producers of a subtask, or of the host, let a barrier overtake what stands in front of it. Runs on their thread. */

import type { BoundFor, ExchangeWriter } from '../compiler/exchange-writer.ts';
import { RowsInFlight } from './rows-in-flight.ts';

/**
 * Lets the barrier of a checkpoint overtake the rows for which there was no room.
 *
 * @param options.ended whether the end was sent instead of a barrier: then it is what overtakes
 * @returns those rows, by the channel that they wait for
 * @throws MillraceError UNSUPPORTED_VALUE
 */
export function announceBarrier(
  outputs: Iterable<ExchangeWriter>,
  { checkpoint, ended }: { readonly checkpoint: number; readonly ended: boolean },
): readonly RowsInFlight[] {
  const overtaken = new Map<BoundFor, RowsInFlight>();
  for (const output of outputs) {
    output.announce(
      checkpoint,
      (bound, batch) => {
        const rows = overtaken.get(bound) ?? new RowsInFlight({ exchange: bound.exchange, subtask: bound.subtask });
        overtaken.set(bound, rows);
        rows.add(batch);
      },
      ended,
    );
  }
  return [...overtaken.values()];
}
