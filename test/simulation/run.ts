/** `npm run sim`: runs seeds one after the other, and shows what happens in them. */

import { parseArgs } from 'node:util';
import { type JobName, jobNames } from './jobs.ts';
import { jobOf, runSeed } from './seeds.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    job: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const count = Number(values.seeds);
if (!Number.isSafeInteger(first) || !(count >= 1)) throw new Error('sim: --seed and --seeds are whole numbers; --seeds may be Infinity');
if (values.job !== undefined && !jobNames.includes(values.job as JobName)) {
  throw new Error(`sim: there is no job '${values.job}'; there are ${jobNames.join(', ')}`);
}

const startedAt = performance.now();
let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  const name = (values.job as JobName | undefined) ?? jobOf(seed);
  try {
    const report = await runSeed(seed, values.trace ? { trace: console.log } : {}, name);
    if (count === 1) console.log(name, report);
  } catch (error) {
    failed++;
    console.log((error as Error).message);
    if (values.trace) console.log(((error as Error).cause as Error).cause);
  }
  const done = seed - first + 1;
  if (done % 1000 === 0 || done === count) {
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`${done} seeds in ${seconds.toFixed(1)} s, ${(done / seconds).toFixed(0)} a second; ${failed} failed`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
