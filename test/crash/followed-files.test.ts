/** A job that follows the files of a log, killed while the log is rotated at full speed: every line is committed exactly once. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../connectors/support.ts';
import { committedLines, difference } from './committed-lines.ts';

const isLong = process.env.MILLRACE_CRASH === 'long';
const lines = isLong ? 1_000_000 : 60_000;
const kills = isLong ? 20 : 2;
const writer = fileURLToPath(new URL('../connectors/files/follow/rotating-writer.mjs', import.meta.url));
const program = fileURLToPath(new URL('jobs/followed-log.mjs', import.meta.url));

function start(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function committed(directory: string): string[] {
  const output = join(directory, 'lines');
  return existsSync(output) ? committedLines(output) : [];
}

it.each(['rename', 'copy and truncate'])('%s', { timeout: isLong ? 300_000 : 60_000 }, async (method) => {
  const directory = temporaryDirectory();
  const ended = once(start(writer, join(directory, 'app.log'), String(lines), '200000', method), 'exit');
  for (let kill = 0; kill <= kills; kill++) {
    const child = start(program, directory);
    const exited = once(child, 'exit');
    const wanted = kill < kills ? committed(directory).length + 1 : lines;
    while (committed(directory).length < wanted && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(child.exitCode).toBe(null);
    child.kill('SIGKILL');
    await exited;
  }
  await ended;
  const expected = Array.from({ length: lines }, (_, i) => `${i} ${'x'.repeat((i + 1) % 40)}`).sort();
  expect(difference(expected, committed(directory))).toBe('');
});
