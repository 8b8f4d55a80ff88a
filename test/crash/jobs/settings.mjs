// What the programs of these tests share: they take one argument, JSON with directory, parallelism and pause.
import { join } from 'node:path';
import { StreamEnvironment } from '../../../dist/index.js';

const { directory, parallelism, pauseEvery = 0 } = JSON.parse(process.argv[2]);

/** Small pieces of everything, so that a second of work has hundreds of boundaries to be killed at. */
const limits = {
  batchRows: 64,
  readBytes: 4096,
  splitBytes: 32 * 1024,
  splitBytesMin: 1024,
  inlineStateBytes: 512,
  stateWriteBytes: 2048,
  snapshotUnits: 16,
  stateSegments: 4,
  checkpointPercentMax: 100,
  sinkBytes: 512,
};

export function environment() {
  return new StreamEnvironment({
    parallelism,
    stateDir: join(directory, 'state'),
    checkpoint: { interval: '50ms', retain: 2 },
    runtimeMode: 'streaming',
    bufferTimeout: '2ms',
    autoWatermarkInterval: '5ms',
    limits,
  });
}

export const input = (name) => join(directory, '..', 'input', `${name}-*.txt`);
export const output = (name) => join(directory, name);

const nothing = new Int32Array(new SharedArrayBuffer(4));
let records = 0;

/** Makes a run last long enough to be killed in the middle: a millisecond for so many records of a thread. */
export function pause() {
  if (pauseEvery > 0 && ++records % pauseEvery === 0) Atomics.wait(nothing, 0, 0, 1);
}

/** Runs the job and says when it is up. A worker never comes back from the first line. */
export async function run(env, name) {
  const job = await env.executeAsync(name);
  job.on('status', (status) => console.log(status));
  job.on('failure', (error) => console.error(error));
  await job.result();
}
