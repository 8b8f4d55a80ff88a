/** Runs one end of a ring on a worker thread; `ring-threads.test.ts` bundles this file for it. */

import { parentPort, workerData } from 'node:worker_threads';
import { runTask, type ThreadTask } from './thread-ends.ts';

parentPort?.postMessage(runTask(workerData as ThreadTask));
