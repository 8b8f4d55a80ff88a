/**
 * Every query of Nexmark comes to what DuckDB makes of the same events by SQL: at several parallelisms, stopped in its middle and
 * restored at another one, and after a crash. `npm run test:nexmark` runs them all; `npm test` runs a few events at one parallelism.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedCluster } from '../cluster/support.ts';
import { eventsOf, Oracle } from './oracle.ts';
import { difference, essenceOf } from './rows.ts';
import { loadQuery, type Query, queryNames, type Row, sideInputFile } from './suite.ts';
import { crashed, type QueryRun, stoppedAndRestored, straight, straightToFiles } from './support.ts';

const isLong = process.env.MILLRACE_NEXMARK === 'long';
/** Thirty seconds of event time around midnight: four windows, two days, and bidders who pause for longer than a session. */
const startTime = Date.UTC(2024, 0, 1) - 15_000;
const workload = isLong
  ? { events: 30_000, eventsPerSecond: 1000, seed: 1, startTime }
  : { events: 9000, eventsPerSecond: 300, seed: 1, startTime };
const parallelisms = isLong ? [1, 2, 4] : [2];

describe('Nexmark', () => {
  const cluster = sharedCluster({ slots: 4 });
  const sideInput = sideInputFile();
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.of(await eventsOf(workload), sideInput);
  });
  afterAll(() => oracle.close());

  const expectAnswer = async (name: string, runs: readonly (readonly [string, (query: Query) => Promise<Row[]>])[]): Promise<void> => {
    const query = await loadQuery(name);
    const expected = await oracle.answer(name);
    expect(expected.length).toBeGreaterThan(1);
    for (const [how, run] of runs) expect(difference(expected, essenceOf(query, await run(query))), how).toBe('');
  };
  const runOf = (query: string, parallelism: number): QueryRun => ({ query, workload, sideInput, parallelism });

  it.each(queryNames)('%s', async (name) => {
    await expectAnswer(
      name,
      parallelisms.map((parallelism) => [
        `at parallelism ${parallelism}`,
        ({ sink }) => (sink === undefined ? straight : straightToFiles)(cluster(), runOf(name, parallelism)),
      ]),
    );
  });

  it.runIf(isLong).each(queryNames)('%s, stopped with a savepoint and restored, and after a crash', async (name) => {
    await expectAnswer(name, [
      ['from parallelism 2 to 4', () => stoppedAndRestored(cluster(), runOf(name, 2), 4)],
      ['from parallelism 4 to 1', () => stoppedAndRestored(cluster(), runOf(name, 4), 1)],
      ['after a crash', () => crashed(cluster(), runOf(name, 2))],
    ]);
  });
});
