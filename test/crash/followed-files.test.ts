/** A job that follows the files of a log, killed while the log is rotated at full speed: every line is committed exactly once. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
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

function line(number: number): string {
  return `${number} ${'x'.repeat((number + 1) % 40)}`;
}

/** What is committed; to read it would take more time than to write it. */
function committedBytes(output: string): number {
  if (!existsSync(output)) return 0;
  const parts = readdirSync(output).filter((name) => !name.startsWith('.'));
  return parts.reduce((bytes, part) => bytes + statSync(join(output, part)).size, 0);
}

it.each(['rename', 'copy and truncate'])('%s', { timeout: isLong ? 600_000 : 180_000 }, async (method) => {
  const directory = temporaryDirectory();
  const output = join(directory, 'lines');
  const expected = Array.from({ length: lines }, (_, i) => line(i));
  const bytes = expected.reduce((sum, each) => sum + each.length + 1, 0);
  const ended = once(start(writer, join(directory, 'app.log'), String(lines), '200000', method), 'exit');
  for (let kill = 0; kill <= kills; kill++) {
    const child = start(program, directory);
    const exited = once(child, 'exit');
    const wanted = kill < kills ? committedBytes(output) + 1 : bytes;
    while (committedBytes(output) < wanted && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(child.exitCode).toBe(null);
    child.kill('SIGKILL');
    await exited;
  }
  await ended;
  expect(difference(expected, committedLines(output))).toBe('');
});
