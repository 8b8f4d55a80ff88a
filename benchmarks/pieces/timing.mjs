/** How pieces are timed: with tinybench, alternatives one after the other in one process, and their results as figures. */
import { Bench } from 'tinybench';
import { hashOfRows } from '../runner/checksum.mjs';

/** @returns {number} milliseconds to spend on each alternative */
export function timeOfArguments() {
  return Number(process.argv[2] ?? 1000);
}

/**
 * @param {Record<string, () => unknown>} alternatives by name
 * @returns {Promise<(name: string) => number>} the median milliseconds of one call
 */
export async function time(alternatives) {
  const ms = timeOfArguments();
  const bench = new Bench({ time: ms, warmupTime: ms / 4, throws: true });
  for (const [name, call] of Object.entries(alternatives)) bench.add(name, call);
  await bench.run();
  return (name) => {
    const result = bench.getTask(name)?.result;
    if (result === undefined || !('latency' in result)) throw new Error(`'${name}' was not measured`);
    return result.latency.p50;
  };
}

/**
 * Prints the report that the runner reads.
 *
 * @param {string} program
 * @param {{ figures: readonly import('../runner/measure.mjs').Figure[], results: readonly object[] }} found `results`: what was computed, the same in every
 *   run, however often a piece was called
 */
export function report(program, { figures, results }) {
  console.log(JSON.stringify({ program, figures, hash: hashOfRows(results) }));
}
