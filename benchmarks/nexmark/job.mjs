/**
 * Runs one query of Nexmark over generated events.
 *
 *   node benchmarks/nexmark/job.mjs <query> [--events n] [--rate n] [--seed n] [--parallelism n] [--checkpoint interval] [--state-dir d] [--output d]
 *
 * --rate is of event time alone, in events a second: 100000 by default, or 10000000; events are made as fast as they are taken. With
 * --checkpoint there are checkpoints, in --state-dir, and with --output q10 writes there; both are directories that are removed at the end
 * when they are not named. One line of JSON tells the time from the submission of the job to its end, and the CPU time of the whole process;
 * and how many checkpoints were completed in it, as in a run that is shorter than their interval there are none. The hash is over all rows;
 * of a query whose rows depend on the clock, over what of them does not.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { StreamEnvironment, watermarks } from 'millrace';
import { checksum } from '../jobs/checksum-sink.mjs';
import { takeNumbers } from '../jobs/subtask-numbers.mjs';
import { totalOf } from '../runner/checksum.mjs';
import { checksumOfFiles } from './file-rows.mjs';
import { loadQuery } from './queries.mjs';
import { sideInputFile } from './side-input.mjs';
import { nexmark } from './source.mjs';

/** Directories that nobody names: all threads of the process agree on them. */
const temporary = join(tmpdir(), `millrace-nexmark-${process.pid}`);

const { args } = new StreamEnvironment();
const { name, events, rate, seed, parallelism, checkpoint, stateDir, output } = readArguments(/** @type {string[]} */ (args));
const query = await loadQuery(name);

const env = new StreamEnvironment({
  parallelism,
  runtimeMode: 'streaming',
  ...(checkpoint === undefined ? {} : { stateDir, checkpoint: { interval: checkpoint } }),
});
const stream = env.fromSource(nexmark({ events, eventsPerSecond: rate, seed }), {
  uid: 'events',
  watermarks: watermarks.boundedOutOfOrderness('4s', { timestamp: 'dateTime' }),
});
query
  .build(stream, { sideInput: sideInputFile() })
  .sinkTo(query.sink?.(output) ?? checksum(essenceOf(query)))
  .uid('rows');

const cpu = process.cpuUsage();
const began = performance.now();
const job = await env.executeAsync(`nexmark-${name}`);
let checkpoints = 0;
job.on('checkpoint', ({ status }) => {
  if (status === 'completed') checkpoints++;
});
await job.result();
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);

const result = query.sink === undefined ? totalOf(takeNumbers()) : checksumOfFiles(output);
rmSync(temporary, { recursive: true, force: true });
console.log(
  JSON.stringify({
    query: name,
    events,
    rate,
    parallelism,
    ...(checkpoint === undefined ? {} : { checkpoint, checkpoints }),
    seconds,
    eventsPerSecond: Math.round(events / seconds),
    coreEventsPerSecond: Math.round(events / ((user + system) / 1e6)),
    ...result,
  }),
);

/**
 * @param {import('./queries.mjs').Query} query
 * @returns {import('../jobs/checksum-sink.mjs').Essence | undefined} undefined where all rows are the same in every run
 */
function essenceOf({ repeats = true, upsertKey, addsUp }) {
  if (repeats) return undefined;
  return { ...(upsertKey === undefined ? {} : { last: upsertKey }), ...(addsUp === undefined ? {} : { addsUp }) };
}

/** @param {string[]} args */
function readArguments(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      events: { type: 'string', default: '10000000' },
      rate: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      parallelism: { type: 'string', default: '1' },
      checkpoint: { type: 'string' },
      'state-dir': { type: 'string', default: join(temporary, 'state') },
      output: { type: 'string', default: join(temporary, 'output') },
    },
  });
  if (positionals.length !== 1) throw new Error('name one query, such as q5');
  return {
    name: positionals[0],
    events: wholeNumber(values.events, '--events'),
    rate: wholeNumber(values.rate, '--rate'),
    seed: wholeNumber(values.seed, '--seed'),
    parallelism: wholeNumber(values.parallelism, '--parallelism'),
    checkpoint: /** @type {import('millrace').Duration | undefined} */ (values.checkpoint),
    stateDir: values['state-dir'],
    output: values.output,
  };
}

/**
 * @param {string} text
 * @param {string} option
 */
function wholeNumber(text, option) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} must be a whole number from 1, not '${text}'`);
  return number;
}
