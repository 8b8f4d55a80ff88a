// Counts in windows of 100 ms of event time, exactly once. Records that `args.deadly` names kill the thread that they come to, once each.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { count, eventTime, files, restart, StreamEnvironment, sum, watermarks } from '../../../dist/index.js';
import { untilTold, waitingSource } from '../../cluster/jobs/waiting-source.mjs';

const { args } = new StreamEnvironment();
const { directory, records, until, deadly = [], how } = args;
const env = new StreamEnvironment({
  parallelism: 2,
  stateDir: join(directory, 'state'),
  checkpoint: { interval: '30ms' },
  restart: restart.fixedDelay({ attempts: 1000, delay: '5ms' }),
  runtimeMode: 'streaming',
  bufferTimeout: '2ms',
  autoWatermarkInterval: '5ms',
  limits: { batchRows: 64, checkpointPercentMax: 100, inlineStateBytes: 512, snapshotUnits: 16 },
});

const ways = {
  exit: () => process.exit(3),
  reject: () => void Promise.reject(new RangeError('nobody waits for this')),
};

/** True once for a name, in whatever thread and attempt. */
function isFirst(name) {
  try {
    writeFileSync(join(directory, `killed-by-${name}`), '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

const madeUp = waitingSource({
  count: records,
  create: (index) => ({ at: index, key: (index * 7919) % 13, value: index % 10 }),
  until: untilTold(until),
  // Time for checkpoints.
  pauseMs: 1,
});

// One source for all: a thread that starts late must not make records late.
env
  .fromSource(madeUp, { parallelism: 1, watermarks: watermarks.boundedOutOfOrderness('1ms', { timestamp: 'at' }) })
  .rebalance()
  .map((record) => {
    if (deadly.includes(record.at) && isFirst(record.at)) ways[how]();
    return record;
  })
  .keyBy('key')
  .window(eventTime.tumbling('100ms'))
  .aggregate({ records: count(), total: sum('value') })
  .map(({ key, start, records: counted, total }) => `${start} ${key} ${counted} ${total}`)
  .sinkTo(files.sink(join(directory, 'counts'), { format: 'text', rolling: { size: 1024 } }));

await env.execute('lost workers');
