/**
 * A process that takes a lock and says whether it got it: bundled and run by the test. It waits for a line before it tries, so that
 * several try at once, and holds what it got until it is killed or its input ends.
 */

import { nodeStorage } from '../../src/platform/node-storage.ts';

function tryLock(): string {
  try {
    nodeStorage.lock(process.argv[2] as string);
    return 'locked';
  } catch (error) {
    return (error as Error).message;
  }
}

process.stdout.write('ready\n');
process.stdin.once('data', () => process.stdout.write(`${tryLock()}\n`));
