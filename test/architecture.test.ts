/** The layers of docs/architecture.md: a folder of `src` imports only folders above it, and nobody but an entry `platform`. */

import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeLines, type SourceFile, sourceFiles } from './source-tree.ts';

/** Folders that share a line are neighbours and do not import each other. */
const layers: readonly (readonly string[])[] = [
  ['base'],
  ['platform', 'schema', 'metrics'],
  ['batch', 'time', 'wire'],
  ['channel', 'state', 'checkpoint'],
  ['graph'],
  ['compiler', 'formats'],
  ['operators', 'connectors'],
  ['api', 'runtime'],
  ['cluster'],
  ['testing', 'server', 'cli'],
  ['libs'],
];

/** They put the parts together: what they are given from outside, they hand on. */
const entries = [/^src\/index\.ts$/, /^src\/node-execution\.ts$/, /^src\/runtime\/worker\.ts$/, /^src\/testing\//, /^src\/cli\//];

/** What a library may know of Millrace. */
const publicApi = ['src/index.ts', 'src/testing/index.ts'];

/** Paths of the repository that a file imports, types too. */
function importsOf({ path, text }: SourceFile): string[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g;
  const imports = codeLines(text).flatMap((line) => [...line.matchAll(pattern)].map((match) => match[1] as string));
  return imports.map((target) => posix.join(posix.dirname(path), target));
}

/** The folder below `src`; undefined for a file that lies there directly. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function isEntry(path: string): boolean {
  return entries.some((entry) => entry.test(path));
}

function layerOf(folder: string): number {
  return layers.findIndex((layer) => layer.includes(folder));
}

/** Whether the table allows one file to import another. */
function allows(path: string, target: string): boolean {
  const from = folderOf(path);
  const to = folderOf(target);
  if (from === undefined || isEntry(path)) return allowsEntry(from, to);
  if (to === undefined) return from === 'libs' && publicApi.includes(target);
  if (from === to) return from !== 'libs' || target.split('/')[2] === path.split('/')[2];
  if (to === 'platform') return false;
  return from === 'libs' ? publicApi.includes(target) : layerOf(to) < layerOf(from);
}

/** An entry may import other entries and `platform`, and else what its folder may. */
function allowsEntry(from: string | undefined, to: string | undefined): boolean {
  if (from === undefined || from === 'runtime' || to === undefined || from === to) return true;
  return layerOf(to) < layerOf(from);
}

const files = sourceFiles('src').filter(({ path }) => path.endsWith('.ts'));

describe('the layers', () => {
  test('have a line for every folder', () => {
    const unknown = files.map(({ path }) => folderOf(path)).filter((folder) => folder !== undefined && layerOf(folder) < 0);
    expect(unknown).toEqual([]);
  });

  test('import only what lies above them', () => {
    const forbidden = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !allows(file.path, target))
        .map((target) => `${file.path} → ${target}`),
    );
    expect(forbidden).toEqual([]);
  });

  test.each([
    ['src/batch/column.ts', 'src/schema/type.ts', true],
    ['src/batch/column.ts', 'src/batch/byte-sink.ts', true],
    ['src/batch/column.ts', 'src/wire/frame.ts', false],
    ['src/batch/column.ts', 'src/channel/ring.ts', false],
    ['src/runtime/subtask.ts', 'src/api/execution.ts', false],
    ['src/runtime/subtask.ts', 'src/platform/node-system.ts', false],
    ['src/runtime/worker.ts', 'src/platform/node-system.ts', true],
    ['src/cluster/cluster.ts', 'src/index.ts', false],
    ['src/cli/main.ts', 'src/platform/node-system.ts', true],
    ['src/cli/main.ts', 'src/node-execution.ts', true],
    ['src/cli/main.ts', 'src/testing/index.ts', false],
    ['src/libs/web/sessions.ts', 'src/index.ts', true],
    ['src/libs/web/sessions.ts', 'src/batch/column.ts', false],
    ['src/libs/web/sessions.ts', 'src/libs/web/parse.ts', true],
    ['src/libs/web/sessions.ts', 'src/libs/logs/parse.ts', false],
  ])('%s → %s: %s', (path, target, expected) => {
    expect(allows(path, target)).toBe(expected);
  });

  test('are told from every form of import', () => {
    const text = [
      "import { a } from '../a/a.ts';",
      "import type { b } from '../b/b.ts';",
      "} from './c.ts';",
      "export * from '../d/d.ts';",
      "import '../e/e.ts';",
      "const f = await import('../f/f.ts');",
      "readonly port: import('../g/g.ts').Port;",
      " * import { x } from '../x/x.ts';",
      "import { join } from 'node:path';",
    ].join('\n');
    const targets = ['src/a/a.ts', 'src/b/b.ts', 'src/me/c.ts', 'src/d/d.ts', 'src/e/e.ts', 'src/f/f.ts', 'src/g/g.ts'];
    expect(importsOf({ path: 'src/me/me.ts', text })).toEqual(targets);
  });
});
