/** What tests of checkpoints share: jobs on directories of their own, what they tell, and what they should. */

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CheckpointInfo, JobClient, JobStatus, RestoreInfo, SubmitOptions } from '../../src/index.ts';
import type { Gate, LocalCluster } from './support.ts';
import { jobModule, within } from './support.ts';

/** A directory that is removed when the test is over. */
export function testDirectory(): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Everything that a job has told, in order. */
export interface Told {
  readonly statuses: JobStatus[];
  readonly failures: string[];
  readonly checkpoints: CheckpointInfo[];
  readonly restores: RestoreInfo[];
}

export function listenTo(job: JobClient): Told {
  const told: Told = { statuses: [], failures: [], checkpoints: [], restores: [] };
  job.on('status', (status) => told.statuses.push(status));
  job.on('failure', (error) => told.failures.push(error.message));
  job.on('checkpoint', (checkpoint) => told.checkpoints.push(checkpoint));
  job.on('restore', (from) => told.restores.push(from));
  return told;
}

/** Reads an output while the job runs. */
export class Reading {
  readonly rows: string[] = [];
  readonly done: Promise<void>;
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  constructor(job: JobClient, output: string) {
    this.done = this.#read(job, output);
    this.done.catch(() => {});
  }

  async #read(job: JobClient, output: string): Promise<void> {
    for await (const row of job.output<string>(output)) {
      this.rows.push(row);
      if (this.rows.length >= this.#wanted) this.#reached();
    }
  }

  /** Resolves when there are so many rows. */
  async reaches(rows: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#reached = resolve;
      this.#wanted = rows;
    });
    if (this.rows.length < rows) await within(Promise.race([reached, this.done]), `${rows} rows`);
  }
}

export interface CountedOptions {
  readonly parallelism: number;
  readonly stateDir: string;
  /** How far the source may go; to its end when absent. */
  readonly gate?: Gate;
  /** Subtasks of the source: one, so that records of a key come in order, or as many as others have. */
  readonly sources?: number | undefined;
  readonly runtimeMode?: 'batch' | 'streaming';
  readonly checkpoint?: object;
  readonly kind?: 'process' | 'aggregate';
  /** The uid of the operator that counts; null for none. */
  readonly counts?: string | null;
}

/** Records of the job. */
export const countedRecords = 6_000;

export interface CountedRun {
  readonly job: JobClient;
  readonly told: Told;
  readonly counts: Reading;
  readonly windows: Reading;
}

export async function counted(
  cluster: InstanceType<typeof LocalCluster>,
  { gate, sources = 1, runtimeMode = 'streaming', ...options }: CountedOptions,
  submit: Pick<SubmitOptions, 'from' | 'fresh' | 'allowNonRestoredState'> = {},
): Promise<CountedRun> {
  const args = { records: countedRecords, until: gate?.memory, runtimeMode, ...options, ...(runtimeMode === 'batch' ? {} : { sources }) };
  const job = await cluster.submit(jobModule('counts-and-windows'), { args, ...submit });
  const told = listenTo(job);
  return { job, told, counts: new Reading(job, options.counts === null ? 'windows' : 'counts'), windows: new Reading(job, 'windows') };
}

/** What it is to tell, sorted. */
export function countedAnswers(): { readonly counts: string[]; readonly totals: string[]; readonly windows: string[] } {
  const seen = new Map<string, { n: number; total: number }>();
  const windows = new Map<string, { n: number; total: number }>();
  const counts: string[] = [];
  for (let index = 0; index < countedRecords; index++) {
    const key = `k${index % 17}`;
    const now = added(seen, key, index);
    counts.push(`${key} ${now.n} ${now.total}`);
    added(windows, `${key} ${Math.floor((index * 10) / 5000) * 5000}`, index);
  }
  return { counts: counts.sort(), totals: lines(seen), windows: lines(windows) };
}

function added(
  sums: Map<string, { n: number; total: number }>,
  key: string,
  index: number,
): { readonly n: number; readonly total: number } {
  const sum = sums.get(key) ?? { n: 0, total: 0 };
  sum.n++;
  sum.total += index;
  sums.set(key, sum);
  return sum;
}

function lines(sums: ReadonlyMap<string, { readonly n: number; readonly total: number }>): string[] {
  return [...sums].map(([key, { n, total }]) => `${key} ${n} ${total}`).sort();
}
