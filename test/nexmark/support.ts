/** Runs queries of Nexmark on a cluster, straight through and with an interruption in their middle. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LocalCluster } from '../../src/index.ts';
import { type JobClient, rowsOf, until, within } from '../cluster/support.ts';
import type { Row, Workload } from './suite.ts';

export interface QueryRun {
  readonly query: string;
  readonly workload: Workload;
  readonly sideInput: string;
  readonly parallelism: number;
}

interface Interrupted extends QueryRun {
  readonly directory: string;
}

const module = new URL('./jobs/query.mjs', import.meta.url);

/** All rows, in the order in which those of a key came. */
export async function straight(cluster: LocalCluster, run: QueryRun): Promise<Row[]> {
  const job = await cluster.submit(module, { args: run });
  const [rows] = await Promise.all([rowsOf<Row>(job, 'rows'), within(job.result(), run.query)]);
  return rows;
}

/** The same of a query that writes files. */
export async function straightToFiles(cluster: LocalCluster, run: QueryRun): Promise<Row[]> {
  const directory = temporaryDirectory();
  const job = await cluster.submit(module, { args: { ...run, directory } });
  await within(job.result(), run.query);
  return new CommittedRows(directory).take();
}

/** Stopped with a savepoint when about half of the events were read, and gone on with at another parallelism. */
export async function stoppedAndRestored(cluster: LocalCluster, run: QueryRun, parallelism: number): Promise<Row[]> {
  const directory = temporaryDirectory();
  const committed = new CommittedRows(directory);
  const job = await heldInTheMiddle(cluster, { ...run, directory });
  const savepoint = (await within(job.stop({ savepoint: true }), 'the savepoint')) as string;
  const before = committed.take();
  const rest = await cluster.submit(module, { args: { ...run, parallelism, directory, checkpoint: '1h' }, from: savepoint });
  await within(rest.result(), `${run.query}, restored`);
  return [...before, ...committed.take()];
}

/** Fails behind a checkpoint that was taken when about half of the events were read, and goes on from it by itself. */
export async function crashed(cluster: LocalCluster, run: QueryRun): Promise<Row[]> {
  const directory = temporaryDirectory();
  const job = await heldInTheMiddle(cluster, { ...run, directory });
  let restores = 0;
  job.on('restore', () => restores++);
  await within(job.checkpoint(), 'the checkpoint');
  writeFileSync(join(directory, 'crash'), '');
  await within(job.result(), `${run.query}, crashed`);
  if (restores !== 1) throw new Error(`${run.query} was restored ${restores} times`);
  return new CommittedRows(directory).take();
}

/** Resolves when the readers wait. */
async function heldInTheMiddle(cluster: LocalCluster, run: Interrupted): Promise<JobClient> {
  const { directory, workload, parallelism } = run;
  const events = Math.floor(workload.events / 2 / parallelism);
  const hold = { events, until: join(directory, 'crash') };
  const job = await cluster.submit(module, { args: { ...run, hold, checkpoint: '1h' } });
  const all = { failed: false };
  job.result().catch(() => {
    all.failed = true;
  });
  await until(() => all.failed || readBy(job) >= events * parallelism, `${run.query} has read half of its events`);
  return job;
}

/** Events that the readers have read. */
function readBy(job: JobClient): number {
  const [source] = job.metrics().stages;
  return source.subtasks.reduce((all, { recordsIn }) => all + recordsIn, 0);
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** What a job has committed below its directory. */
class CommittedRows {
  readonly #directory: string;
  readonly #taken = new Set<string>();

  constructor(directory: string) {
    this.#directory = join(directory, 'out');
  }

  /** Rows of parts that were not there the last time, those of a subtask in the order in which it wrote them. */
  take(): Row[] {
    const paths = readdirSync(this.#directory, { recursive: true, encoding: 'utf8' });
    const parts = paths.filter((path) => /(^|\/)part-[^/]*$/.test(path) && !this.#taken.has(path)).sort(byNumbers);
    for (const part of parts) this.#taken.add(part);
    return parts.flatMap((part) => rowsOfPart(part, readFileSync(join(this.#directory, part), 'utf8')));
  }
}

/** Subtask and part by their numbers. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function rowsOfPart(path: string, text: string): Row[] {
  const lines = text.split('\n').slice(0, -1);
  if (path.endsWith('.jsonl')) return lines.map((line) => JSON.parse(line) as Row);
  const [header, ...rest] = lines.map((line) => line.split(','));
  const partition = dirname(path)
    .split('/')
    .map((directory) => directory.split('='));
  return rest.map((values) => ({
    ...Object.fromEntries(partition),
    ...Object.fromEntries(values.map((value, i) => [header[i], fieldOf(value)])),
  }));
}

/** A field of a CSV file, of which texts are not numbers. */
function fieldOf(text: string): string | number {
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text.replace(/^"(.*)"$/, '$1');
}
