/**
 * Keyed state that is larger than its memory: updates of keys at random, of which each reads what its key has, and writes it anew.
 *
 *   node benchmarks/jobs/disk-state.mjs [keys] [updates] [times] [parallelism] [heap | disk]
 *
 * What a key has takes about 200 bytes where it is stored; the memory of the state backend is what all keys have by `times`. First each
 * key is written once, in order, then as many keys as there are updates at random. Prints the time of the latter, and a hash of
 * all that was read, which is the same for every backend; and the memory of the process at most.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disk, heap, StreamEnvironment, valueState } from 'millrace';
import { Checksum, totalOf } from '../runner/checksum.mjs';
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

/** @typedef {{ key: number, count: number, last: number, text: number }} Row what was read of a key, and how often it has come */

/** @type {import('millrace').Sink<Row>} */
const counting = {
  name: 'counting',
  createWriter({ subtask }) {
    const sum = new Checksum();
    let updatesFrom = 0;
    let cpuFrom = process.cpuUsage();
    return {
      write(row) {
        if (sum.rows === Math.floor(keyCount / Number(parallelism))) {
          updatesFrom = performance.now();
          cpuFrom = process.cpuUsage();
        }
        sum.add(row);
      },
      finish: () => {
        const { user, system } = process.cpuUsage(cpuFrom);
        leaveNumbers(subtask, [...sum.parts, performance.now() - updatesFrom, (user + system) / 1e6]);
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
    processElement({ n }, ctx, /** @type {(row: Row) => void} */ out) {
      const held = ctx.state.held.value;
      const count = (held?.count ?? 0) + 1;
      ctx.state.held.update({ count, last: n, text });
      out({ key: ctx.key, count, last: held?.last ?? -1, text: held?.text.length ?? 0 });
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
const left = takeNumbers();
const { rows, hash } = totalOf(left);
const [ms, cpuSeconds] = [3, 4].map((at) => Math.max(...left.map((numbers) => numbers[at])));
if (rows !== total) throw new Error(`${total} updates went in, and ${rows} came out`);
console.log(
  JSON.stringify({
    program: 'disk-state',
    updates: Number(updates),
    hash,
    seconds: ms / 1000,
    // Not the same for all backends, and so not compared.
    [backend]: {
      updatesPerSecondOfCpu: Math.round(Number(updates) / cpuSeconds),
      megabytes: Math.round(most / 1e6),
      of: Math.round(memory / 1e6),
    },
  }),
);
