/** `millrace checkpoints`: what is in a directory of checkpoints, and whether it can be read. Nothing is changed. */

import { join, relative, resolve } from 'node:path';
import { type CheckpointDirectory, inspectCheckpoints } from '../checkpoint/inspect.ts';
import { print } from '../node-execution.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { checkpointsText } from './checkpoints-text.ts';

/** What a savepoint's directory is called that the job itself has named. */
const savepointName = /^savepoint-\d+$/;

/** @returns the exit code: 1 when something cannot be read, or there is nothing */
export async function checkpointsCommand(directory: string, { verify }: { readonly verify: boolean }): Promise<number> {
  const { storage } = nodeSystem();
  const absolute = resolve(directory);
  const own = inspectCheckpoints({ directory: absolute, storage, verify });
  const savepoints = storage
    .entries(absolute)
    .filter((name) => savepointName.test(name))
    .map((name) => inspectCheckpoints({ directory: join(absolute, name), storage, verify }));
  const found = [own, ...savepoints];
  await print(checkpointsText(found, { now: Date.now(), nameOf: (path) => relative('', path) || '.' }));
  return isSound(found) ? 0 : 1;
}

function isSound(found: readonly CheckpointDirectory[]): boolean {
  const checkpoints = found.flatMap((each) => each.checkpoints);
  return checkpoints.length > 0 && checkpoints.every(({ problems }) => problems.length === 0);
}
