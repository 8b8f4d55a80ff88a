/**
 * Writes the sample of this version: `npm run compat:generate`. See README.md.
 *
 * The job is that of test/cluster/jobs/golden.mjs as it is now, run to its middle, checkpointed, and called off. Parts of the second
 * subtask get their hidden names back, as if the process had been killed when the checkpoint was complete and not yet committed.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalCluster } from '../../dist/index.js';

const version = process.argv[2] ?? 'v1';
const records = 300;
const parallelism = 2;

const sample = fileURLToPath(new URL(`./${version}`, import.meta.url));
const working = mkdtempSync(join(tmpdir(), 'millrace-compat-'));
const cluster = new LocalCluster({ slots: parallelism });
try {
  rmSync(sample, { recursive: true, force: true });
  mkdirSync(sample);
  copyFileSync(new URL('../cluster/jobs/golden.mjs', import.meta.url), join(sample, 'job.mjs'));
  writeFileSync(join(sample, 'sample.json'), `${JSON.stringify({ records, parallelism }, null, 2)}\n`);
  const straight = join(working, 'straight');
  await (await submit({ directory: straight })).result();
  writeFileSync(join(sample, 'expected.txt'), linesOf(join(straight, 'out')).join(''));

  const stopped = join(working, 'stopped');
  const client = await submit({ directory: stopped, ratePerSecond: 200 });
  while (made(client) < records / 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const { id, bytes } = await client.checkpoint();
  await client.cancel();
  cpSync(join(stopped, 'state'), join(sample, 'state'), { recursive: true });
  cpSync(join(stopped, 'out'), join(sample, 'out'), { recursive: true });
  takeBack(join(sample, 'out'));
  console.log(`${version}: checkpoint ${id} with ${bytes} bytes of state`);
} finally {
  await cluster.close();
  rmSync(working, { recursive: true });
}

function submit(args) {
  return cluster.submit(new URL(`./${version}/job.mjs`, import.meta.url), { args: { records, parallelism, checkpoint: true, ...args } });
}

/** Records that the job's source has made. */
function made(client) {
  return client.metrics().stages[0].subtasks[0].recordsIn;
}

/** What is committed: lines with the sink's directory in front. */
function linesOf(out) {
  return readdirSync(out).flatMap((name) => {
    const parts = readdirSync(join(out, name)).filter((part) => !part.startsWith('.'));
    const lines = parts.flatMap((part) =>
      readFileSync(join(out, name, part), 'utf8')
        .split('\n')
        .slice(0, -1),
    );
    return lines.sort().map((line) => `${name}\t${line}\n`);
  });
}

function takeBack(out) {
  for (const name of readdirSync(out))
    for (const part of readdirSync(join(out, name)))
      if (part.startsWith('part-1-')) renameSync(join(out, name, part), join(out, name, `.${part}.inprogress`));
}
