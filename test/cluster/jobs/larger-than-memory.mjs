// How many numbers of each key there were, and their sum, by operators whose state may be larger than its memory.
import { count, disk, heap, StreamEnvironment, sum, valueState } from '../../../dist/index.js';
import { untilTold, waitingSource } from './waiting-source.mjs';

// What the test says comes with the environment, which is made of it.
const { args } = new StreamEnvironment();
const { kind, records, until, keys, memory, ...options } = args;

const env = new StreamEnvironment({
  runtimeMode: 'streaming',
  bufferTimeout: 0,
  stateBackend: memory === undefined ? heap() : disk({ memory }),
  limits: {
    batchRows: 64,
    diskSegmentBytes: 20_000,
    stateWriteBytes: 4000,
    inlineStateBytes: 100,
    diskSegmentFiles: 3,
    checkpointPercentMax: 100,
  },
  ...options,
});

const madeUp = waitingSource({
  count: records,
  create: (n) => ({ key: `key ${(n * 7919) % keys}`, count: 1, total: n }),
  until: untilTold(until),
});
const rows = env.fromSource(madeUp, { parallelism: 1 }).keyBy('key');
const text = ({ key, count, total }) => `${key} ${count} ${total}`;
const added = (a, b) => ({ key: b.key, count: a.count + 1, total: a.total + b.total });

const kinds = {
  process: () =>
    rows
      .process({
        state: { seen: valueState() },
        processElement(row, { state: { seen } }, out) {
          seen.update(seen.value === undefined ? row : added(seen.value, row));
          out(seen.value);
        },
      })
      .uid('seen'),
  aggregate: () => rows.aggregate({ count: count(), total: sum('total') }).uid('seen'),
  reduce: () => rows.reduce(added).uid('seen'),
  fold: () =>
    rows
      .aggregate({
        createAccumulator: () => ({ count: 0, total: 0 }),
        add: (row, seen) => added(seen, row),
        getResult: (seen) => seen,
        merge: (a) => a,
      })
      .uid('seen'),
  // The count is that of the first record.
  sum: () => rows.sum('total').uid('seen'),
};

kinds[kind]().map(text).toHost('counts');

await env.execute('larger than memory');
