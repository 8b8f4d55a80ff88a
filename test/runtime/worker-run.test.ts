/** What comes to a worker that has let go of its job already. */

import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { Port, Spawner } from '../../src/base/system.ts';
import { Cluster } from '../../src/cluster/cluster.ts';
import type { Source, Split } from '../../src/graph/source.ts';
import { nodePort } from '../../src/platform/node-port.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { runWorker } from '../../src/runtime/worker-run.ts';
import type { HostMessage, WorkerMessage, WorkerTask } from '../../src/wire/messages.ts';
import { describing } from '../crash/in-process-job.ts';

/** A source of which the reader waits for a split, and the calls that are made of the reader. */
function recorded(calls: string[]): Source<string, Split> {
  return {
    name: 'recorded',
    bounded: false,
    enumerate: () => [{ id: 'the only one' }],
    createReader: () => ({
      addSplit: ({ id }) => void calls.push(`addSplit ${id}`),
      noMoreSplits: () => void calls.push('noMoreSplits'),
      poll: () => 'needs-split',
      splits: () => [],
      close: () => void calls.push('close'),
    }),
  };
}

it('gives no split to a reader that is closed: what it opened would stay open', async () => {
  const calls: string[] = [];
  const describe = describing({ parallelism: 1 }, (env) => void env.fromSource(recorded(calls)).print());
  const system = nodeSystem();
  let hold: (request: WorkerMessage) => void;
  const request = new Promise<WorkerMessage>((resolve) => {
    hold = resolve;
  });
  let receive: (message: HostMessage) => void = () => {};
  let done: Promise<void> | undefined;
  const spawner: Spawner = {
    slots: 1,
    spawn: (task) => {
      const { port1, port2 } = new MessageChannel();
      const inner = nodePort(port2);
      // The host hears of the request only once the worker is through: its answer then is on the way behind the cancellation.
      const port: Port = {
        ...inner,
        post: (message) => ((message as WorkerMessage).type === 'split-request' ? hold(message as WorkerMessage) : inner.post(message)),
        onMessage: (listener) => {
          receive = listener as (message: HostMessage) => void;
          inner.onMessage(listener);
        },
      };
      done = runWorker(task as WorkerTask, { system, port, loadJob: async () => describe() });
      return { port: nodePort(port1), done, kill: () => {} };
    },
    close: async () => {},
  };
  const cluster = new Cluster({ spawner, system, print: () => {}, warn: () => {} });
  const job = cluster.run(describe(), { module: 'in-process:job', args: undefined, parallelism: 1 });
  const { stage, subtask } = (await request) as Extract<WorkerMessage, { type: 'split-request' }>;
  await job.cancel();
  await done;
  expect(calls).toEqual(['close']);
  receive({ type: 'split', stage, subtask, split: { id: 'the only one' } });
  receive({ type: 'no-more-splits', stage, subtask });
  expect(calls).toEqual(['close']);
  await cluster.close();
});
