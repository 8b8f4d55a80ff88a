/**
 * The hashes that results have had before, by command: what a program computes from the same arguments must not change unless
 * somebody says so, with --record.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { commandText } from './programs.mjs';

/**
 * @typedef {import('./programs.mjs').Program} Program
 * @typedef {Readonly<Record<string, string>>} Hashes by `commandText`
 */

const file = new URL('../expected.json', import.meta.url);

/** @returns {Hashes} */
export function readHashes() {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/**
 * @param {Hashes} hashes those that were found now; the others stay
 * @param {ReadonlySet<string>} commands of the whole catalogue: hashes of no other ones are kept
 */
export function writeHashes(hashes, commands) {
  const all = Object.entries({ ...readHashes(), ...hashes }).filter(([command]) => commands.has(command));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1))), undefined, 2)}\n`);
}

/**
 * @typedef {object} HashCheck
 * @property {string} command
 * @property {string} hash
 * @property {'expected' | 'not recorded'} state
 */

/**
 * @param {Program} program
 * @param {readonly Readonly<Record<string, unknown>>[]} results of all its runs
 * @param {Hashes} hashes
 * @param {{ record?: boolean | undefined }} options `record`: whatever it is, it is right
 * @returns {HashCheck}
 * @throws Error when it reports no hash, or that of no rows, when runs differ, or from what is expected
 */
export function checkHash(program, results, hashes, { record = false }) {
  const command = commandText(program);
  const found = [...new Set(results.map(({ hash }) => hash))];
  const hash = String(found[0]);
  if (command === undefined) throw new Error(`${program.label} is no script of this repository, and its hash has no name`);
  if (found.some((each) => typeof each !== 'string' || each === ''))
    throw new Error(`${command} reports no hash of its result; benchmarks/README.md says in 'Add a benchmark' what belongs into it`);
  if (/^0+$/.test(hash)) throw new Error(`${command} comes to no rows, which is right whatever it does; give it more to do`);
  if (found.length > 1) throw new Error(`${program.label} comes to another result in each run: its hash is ${found.join(' and ')}`);
  const expected = hashes[command];
  if (!record && expected !== undefined && expected !== hash) {
    throw new Error(`the hash of the result is ${hash}, but ${expected} is expected of ${command}; --record takes it as right`);
  }
  return { command, hash, state: expected === hash ? 'expected' : 'not recorded' };
}
