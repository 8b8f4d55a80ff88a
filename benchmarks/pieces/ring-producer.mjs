/** The writing thread of the piece `ring`. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { RingWriter } from '../../dist/modules/channel/ring.js';
import { payloadOf, writeFrame } from './ring-frames.mjs';

const { memory, bytes, frames } = workerData;
const writer = new RingWriter(memory, () => {});
const payload = payloadOf(bytes);
parentPort.postMessage('ready');
await once(parentPort, 'message');
for (let i = 0; i < frames; i++) while (!writeFrame(writer, bytes, payload));
parentPort.close();
