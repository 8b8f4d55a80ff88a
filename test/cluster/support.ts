/**
 * The built package, as programs use it: worker threads load `dist`, so these tests do, too. Types come from the sources, so
 * that they can be checked without a build.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest';
import type { JobClient, LocalClusterOptions, LocalCluster as LocalClusterType, MillraceError } from '../../src/index.ts';

// Several waits of a test may each take long on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

// Warnings that tests provoke on purpose.
process.env.MILLRACE_LOG = 'silent';

export const built: string = new URL('../../dist/index.js', import.meta.url).href;
export const { LocalCluster, StreamEnvironment } = (await import(built)) as typeof import('../../src/index.ts');

/** What a cluster is made of. */
export async function builtParts() {
  const part = (path: string): Promise<unknown> => import(new URL(`./modules/${path}`, built).href);
  // Of the bundle: what a job's module executes must come to the copy that loads it.
  const Cluster = Object.getPrototypeOf(LocalCluster) as typeof import('../../src/cluster/cluster.ts').Cluster;
  const { nodeSystem } = (await part('platform/node-system.js')) as typeof import('../../src/platform/node-system.ts');
  const { piscinaSpawner } = (await part('platform/piscina-spawner.js')) as typeof import('../../src/platform/piscina-spawner.ts');
  return { Cluster, nodeSystem, piscinaSpawner };
}

export type { JobClient, JobStatus, MillraceError } from '../../src/index.ts';

/** Longer than anything here takes on a machine that has much else to do; a test that waits so long has failed. */
const waitMsMax = 60_000;

/** The URL of a job module in `jobs/`. */
export function jobModule(name: string): URL {
  return new URL(`./jobs/${name}.mjs`, import.meta.url);
}

/** A cluster that is closed when the test is over. */
export function testCluster(options: LocalClusterOptions = {}): LocalClusterType {
  const cluster = new LocalCluster({ slots: 1, ...options });
  onTestFinished(() => within(cluster.close(), 'close'));
  return cluster;
}

/** A cluster for all tests of a `describe`, which so take over from each other what is left of their jobs. */
export function sharedCluster(options: LocalClusterOptions = {}): () => LocalClusterType {
  let cluster: LocalClusterType;
  beforeAll(() => {
    cluster = new LocalCluster({ slots: 1, ...options });
  });
  afterAll(() => within(cluster.close(), 'close'));
  return () => cluster;
}

/** What a promise resolves to. @throws when it takes for ever */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come to its end`)), waitMsMax);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<MillraceError> {
  const outcome = await within(
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    'the failure',
  );
  if ('error' in outcome) return outcome.error as MillraceError;
  throw new Error(`expected a failure, but got ${JSON.stringify(outcome.value)}`);
}

/** The rows of an output, until it ends or there are as many as asked for. */
export async function rowsOf<T>(job: JobClient, output = 'out', count = Number.POSITIVE_INFINITY): Promise<T[]> {
  const rows: T[] = [];
  const read = async (): Promise<void> => {
    if (count === 0) return;
    for await (const row of job.output<T>(output)) {
      rows.push(row);
      if (rows.length >= count) break;
    }
  };
  await within(read(), `reading '${output}'`);
  return rows;
}

/** Looks again until something holds. @throws when it does not come to hold */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** How far the source of a job may go: there it waits, until it may go on or the job is ended. What `waiting-source.mjs` asks. */
export class Gate {
  /** For the arguments of the job. */
  readonly memory = new SharedArrayBuffer(4);

  constructor(records: number) {
    this.open(records);
  }

  /** Lets the source make so many records in all. */
  open(records: number): void {
    Atomics.store(new Int32Array(this.memory), 0, records);
  }
}

/** A job module of a few lines, in a file that is removed when the test is over. They see `StreamEnvironment` and `env`. */
export function moduleOf(lines: string, extension: 'mjs' | 'cjs' | 'ts' = 'mjs'): URL {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, `job.${extension}`);
  const load =
    extension === 'cjs'
      ? `const { StreamEnvironment } = require('${fileURLToPath(built)}');`
      : `import { StreamEnvironment } from '${built}';`;
  writeFileSync(file, `${load}\nconst env = new StreamEnvironment({ parallelism: 1 });\n${lines}\n`);
  return pathToFileURL(file);
}
