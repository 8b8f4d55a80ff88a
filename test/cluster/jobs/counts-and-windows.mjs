// Counts by key, and windows by key, of numbers that come as far as the test lets them: what is to be the same wherever the job was
// stopped and gone on with.
import { count, eventTime, StreamEnvironment, sum, valueState, watermarks } from '../../../dist/index.js';
import { untilTold, waitingSource } from './waiting-source.mjs';

// What the test says comes with the environment, which is made of it.
const { args } = new StreamEnvironment();
const { records, until, sources, counts = 'counts', kind = 'process', ...options } = args;
const env = new StreamEnvironment({ bufferTimeout: 0, autoWatermarkInterval: 0, limits: { checkpointPercentMax: 100 }, ...options });

const madeUp = waitingSource({
  count: records,
  create: (index) => ({ index, key: `k${index % 17}`, time: index * 10 }),
  until: untilTold(until),
  splits: sources ?? 4,
});
const numbers = env.fromSource(madeUp, {
  uid: 'numbers',
  ...(sources === undefined ? {} : { parallelism: sources }),
  watermarks: watermarks.boundedOutOfOrderness('1s', { timestamp: 'time' }),
});

if (counts !== null) {
  const keyed = numbers.keyBy('key');
  const counted =
    kind === 'process'
      ? keyed.process({
          state: { seen: valueState() },
          processElement({ key, index }, { state: { seen } }, out) {
            const { n = 0, total = 0 } = seen.value ?? {};
            seen.update({ n: n + 1, total: total + index });
            out({ key, n: n + 1, total: total + index });
          },
        })
      : keyed.aggregate({ n: count(), total: sum('index') });
  counted
    .uid(counts)
    .name('counts')
    .map(({ key, n, total }) => `${key} ${n} ${total}`)
    .toHost('counts');
}

numbers
  .keyBy('key')
  .window(eventTime.tumbling('5s'))
  .aggregate({ n: count(), total: sum('index') })
  .uid('windows')
  .map(({ key, start, n, total }) => `${key} ${start} ${n} ${total}`)
  .toHost('windows');

await env.execute('counts and windows');
