import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { doorbellBytes } from '../../src/channel/doorbell.ts';
import { createRingMemory } from '../../src/channel/ring.ts';
import { runTask, type ThreadTask } from './thread-ends.ts';

let workerCode = '';

beforeAll(async () => {
  const entry = fileURLToPath(new URL('./thread-ends.worker.ts', import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, platform: 'node', format: 'cjs' });
  workerCode = outputFiles[0]?.text ?? '';
});

type Side = Pick<ThreadTask, 'role' | 'idleWork'>;

/** Sums of the side on this thread and of the one on another. */
async function runBoth(here: Side, there: Side, shared: { readonly ringBytes: number; readonly count: number }): Promise<unknown[]> {
  const task = {
    ring: createRingMemory(shared.ringBytes),
    senderBell: new SharedArrayBuffer(doorbellBytes),
    receiverBell: new SharedArrayBuffer(doorbellBytes),
    count: shared.count,
  };
  const worker = new Worker(workerCode, { eval: true, workerData: { ...task, ...there } satisfies ThreadTask });
  const answer = once(worker, 'message');
  const sum = runTask({ ...task, ...here });
  return [sum, ...(await answer)];
}

describe('a ring between two threads', () => {
  const frames = { ringBytes: 4096, count: 1_000_000 };
  const batches = { ringBytes: 2048, count: 10_000 };

  test.each([
    ['a million frames, the receiver slower', 'sendFrames', 0, 'receiveFrames', 20, frames],
    ['a million frames, the sender slower', 'sendFrames', 8, 'receiveFrames', 0, frames],
    ['a million frames, at equal speed', 'receiveFrames', 0, 'sendFrames', 0, frames],
    ['many frames through the smallest ring', 'receiveFrames', 0, 'sendFrames', 0, { ringBytes: 256, count: 50_000 }],
    ['batches, the receiver slower', 'sendBatches', 0, 'receiveBatches', 500, batches],
    ['batches, the sender slower', 'receiveBatches', 0, 'sendBatches', 500, batches],
  ] as const)('%s', async (_, here, hereWork, there, thereWork, shared) => {
    const [sum, answer] = await runBoth({ role: here, idleWork: hereWork }, { role: there, idleWork: thereWork }, shared);
    expect(answer).toBe(sum);
    expect(sum).not.toBe(0);
  });
});
