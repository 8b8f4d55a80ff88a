/**
 * Every query of Nexmark comes to what DuckDB makes of the same events by SQL: at several parallelisms, stopped in its middle and
 * restored at another one, and after a crash. `npm run test:nexmark` runs them all; `npm test` runs a few events at one parallelism.
 */

import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedCluster } from '../cluster/support.ts';
import { Oracle } from './oracle.ts';
import { difference, lastByKey } from './rows.ts';
import { loadQuery, type Query, type Row, sideInputFile } from './suite.ts';
import { crashed, type QueryRun, stoppedAndRestored, straight, straightToFiles } from './support.ts';

const isLong = process.env.MILLRACE_NEXMARK === 'long';
/** Thirty seconds of event time around midnight: four windows, two days, and bidders who pause for longer than a session. */
const startTime = Date.UTC(2024, 0, 1) - 15_000;
const workload = isLong
  ? { events: 30_000, eventsPerSecond: 1000, seed: 1, startTime }
  : { events: 9000, eventsPerSecond: 300, seed: 1, startTime };
const parallelisms = isLong ? [1, 2, 4] : [2];

const queries = readdirSync(new URL('../../benchmarks/nexmark/queries/', import.meta.url))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

/** What is to be compared of the rows of a query. */
function essence({ name, emits, upsertKey }: Query, rows: readonly Row[]): readonly Row[] {
  if (emits === 'updates') return lastByKey(rows, upsertKey ?? []);
  return name === 'q12' ? bidsOfBidders(rows) : rows;
}

/** Windows of processing time are others in every run, but what is in them adds up. */
function bidsOfBidders(rows: readonly Row[]): Row[] {
  const bids = new Map<number, number>();
  for (const { bidder, bid_count } of rows as readonly Record<string, number>[]) bids.set(bidder, (bids.get(bidder) ?? 0) + bid_count);
  return [...bids].map(([bidder, bid_count]) => ({ bidder, bid_count }));
}

describe('Nexmark', () => {
  const cluster = sharedCluster({ slots: 4 });
  const sideInput = sideInputFile();
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.of(workload, sideInput);
  });
  afterAll(() => oracle.close());

  const expectAnswer = async (name: string, runs: readonly (readonly [string, (query: Query) => Promise<Row[]>])[]): Promise<void> => {
    const query = await loadQuery(name);
    const expected = await oracle.answer(name);
    expect(expected.length).toBeGreaterThan(1);
    for (const [how, run] of runs) expect(difference(expected, essence(query, await run(query))), how).toBe('');
  };
  const runOf = (query: string, parallelism: number): QueryRun => ({ query, workload, sideInput, parallelism });

  it.each(queries)('%s', async (name) => {
    await expectAnswer(
      name,
      parallelisms.map((parallelism) => [
        `at parallelism ${parallelism}`,
        ({ sink }) => (sink === undefined ? straight : straightToFiles)(cluster(), runOf(name, parallelism)),
      ]),
    );
  });

  it.runIf(isLong).each(queries)('%s, stopped with a savepoint and restored, and after a crash', async (name) => {
    await expectAnswer(name, [
      ['from parallelism 2 to 4', () => stoppedAndRestored(cluster(), runOf(name, 2), 4)],
      ['from parallelism 4 to 1', () => stoppedAndRestored(cluster(), runOf(name, 4), 1)],
      ['after a crash', () => crashed(cluster(), runOf(name, 2))],
    ]);
  });
});
