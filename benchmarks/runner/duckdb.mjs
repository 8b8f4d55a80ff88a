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

/** @returns {string | undefined} why it cannot run, or undefined; asked of another process, as a binary that does not fit may end the one that loads it */
export function duckdbMissing() {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const { status } = spawnSync(process.execPath, ['-e', "require('@duckdb/node-api')"], { cwd, stdio: 'ignore' });
  return status === 0 ? undefined : '@duckdb/node-api is not installed, or has no binary for this machine';
}
