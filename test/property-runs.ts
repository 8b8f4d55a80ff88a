/**
 * How often properties are tried that take long. Tests name a number of runs; by themselves they make half of them, so that all tests
 * together are through in minutes. `MILLRACE_RUNS=4 npx vitest run test/state` makes four times as many as are named.
 */

export const timesAsMany = Number(process.env.MILLRACE_RUNS ?? 0.5);

export function runsOf(named: number): number {
  return Math.ceil(named * timesAsMany);
}
