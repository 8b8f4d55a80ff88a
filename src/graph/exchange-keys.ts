/** By what an exchange is found again when a job goes on with rows that were on their way through it. */

import type { Exchange, ExchangeEnd, JobGraph } from './job.ts';
import { stateIds } from './state-ids.ts';

/** Stands for the way from a source's reader to its stage: the exchange of rows that were read and not handed on. */
export const sourceKey = 'source';

/** The operators at its ends, by their state ids, and what tells it from others between the same. By index of the exchange. */
export function exchangeKeys(job: JobGraph): readonly string[] {
  const ids = stateIds(job);
  const nameOf = ({ operator }: ExchangeEnd): string => ids.get(operator.id) ?? `host ${operator.spec.endpoint?.name ?? ''}`;
  return job.exchanges.map(({ from, to, side, input }: Exchange) => JSON.stringify([nameOf(from), nameOf(to), input, side ?? null]));
}
