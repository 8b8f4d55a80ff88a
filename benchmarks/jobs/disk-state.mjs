/**
 * Keyed state that is larger than its memory: updates of keys at random, of which each reads what its key has, and writes it anew.
 *
 *   node benchmarks/jobs/disk-state.mjs [keys] [updates] [times] [parallelism] [heap | disk]
 *
 * What a key has takes about 200 bytes where it is stored; the memory of the state backend is what all keys have by `times`. First each
 * key is written once, in order, then as many keys as there are updates at random. Prints the time of the latter, and a sum over
 * all that was read, which is the same for every backend; and the memory of the process at most.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disk, heap, StreamEnvironment, valueState } from 'millrace';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

const [keys = '1000000', updates = '5000000', times = '5', parallelism = '1', backend = 'disk'] = process.argv.slice(2);
const keyCount = Number(keys);
const total = keyCount + Number(updates);
const storedBytes = 200;
const memory = Math.ceil((keyCount * storedBytes) / Number(times));
const text = 'a key has something to remember '.repeat(5);
const stateDir = join(tmpdir(), `millrace-disk-state-${process.pid}`);

/** @param {number} i a number from 0; each key once, and then keys at random */
function create(i) {
  if (i < keyCount) return { key: i, n: i };
  const mixed = Math.imul((i ^ (i >>> 15)) + 0x6d2b79f5, 0x2c1b3c6d);
  return { key: (Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39) >>> 0) % keyCount, n: i };
}

/** @type {import('millrace').Sink<number>} */
const counting = {
  name: 'counting',
  createWriter({ subtask }) {
    let rows = 0;
    let sum = 0;
    let updatesFrom = 0;
    let cpuFrom = process.cpuUsage();
    return {
      write(count) {
        if (rows++ === Math.floor(keyCount / Number(parallelism))) {
          updatesFrom = performance.now();
          cpuFrom = process.cpuUsage();
        }
        sum += count;
      },
      finish: () => {
        const { user, system } = process.cpuUsage(cpuFrom);
        leaveNumbers(subtask, [rows, sum, performance.now() - updatesFrom, (user + system) / 1e6]);
      },
    };
  },
};

const env = new StreamEnvironment({
  parallelism: Number(parallelism),
  runtimeMode: 'streaming',
  stateDir,
  stateBackend: backend === 'disk' ? disk({ memory }) : heap(),
});
env
  .generate({ count: total, create })
  .keyBy('key')
  .process({
    state: { held: /** @type {import('millrace').ValueStateDescriptor<{ count: number, last: number, text: string }>} */ (valueState()) },
    processElement({ n }, ctx, /** @type {(count: number) => void} */ out) {
      const count = (ctx.state.held.value?.count ?? 0) + 1;
      ctx.state.held.update({ count, last: n, text });
      out(count);
    },
  })
  .sinkTo(counting);

let most = 0;
const looking = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 100);
await env.execute('disk state');
clearInterval(looking);
rmSync(stateDir, { recursive: true, force: true });
const [rows, sum, ms, cpuSeconds] = takeNumbers().reduce(
  ([a, b, c, d], [e, f, g, h]) => [a + e, b + f, Math.max(c, g), Math.max(d, h)],
  [0, 0, 0, 0],
);
if (rows !== total) throw new Error(`${total} updates went in, and ${rows} came out`);
console.log(
  JSON.stringify({
    program: 'disk-state',
    updates: Number(updates),
    sum,
    seconds: ms / 1000,
    // Not the same for all backends, and so not compared.
    [backend]: {
      updatesPerSecondOfCpu: Math.round(Number(updates) / cpuSeconds),
      megabytes: Math.round(most / 1e6),
      of: Math.round(memory / 1e6),
    },
  }),
);
