/** Subtasks of a source on different threads, which wait for each other. */

import { describe, expect, test } from 'vitest';
import { jobModule, sharedCluster, until, within } from './support.ts';

/** The fast one is woken every millisecond and then read, unless it is held back. */
const wakesOfHeld = 50;

describe('aligned subtasks', () => {
  const cluster = sharedCluster({ slots: 2 });

  test('stay together: the fast one is held back, and goes on with the slow one', async () => {
    const maxDrift = 100;
    const memory = new SharedArrayBuffer(16);
    const told = new Int32Array(memory);
    const [slow, fast, wakes] = [() => Atomics.load(told, 1), () => Atomics.load(told, 2), () => Atomics.load(told, 3)] as const;
    const job = await cluster().submit(jobModule('aligned'), { args: { maxDrift, memory } });
    for (const records of [20, 40, 60]) {
      Atomics.store(told, 0, records);
      // How far the fast one gets until it is told depends on the machine; that it gets no further then does not.
      const isAhead = (): boolean => slow() === records && 10 * (fast() - slow()) > maxDrift;
      await until(() => isAhead() && wakes() >= wakesOfHeld, `the fast one is held back at record ${records} of the slow one`);
      const held = fast();
      await until(() => wakes() >= 4 * wakesOfHeld, 'it has been woken often');
      expect(fast()).toBe(held);
    }
    await within(job.cancel(), 'the cancellation');
  });
});
