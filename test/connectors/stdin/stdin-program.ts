/**
 * A program that reads its standard input on a worker thread, as a job does, and prints each line as JSON. Bundled and run by the
 * test. With `--cancel` it closes the reader after the first lines, as a cancelled job does.
 */

import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { limitsWith } from '../../../src/base/limits.ts';
import { RecordBatch } from '../../../src/batch/record-batch.ts';
import { stdinSource } from '../../../src/connectors/stdin/stdin-source.ts';
import { nodeSystem } from '../../../src/platform/node-system.ts';
import { stringsOf } from '../strings-of.ts';

function readLines(say: (what: unknown) => void, cancel: boolean): void {
  const source = stdinSource();
  let poll = () => {};
  const reader = source.createReader({
    system: nodeSystem(),
    limits: limitsWith({ readBytes: 64, batchRows: 7 }),
    parallelism: 1,
    subtask: 0,
    wake: () => setImmediate(() => poll()),
    fail: (error) => say(String(error)),
    countBad: () => {},
    warn: (message) => say(message),
  });
  poll = () => {
    for (let polled = reader.poll(); polled !== 'pending'; polled = reader.poll()) {
      if (polled instanceof RecordBatch) stringsOf(polled).forEach(say);
      if (polled === 'end' || cancel) {
        poll = () => {};
        reader.close();
        return say({ bounded: source.bounded, bytesRead: reader.bytesRead });
      }
    }
  };
  reader.addSplit({ id: 'stdin' });
  reader.noMoreSplits();
  poll();
}

const cancel = process.argv.includes('--cancel');
if (!isMainThread) readLines((what) => parentPort?.postMessage(what), cancel);
else {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  worker.on('message', (what) => console.log(JSON.stringify(what)));
}
