/**
 * Builds every C program of this folder: `node native-bench/build.mjs [folder]`, by default into `native-bench/build/`.
 * The programs are only for comparison, so that a machine without a C compiler is not an error: it is told and left alone.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('.', import.meta.url));
const target = resolve(process.argv[2] ?? join(sources, 'build'));
const flags = ['-std=c11', '-O3', '-Wall', '-Wextra', '-pthread'];

const compiler = findCompiler();
if (compiler === undefined) {
  console.log('The native reference programs were not built: there is no C compiler ($CC, cc, gcc or clang).');
} else {
  mkdirSync(target, { recursive: true });
  const programs = readdirSync(sources).filter((name) => name.endsWith('.c'));
  if (!programs.every((name) => compile(compiler, name))) process.exitCode = 1;
}

/**
 * The first command that answers as a compiler. $CC may carry arguments, as in `ccache gcc`.
 *
 * @returns {string[] | undefined} the command and its first arguments
 */
function findCompiler() {
  const candidates = [process.env.CC, 'cc', 'gcc', 'clang'];
  return candidates
    .map((candidate) => (candidate ?? '').split(' ').filter((part) => part !== ''))
    .find(([command, ...rest]) => command !== undefined && spawnSync(command, [...rest, '--version']).status === 0);
}

/**
 * @param {string[]} compiler
 * @param {string} name a C file of this folder
 * @returns {boolean} whether it was built
 */
function compile([command = 'cc', ...rest], name) {
  const program = join(target, basename(name, '.c'));
  const { status } = spawnSync(command, [...rest, ...flags, '-o', program, join(sources, name)], {
    stdio: 'inherit',
  });
  console.log(status === 0 ? `built ${program}` : `${name} could not be built with ${command}`);
  return status === 0;
}
