// Counts by key, and windows by key, of numbers that come at a rate: what is to be the same wherever the job was stopped and gone on with.
import { count, eventTime, StreamEnvironment, sum, valueState, watermarks } from '../../../dist/index.js';

const { records, rate, parallelism, stateDir, checkpoint, mode, without, uid = 'counts', allOf = false } = new StreamEnvironment().args;
const env = new StreamEnvironment({
  parallelism,
  stateDir,
  ...(checkpoint === undefined ? {} : { checkpoint }),
  ...(mode === undefined ? {} : { runtimeMode: mode }),
  bufferTimeout: 0,
  autoWatermarkInterval: 0,
  limits: { checkpointPercentMax: 100 },
});

const numbers = env
  .generate({
    count: records,
    ratePerSecond: rate,
    create: (index) => ({ index, key: `k${index % 17}`, time: index * 10 }),
    uid: 'numbers',
    watermarks: watermarks.boundedOutOfOrderness('1s', { timestamp: 'time' }),
  });

if (without !== 'counts') {
  numbers
    .keyBy('key')
    .process({
      state: { seen: valueState() },
      processElement({ key, index }, { state: { seen } }, out) {
        const { n = 0, total = 0 } = seen.value ?? {};
        seen.update({ n: n + 1, total: total + index });
        out(`${key} ${n + 1} ${total + index}`);
      },
    })
    .uid(uid)
    .toHost('counts');
}

numbers
  .keyBy('key')
  .window(eventTime.tumbling('5s'))
  .aggregate({ n: count(), total: sum('index') })
  .uid('windows')
  .map(({ key, window, n, total }) => `${key} ${window?.start} ${n} ${total}`)
  .toHost('windows');

if (allOf) {
  numbers
    .keyBy('key')
    .aggregate({ n: count(), total: sum('index') })
    .uid('sums')
    .map(({ key, n, total }) => `${key} ${n} ${total}`)
    .toHost('sums');
}

await env.execute('golden');
