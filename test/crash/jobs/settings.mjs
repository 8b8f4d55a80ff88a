// What the programs of these tests share: they take one argument, JSON with directory, parallelism, and whether they are to be killed.
import { join } from 'node:path';
import { StreamEnvironment } from '../../../dist/index.js';

const { directory, parallelism, isToBeKilled = false } = JSON.parse(process.argv[2]);

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

/** Records of a thread for which a run that is to be killed takes a millisecond, so that it is met in the middle. */
const recordsOfPause = 6;

/**
 * Whether a line is a record. A run that is to be killed does not come past the last line of the input, which is none: it is never
 * through before it is killed.
 */
export function isRecord(line) {
  if (line === 'end') {
    while (isToBeKilled) Atomics.wait(nothing, 0, 0, 1000);
    return false;
  }
  if (isToBeKilled && ++records % recordsOfPause === 0) Atomics.wait(nothing, 0, 0, 1);
  return true;
}

/** Runs the job and says when it is up. A worker never comes back from the first line. */
export async function run(env, name) {
  const job = await env.executeAsync(name);
  job.on('status', (status) => console.log(status));
  job.on('failure', (error) => console.error(error));
  await job.result();
}
