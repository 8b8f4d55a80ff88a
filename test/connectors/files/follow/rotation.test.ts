/** Real files that are rotated while they are written at full speed: every line exactly once, across kills as well. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Split } from '../../../../src/graph/source.ts';
import { temporaryDirectory } from '../../support.ts';
import { Follower } from './follower.ts';

const writer = fileURLToPath(new URL('rotating-writer.mjs', import.meta.url));
const lines = 100_000;
const fileBytes = 300_000;
/** Lines between two kills. */
const untilKill = 20_000;

it.each(['rename', 'copy and truncate'])('%s', async (method) => {
  const path = join(temporaryDirectory(), 'app.log');
  const pattern = `${path}*`;
  const options = { follow: { closeInactive: '200ms' } } as const;
  const child = spawn(process.execPath, [writer, path, String(lines), String(fileBytes), method], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  const seen = new Uint8Array(lines);
  let splits: readonly Split[] | undefined;
  let count = 0;
  const warnings: string[] = [];
  while (count < lines) {
    const follower: Follower = await Follower.start(pattern, splits === undefined ? options : { ...options, splits });
    await follower.until(() => follower.lines.length >= Math.min(untilKill, lines - count));
    splits = follower.kill();
    for (const line of follower.lines) {
      const number = Number.parseInt(line, 10);
      expect(line).toBe(`${number} ${'x'.repeat((number + 1) % 40)}`);
      seen[number] = (seen[number] as number) + 1;
    }
    count += follower.lines.length;
    warnings.push(...follower.warnings);
  }
  await ended;
  const last = await Follower.start(pattern, { ...options, splits: splits ?? [] });
  expect(await last.rest(20)).toEqual([]);
  expect(seen.every((times) => times === 1)).toBe(true);
  expect(warnings.filter((warning) => !warning.includes('waiting for one'))).toEqual([]);
});
