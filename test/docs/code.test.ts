/**
 * The code in the documentation does what the documentation says. The marks behind a fence's language:
 *
 * - `ts run`, `js run`: a program; `sh run`: a command, in which `npx millrace` is the built command line
 * - `text output`: what the block before it prints; with `unordered`, lines in any order
 * - `file=name`: a file that the blocks behind it find in their directory; of a program, the name under which they can import it
 * - `sketch`: code that is not meant to run
 *
 * `MILLRACE_DOCS=update npx vitest run test/docs` writes what the blocks print into the documents.
 */

import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Block, blocksOf, type Document, documents, markOf, root } from './documents.ts';

const runner = fileURLToPath(new URL('./runner.mjs', import.meta.url));
const update = process.env.MILLRACE_DOCS === 'update';

/** Processes and threads of jobs on a busy machine. */
const timeoutMs = 180_000;

/** Languages whose blocks say by a mark what they are. */
const marked = new Set(['ts', 'js']);

interface Step {
  readonly kind: 'file' | 'program' | 'shell';
  readonly name: string;
  readonly text: string;
}

async function stepOf(block: Block, index: number): Promise<Step[]> {
  const { language, marks, text } = block;
  const file = markOf(block, 'file');
  if (!marks.includes('run')) return file === undefined ? [] : [{ kind: 'file', name: file, text }];
  if (language === 'sh') return [{ kind: 'shell', name: '', text }];
  const { code } = await transform(text, { loader: 'ts', format: 'esm', target: 'node20' });
  return [{ kind: 'program', name: file ?? `block-${index}.mjs`, text: code }];
}

/** A directory in which `millrace` is this project. */
function workspace(onEnd: (clean: () => void) => void): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-docs-'));
  onEnd(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'node_modules', '@types'), { recursive: true });
  symlinkSync(root, join(directory, 'node_modules', 'millrace'));
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(directory, 'node_modules', '@types', 'node'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  return directory;
}

function outputsOf(steps: readonly Step[], directory: string): Promise<readonly string[]> {
  // Whatever other tests of this process have asked for: the blocks are to print what they print by themselves.
  const env = { ...process.env, MILLRACE_LOG: undefined };
  const child = fork(runner, { cwd: directory, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('message', (outputs) => resolve(outputs as readonly string[]));
    // What it has sent may come behind its exit, and comes before the channel is closed.
    void Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(([[exitCode]]) =>
      reject(new Error(`the blocks ended their process with ${exitCode}`)),
    );
    child.send(steps);
  });
}

interface Check {
  readonly expected: Block;
  readonly actual: string;
}

/** What each block with an output printed. */
async function run(document: Document, onEnd: (clean: () => void) => void): Promise<Check[]> {
  const blocks = blocksOf(document);
  const planned = await Promise.all(blocks.map(async (block, index) => ({ block, steps: await stepOf(block, index) })));
  const outputs = [
    ...(await outputsOf(
      planned.flatMap(({ steps }) => steps),
      workspace(onEnd),
    )),
  ];
  let printed = '';
  const checks: Check[] = [];
  for (const { block, steps } of planned) {
    if (block.marks.includes('output')) checks.push({ expected: block, actual: printed });
    if (steps.length > 0) printed = outputs.shift() as string;
  }
  return checks;
}

/** Equal when the documents say the same: spaces at the ends of lines are nothing to see. */
function plain(text: string, { marks }: Block): string {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
  return (marks.includes('unordered') ? lines.sort() : lines).join('\n');
}

function rewrite({ path, text }: Document, checks: readonly Check[]): void {
  let updated = text;
  for (const { expected, actual } of [...checks].reverse()) {
    if (plain(expected.text, expected) === plain(actual, expected)) continue;
    const trimmed = actual.trimEnd().replace(/[ \t]+$/gm, '');
    updated = `${updated.slice(0, expected.start)}${trimmed}\n${updated.slice(expected.end)}`;
  }
  if (updated !== text) writeFileSync(join(root, path), updated);
}

describe.concurrent('what code prints', () => {
  const runnable = documents.filter((document) => blocksOf(document).some(({ marks }) => marks.includes('run')));
  test.for(runnable)('$path', { timeout: timeoutMs }, async (document, context) => {
    const checks = await run(document, context.onTestFinished);
    if (update) rewrite(document, checks);
    else {
      for (const { expected, actual } of checks) {
        context.expect.soft(plain(actual, expected), `${document.path}:${expected.line}`).toBe(plain(expected.text, expected));
      }
    }
  });
});

describe('marks', () => {
  test.each(documents)('$path: every piece of code says what it is', (document) => {
    for (const block of blocksOf(document)) {
      const known = block.marks.includes('run') || block.marks.includes('sketch') || markOf(block, 'file') !== undefined;
      expect(known || !marked.has(block.language), `${document.path}:${block.line}`).toBe(true);
    }
  });
});

describe('types', () => {
  test('of all programs hold', { timeout: timeoutMs }, async () => {
    const directory = workspace(onTestFinished);
    for (const document of documents) writePrograms(document, directory);
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(configuration()));
    expect(await compilerSays(directory)).toBe('');
  });
});

/** Under names that tell where a block stands. */
function writePrograms(document: Document, directory: string): void {
  const folder = document.path.replaceAll(/[\\/]/g, '-').replace(/\.md$/, '');
  mkdirSync(join(directory, folder));
  for (const block of blocksOf(document)) {
    const file = markOf(block, 'file');
    const name = file === undefined ? `line-${block.line}.ts` : basename(file).replace(/\.mjs$/, '.mts');
    if (block.language === 'ts' && (block.marks.includes('run') || file !== undefined))
      writeFileSync(join(directory, folder, name), block.text);
  }
}

function configuration(): object {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { compilerOptions: object };
  return {
    compilerOptions: { ...compilerOptions, moduleDetection: 'force', noUnusedLocals: false, noUnusedParameters: false },
    include: ['**/*.ts', '**/*.mts'],
  };
}

function compilerSays(directory: string): Promise<string> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve) => execFile(process.execPath, [compiler, '-p', directory], (_, stdout, stderr) => resolve(stdout + stderr)));
}
