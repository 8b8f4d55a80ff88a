/** DuckDB as a program to compare with: it is a development dependency whose binary comes with its package, where there is one. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { script } from './programs.mjs';

const threads = 2;

/**
 * A question of `baselines/duckdb.mjs`, in a fresh process.
 *
 * @param {string} question
 * @param {string} file
 * @returns {import('./programs.mjs').Program}
 */
export function duckdb(question, file) {
  return {
    ...script(`DuckDB × ${threads}`, ['benchmarks/baselines/duckdb.mjs', question, file, threads], threads),
    missing: duckdbMissing,
  };
}

/**
 * The same, up to when DuckDB has the rows in columns of its own, which are no values of JavaScript yet.
 *
 * @param {string} question
 * @param {string} file
 * @returns {import('./programs.mjs').Program}
 */
export function duckdbColumns(question, file) {
  const program = duckdb(question, file);
  return {
    ...program,
    label: `${program.label}, its own columns`,
    read(stdout) {
      const { columnSeconds, ...results } = program.read(stdout);
      return { ...results, seconds: columnSeconds };
    },
  };
}

/** @returns {string | undefined} why it cannot run, or undefined; asked of another process, as a binary that does not fit may end the one that loads it */
export function duckdbMissing() {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { status } = spawnSync(process.execPath, ['-e', "require('@duckdb/node-api')"], { cwd, stdio: 'ignore' });
  return status === 0 ? undefined : '@duckdb/node-api is not installed, or has no binary for this machine';
}
