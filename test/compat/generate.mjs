/**
 * Writes the samples of a version: `npm run compat:generate -- v1`, or some of them: `npm run compat:generate -- v1 unaligned`. See README.md.
 *
 * The job is that of test/cluster/jobs/golden.mjs as it is now, run to its middle, checkpointed, and called off. Parts of the second
 * subtask get their hidden names back, as if the process had been killed when the checkpoint was complete and not yet committed.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalCluster } from '../../dist/index.js';

const records = 300;
const parallelism = 2;

/**
 * What each sample is there for: `holds` says whether a manifest has it; a run that has not had it is made again. `parallelisms` are those
 * at which it must be gone on from.
 */
const samples = {
  /** Every kind of state. */
  aligned: { args: {}, parallelisms: [2, 1, 3], holds: () => true },
  /** Rows on their way, by key and by turns. Late records and timers would depend on where watermarks were between them. */
  unaligned: {
    args: { which: ['wordCount', 'rolling', 'asyncMap'], unaligned: true, limits: { ringBytes: 2048, batchRows: 4 } },
    parallelisms: [2, 3],
    holds: (manifest) => subtasksOf(manifest).filter(({ inFlight = [] }) => inFlight.length > 0).length > 2,
  },
  /** Segments of several checkpoints, and lists of their stale entries. */
  incremental: {
    args: { which: ['rolling', 'keyedProcess', 'sliding'] },
    checkpoints: 6,
    parallelisms: [3, 1],
    holds: (manifest) => checkpointsOf(manifest).size > 2 && segmentsOf(manifest).some(({ stale }) => stale.length > 1),
  },
  /** State larger than memory: files that are those of the backend, under another name. */
  disk: {
    args: { which: ['rolling', 'wordCount'], memory: 1, limits: { diskSegmentBytes: 512 } },
    checkpoints: 4,
    parallelisms: [3, 1],
    holds: (manifest) => checkpointsOf(manifest).size > 1 && pathsOf(manifest).some((path) => /\.\d+\.state$/.test(path)),
  },
  /** A savepoint that the job has ended with. */
  savepoint: {
    args: { which: ['tumbling', 'sessions', 'intervalJoin', 'broadcast', 'operatorList'] },
    stops: true,
    parallelisms: [3, 1],
    holds: () => true,
  },
};

const [version = 'v1', ...names] = process.argv.slice(2);
const directory = fileURLToPath(new URL(`./${version}`, import.meta.url));
const working = mkdtempSync(join(tmpdir(), 'millrace-compat-'));
const cluster = new LocalCluster({ slots: parallelism });
try {
  mkdirSync(directory, { recursive: true });
  for (const [name, copy] of [
    ['golden.mjs', 'job.mjs'],
    ['waiting-source.mjs', 'waiting-source.mjs'],
  ])
    copyFileSync(new URL(`../cluster/jobs/${name}`, import.meta.url), join(directory, copy));
  await writeExpected();
  for (const name of names.length === 0 ? Object.keys(samples) : names) await write(name, samples[name]);
} finally {
  await cluster.close();
  rmSync(working, { recursive: true });
}

async function writeExpected() {
  const straight = join(working, 'straight');
  await (await submit({ directory: straight })).result();
  writeFileSync(join(directory, 'expected.txt'), linesOf(join(straight, 'out')).join(''));
}

async function write(name, sample) {
  for (let run = 1; run <= 50; run++) {
    const stopped = join(working, `${name}-${run}`);
    const { kept, committed } = await stop(stopped, sample);
    const manifest = manifestIn(kept);
    if (!sample.holds(manifest)) continue;
    const target = join(directory, name);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
    const { args, parallelisms } = sample;
    writeFileSync(join(target, 'sample.json'), textOf({ args: { records, checkpoint: true, ...args }, parallelisms }));
    cpSync(kept, join(target, sample.stops ? 'savepoint' : 'state'), { recursive: true });
    cpSync(join(stopped, 'out'), join(target, 'out'), { recursive: true });
    takeBack(join(target, 'out'), committed);
    console.log(`${version}/${name}: ${manifest.kind} ${manifest.id}, after ${run} runs`);
    return;
  }
  throw new Error(`${name}: no run has left what it is there for`);
}

/** Runs a job to its middle. Returns the directory of what it can go on from, and the parts that were committed before that was taken. */
async function stop(directory, { args, checkpoints = 1, stops = false }) {
  const until = new SharedArrayBuffer(4);
  const client = await submit({ directory, until, ...args });
  for (let checkpoint = 1; checkpoint < checkpoints; checkpoint++) {
    const some = Math.floor(((records / 2) * checkpoint) / checkpoints);
    Atomics.store(new Int32Array(until), 0, some);
    await hasMade(client, some);
    await client.checkpoint();
  }
  // Some more may be on their way.
  Atomics.store(new Int32Array(until), 0, records - 1);
  await hasMade(client, records / 2);
  const committed = new Set(partsIn(join(directory, 'out')));
  if (stops) return { kept: await client.stop({ savepoint: join(directory, 'savepoint') }), committed };
  await client.checkpoint();
  await client.cancel();
  return { kept: join(directory, 'state'), committed };
}

function submit(args) {
  return cluster.submit(new URL(`./${version}/job.mjs`, import.meta.url), { args: { records, parallelism, checkpoint: true, ...args } });
}

/** As the formatter has it: lists on a line. */
function textOf(json) {
  const text = JSON.stringify(json, null, 2).replace(/\[[^[{]*?\]/g, (list) =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  );
  return `${text}\n`;
}

/** Waits for the job's source to have made so many records. */
async function hasMade(client, count) {
  while (client.metrics().stages[0].subtasks[0].recordsIn < count) await new Promise((resolve) => setTimeout(resolve, 1));
}

function manifestIn(directory) {
  const [name] = readdirSync(directory).filter((each) => each.endsWith('.manifest'));
  const text = readFileSync(join(directory, name), 'utf8');
  return JSON.parse(text.slice(text.indexOf('\n')));
}

function subtasksOf({ operators }) {
  return operators.flatMap(({ subtasks }) => subtasks);
}

function segmentsOf(manifest) {
  return subtasksOf(manifest).flatMap(({ keyed }) => Object.values(keyed).flat());
}

function pathsOf(manifest) {
  return segmentsOf(manifest).flatMap(({ bytes }) => (bytes.kind === 'file' ? [bytes.path] : []));
}

/** Those that its segments were written for. */
function checkpointsOf(manifest) {
  return new Set(segmentsOf(manifest).map(({ id }) => id.slice(0, 6)));
}

/** What is committed: paths of parts, with the sink's directory. */
function partsIn(out) {
  return readdirSync(out).flatMap((name) =>
    readdirSync(join(out, name))
      .filter((part) => !part.startsWith('.'))
      .map((part) => join(name, part)),
  );
}

/** What they hold: lines with the sink's directory in front. */
function linesOf(out) {
  const lines = partsIn(out).flatMap((part) =>
    readFileSync(join(out, part), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => `${dirname(part)}\t${line}\n`),
  );
  return lines.sort();
}

function takeBack(out, committed) {
  for (const part of partsIn(out)) {
    const name = basename(part);
    if (name.startsWith('part-1-') && !committed.has(part)) renameSync(join(out, part), join(out, dirname(part), `.${name}.inprogress`));
  }
}
