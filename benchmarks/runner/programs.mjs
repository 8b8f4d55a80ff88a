/**
 * The programs that are measured: how each is started, and what it reports. Each runs in a fresh process, so that no run warms
 * the next one up.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from './processes.mjs';

const root = new URL('../../', import.meta.url);

/**
 * @typedef {object} Program
 * @property {string} label
 * @property {readonly string[]} command
 * @property {string} [script] the argument of the command that is a script of this repository, relative to it
 * @property {string} [cwd] the folder of this repository by itself
 * @property {number} cores how many it keeps busy
 * @property {(() => string | undefined)} missing why it cannot run on this machine
 * @property {(stdout: string) => Record<string, unknown>} read what it reports, from what it prints
 */

/**
 * @typedef {object} Report
 * @property {number} seconds as the program measured them, or else of the whole process
 * @property {Record<string, unknown>} results all else that it reported
 */

/**
 * A script of this repository that ends with a line of JSON.
 *
 * @param {string} label
 * @param {readonly [script: string, ...args: (string | number)[]]} command the script relative to the repository
 * @param {number} [cores]
 * @returns {Program}
 */
export function script(label, [path, ...args], cores = 1) {
  return {
    label,
    command: [process.execPath, fileURLToPath(new URL(path, root)), ...args.map(String)],
    script: path,
    cores,
    missing: never,
    read: lastLine,
  };
}

/**
 * A program of `native-bench/`, which is built when it is first asked for.
 *
 * @param {string} label
 * @param {readonly [name: string, ...args: (string | number)[]]} command
 * @param {number} [cores]
 * @returns {Program}
 */
export function native(label, [name, ...args], cores = 1) {
  const path = fileURLToPath(new URL(`native-bench/build/${name}`, root));
  return { label, command: [path, ...args.map(String)], cores, missing: () => buildNative(path), read: lastLine };
}

/**
 * @param {string} label
 * @param {readonly [script: string, file: string]} command the script relative to the repository
 * @param {Program['read']} read
 * @returns {Program}
 */
export function mawk(label, [path, file], read) {
  return { label, command: ['mawk', '-f', fileURLToPath(new URL(path, root)), file], cores: 1, missing: mawkMissing, read };
}

function never() {
  return undefined;
}

/** @returns {string | undefined} */
function mawkMissing() {
  return spawnSync('mawk', ['BEGIN {}']).status === 0 ? undefined : 'mawk is not installed';
}

/**
 * @param {string} path of the program
 * @returns {string | undefined} why there is none
 */
function buildNative(path) {
  if (existsSync(path)) return undefined;
  const { stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('native-bench/build.mjs', root))], { encoding: 'utf8' });
  if (existsSync(path)) return undefined;
  return /no C compiler/.test(stdout) ? 'there is no C compiler' : 'it could not be built, see npm run native:build';
}

/** @param {string} stdout */
function lastLine(stdout) {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

/**
 * The same program as another tree has it; files of data stay those of this one.
 *
 * @param {Program} program a script
 * @param {string} tree its folder
 * @returns {Program}
 */
export function inTree(program, tree) {
  const { script: path, command } = program;
  if (path === undefined) throw new Error(`${program.label} is no script of this repository`);
  const [file, , ...args] = command;
  const missing = () => (existsSync(join(tree, path)) ? program.missing() : `there is no ${path}`);
  return { ...program, command: [file, join(tree, path), ...args], cwd: tree, missing };
}

/**
 * What is run, wherever the repository lies: the script and its arguments.
 *
 * @param {Program} program
 * @returns {string | undefined} undefined where it is no script
 */
export function commandText({ script: path, command }) {
  const folder = fileURLToPath(root);
  return path === undefined
    ? undefined
    : command
        .slice(1)
        .map((part) => part.replace(folder, ''))
        .join(' ');
}

/**
 * Runs a program to its end.
 *
 * @param {Program} program
 * @param {{ profile?: string | undefined }} [options] `profile`: the folder in which Node leaves profiles of all threads
 * @returns {Promise<Report>}
 * @throws Error when it ends with another exit code than 0, with what it has printed to stderr
 */
export async function run(program, { profile } = {}) {
  const { label, command, cwd = fileURLToPath(root) } = program;
  const [file, ...args] = command;
  const flags = profile === undefined || file !== process.execPath ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
  const start = performance.now();
  const stdout = await outputOf(label, [file, ...flags, ...args], { cwd });
  const wallSeconds = (performance.now() - start) / 1000;
  const { seconds = wallSeconds, program: _, ...results } = program.read(stdout);
  return { seconds: Number(seconds), results };
}
