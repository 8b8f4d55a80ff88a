/**
 * Another commit of the repository, checked out beside it and built: a git worktree in a temporary folder, which is removed at the end,
 * and also when the process is told to end.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './command-line.mjs';
import { outputOf, stopProcesses } from './processes.mjs';

/**
 * @typedef {object} BaseTree
 * @property {string} folder
 * @property {string} commit its full hash
 */

/**
 * @template T
 * @param {string} repository its folder
 * @param {string} commit anything that git takes for one
 * @param {(tree: BaseTree) => Promise<T>} use
 * @returns {Promise<T>}
 * @throws UsageError where there is no such commit
 */
export async function withBaseTree(repository, commit, use) {
  const hash = commitOf(repository, commit);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-base-'));
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    stopProcesses();
    remove(repository, folder);
    // With its own handler gone, the signal ends the process as it would have.
    process.removeListener(signal, stop);
    process.kill(process.pid, signal);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    git(repository, 'worktree', 'add', '--detach', folder, hash);
    await install(repository, folder);
    await npm(folder, 'run', 'build');
    return await use({ folder, commit: hash });
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    remove(repository, folder);
  }
}

/**
 * @param {string} repository
 * @param {string} commit
 */
function commitOf(repository, commit) {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`], {
    cwd: repository,
    encoding: 'utf8',
  });
  if (status !== 0) throw new UsageError(`'${commit}' is no commit of this repository`);
  return stdout.trim();
}

/**
 * The packages of the repository itself where both want the same ones.
 *
 * @param {string} repository
 * @param {string} folder
 */
async function install(repository, folder) {
  const modules = join(repository, 'node_modules');
  if (existsSync(modules) && textOf(join(repository, 'package-lock.json')) === textOf(join(folder, 'package-lock.json'))) {
    symlinkSync(modules, join(folder, 'node_modules'), 'junction');
  } else await npm(folder, 'ci', '--no-audit', '--no-fund');
}

/** @param {string} file */
function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * @param {string} folder
 * @param {readonly string[]} args
 */
function npm(folder, ...args) {
  return outputOf(`npm ${args.join(' ')} in the base`, ['npm', ...args], { cwd: folder });
}

/**
 * @param {string} repository
 * @param {string} folder
 */
function remove(repository, folder) {
  // The link alone, never what it leads to.
  try {
    unlinkSync(join(folder, 'node_modules'));
  } catch {
    // It is a folder of its own, or not there yet.
  }
  rmSync(folder, { recursive: true, force: true });
  spawnSync('git', ['worktree', 'prune'], { cwd: repository });
}

/**
 * @param {string} repository
 * @param {readonly string[]} args
 */
function git(repository, ...args) {
  const { status, stderr } = spawnSync('git', args, { cwd: repository, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr.trim()}`);
}
