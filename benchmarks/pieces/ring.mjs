/**
 * The ring of shared memory by itself: frames of several sizes, whose bytes are all written and all read. First both ends on
 * one thread, in turn, then each on a thread of its own; and record batches through the channel that is built on it.
 *
 * The hash is over what was read: of a ring that was filled once, of all frames that came from the other thread, and of one batch.
 *
 *   node benchmarks/pieces/ring.mjs [ms]
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RecordBatch } from '../../dist/modules/batch/record-batch.js';
import { createRingMemory, RingReader, RingWriter } from '../../dist/modules/channel/ring.js';
import { RingChannelReader, RingChannelWriter } from '../../dist/modules/channel/ring-channel.js';
import { internType, t } from '../../dist/modules/schema/type.js';
import { payloadOf, read, readFrame, writeFrame } from './ring-frames.mjs';
import { report, time, timeOfArguments } from './timing.mjs';

const ringBytes = 512 * 1024;
const sizes = [64, 4096, 65_536];
const rows = 1024;
const quiet = () => {};

const results = [];
const roundTrips = Object.fromEntries(sizes.map((bytes) => [bytes, fillAndEmpty(bytes)]));
const throughChannel = batchesThroughChannel();
const msOf = await time({
  ...Object.fromEntries(Object.entries(roundTrips).map(([bytes, { call }]) => [bytes, call])),
  channel: throughChannel,
});

const figures = sizes.flatMap((bytes) =>
  rates(`${bytes} bytes, one thread`, { frames: roundTrips[bytes].frames, bytes, ms: msOf(String(bytes)) }),
);
for (const bytes of sizes) figures.push(...rates(`${bytes} bytes, two threads`, { bytes, ...(await acrossThreads(bytes)) }));
figures.push({
  name: 'batches of 4 numbers by 1024 through a ring channel, one thread',
  value: (rows * 1000) / msOf('channel'),
  unit: 'records/s',
});
report('ring', { figures, results });

/**
 * @param {string} name
 * @param {{ frames: number, bytes: number, ms: number }} measured
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function rates(name, { frames, bytes, ms }) {
  return [
    { name: `frames of ${name}`, value: (frames * 1000) / ms, unit: 'frames/s' },
    { name: `frames of ${name}`, value: (frames * bytes * 1000) / ms, unit: 'bytes/s' },
  ];
}

/** Fills the ring and empties it. */
function fillAndEmpty(bytes) {
  const memory = createRingMemory(ringBytes);
  const writer = new RingWriter(memory, quiet);
  const reader = new RingReader(memory, quiet);
  const payload = payloadOf(bytes);
  let frames = 0;
  const call = () => {
    frames = 0;
    read.sum = 0;
    while (writeFrame(writer, bytes, payload)) frames++;
    for (let i = 0; i < frames; i++) readFrame(reader);
  };
  call();
  results.push({ what: `${bytes} bytes, one thread`, frames, sum: read.sum });
  return { call, frames };
}

/** The other thread writes as fast as it can; both ends spin, as the workers of a busy job do. */
async function acrossThreads(bytes) {
  const memory = createRingMemory(ringBytes);
  // Some bytes for each millisecond asked for: about as long as the alternatives on one thread.
  const frames = Math.ceil((timeOfArguments() * Math.min(1_000_000, 10_000 * bytes)) / bytes);
  const producer = new Worker(new URL('./ring-producer.mjs', import.meta.url), { workerData: { memory, bytes, frames } });
  await once(producer, 'message');
  producer.postMessage('start');
  const reader = new RingReader(memory, quiet);
  while (reader.peek() < 0);
  read.sum = 0;
  const start = performance.now();
  for (let i = 0; i < frames; i++) while (!readFrame(reader));
  const ms = performance.now() - start;
  results.push({ what: `${bytes} bytes, two threads`, frames, sum: read.sum });
  await once(producer, 'exit');
  return { frames, ms };
}

/** A batch is written, sent, received and read: all that an exchange does for a batch, but for filling it with a job's rows. */
function batchesThroughChannel() {
  const memory = createRingMemory(ringBytes);
  const writer = new RingChannelWriter(memory, quiet);
  const reader = new RingChannelReader(memory, quiet);
  const type = internType(t.object({ key: t.float64, v1: t.float64, v2: t.float64, v3: t.float64 }).record);
  const call = (fill = quiet, take = quiet) => {
    const batch = writer.acquire(type, { capacity: rows, timestamps: false, hashes: true });
    fill(batch);
    batch.rowCount = rows;
    if (!writer.offer(batch)) throw new Error('the ring has room for one batch');
    for (;;) {
      const element = reader.poll();
      if (element === null) throw new Error('the batch is in the ring');
      const taken = element instanceof RecordBatch ? element.rowCount : 0;
      if (taken > 0) take(element);
      reader.release();
      if (taken > 0) return;
    }
  };
  call(fillColumns, (batch) => results.push({ what: 'a batch', frames: batch.rowCount, sum: sumOfColumns(batch) }));
  return () => call();
}

/** Each column has other numbers. */
function fillColumns({ columns }) {
  for (const [i, column] of columns.entries()) column.values(rows).set(Float64Array.from({ length: rows }, (_, row) => row * (i + 1)));
}

/** So that columns, and rows, cannot take the place of one another. */
function sumOfColumns({ columns, rowCount }) {
  let sum = 0;
  for (const [i, column] of columns.entries())
    for (const [row, value] of column.values(rowCount).entries()) sum += value * (row + 1) * (i + 1);
  return sum;
}
