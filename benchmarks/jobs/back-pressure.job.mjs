/** A source as fast as it can be, an exchange, and a function that is too slow for it. `env.args` are those of back-pressure.mjs. */
import { count, eventTime, restart, StreamEnvironment, sum, valueState, watermarks } from 'millrace';

/** @typedef {'small' | 'default' | 'large'} Depth */
/** @typedef {{ mode: 'rows' | 'firing', depth: Depth, overtakes: boolean, records: number, busyMs: number, timeoutMs: number, stateDir: string }} BackPressureArgs */

const buckets = 10;

const depths = {
  small: { ringBytes: 16 * 1024, batchRows: 32, batchBytes: 1024, localQueueBatches: 2 },
  default: {},
  large: { ringBytes: 8 * 1024 * 1024, localQueueBatches: 256, pooledBatches: 258 },
};

const { mode, depth, overtakes, records, busyMs, timeoutMs, stateDir } = /** @type {BackPressureArgs} */ (new StreamEnvironment().args);
const job = new StreamEnvironment({
  stateDir,
  restart: restart.none(),
  // However much of the time checkpoints take, they come at the interval that is measured.
  limits: { checkpointPercentMax: 100, ...depths[depth] },
  checkpoint: {
    interval: '100ms',
    minPause: '100ms',
    timeout: `${timeoutMs}ms`,
    tolerableFailures: 1000,
    ...(overtakes ? { unaligned: { afterAlignmentTimeout: '200ms' } } : {}),
  },
});

const hour = 3_600_000;
const perBucket = records / buckets;
const bound = mode === 'rows' ? rows() : fired();

bound
  .keyBy((row) => row.key % buckets)
  .process({
    state: { sums: valueState() },
    processElement({ value }, ctx, out) {
      work();
      const { n, total } = ctx.state.sums.value ?? { n: 0, total: 0 };
      const sums = { n: n + 1, total: total + value };
      ctx.state.sums.update(sums);
      if (sums.n === perBucket) out({ bucket: ctx.key, ...sums });
    },
  })
  .toHost('totals');

await job.execute('back-pressure');

function rows() {
  return job.generate({ count: records, create: (i) => ({ key: i, value: i % 1000 }) });
}

/** A window with as many keys as there are records, and as many records behind it. */
function fired() {
  return job
    .generate({
      count: 2 * records,
      create: (i) => ({ key: i % records, value: i % 1000, time: i < records ? 0 : hour }),
      parallelism: 1,
      watermarks: watermarks.monotonous({ timestamp: 'time' }),
    })
    .keyBy('key')
    .window(eventTime.tumbling('1m'))
    .aggregate({ n: count(), value: sum('value') })
    .filter(({ end }) => end <= hour);
}

function work() {
  if (busyMs === 0) return;
  const until = performance.now() + busyMs;
  while (performance.now() < until);
}
