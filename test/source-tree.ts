/** The files of `src`, for the tests that hold what the compiler and the linter cannot. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** The TypeScript and JavaScript files of a folder of the repository, generated ones left out. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/\/(generated|build|data|node_modules)\//.test(path))
    .sort()
    .map(readSource);
}

function readSource(path: string): SourceFile {
  return { path, text: readFileSync(`${root}${path}`, 'utf8') };
}

/** Lines of a file, with those of its comments empty. */
export function codeLines(text: string): string[] {
  return text.split('\n').map((line) => (/^\s*(\*|\/\*|\/\/)/.test(line) ? '' : line));
}
