/** Cancelling at any moment: the cluster runs the next job, and in the end nothing is left of any. */

import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalCluster as Cluster } from '../../src/index.ts';
import { jobModule, LocalCluster, moduleOf, rowsOf, testCluster, until, within } from './support.ts';

let directory: string;
let path: string;
let server: Server;
let port: number;
const connections = new Set<Socket>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-cancel-'));
  path = join(directory, 'lines.txt');
  const lines = 'a line of the file that is read\n'.repeat(20_000);
  writeFileSync(path, lines);
  writeFileSync(`${path}.gz`, gzipSync(lines));
  server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => {});
    const send = (): void => {
      // One piece for each turn, however fast it is taken.
      if (!socket.destroyed) socket.write('a line from the socket\n'.repeat(100), () => setImmediate(send));
    };
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  for (const socket of connections) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

/** What the threads of an idle cluster hold on to. */
async function resourcesOf(cluster: Cluster): Promise<string[][]> {
  const job = await cluster.submit(jobModule('resources'), {});
  const resources = await rowsOf<string[]>(job);
  await within(job.result(), 'the job');
  return resources;
}

/** Descriptors of the process, without the one of /dev/null that Node opens at some time for itself. */
function openFiles(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    const path = `/proc/self/fd/${descriptor}`;
    return existsSync(path) && readlinkSync(path) !== '/dev/null';
  }).length;
}

/** What keeps the process alive beyond what did before. */
function surplus(before: readonly string[]): string[] {
  const after = process.getActiveResourcesInfo();
  for (const resource of before) {
    const index = after.indexOf(resource);
    if (index >= 0) after.splice(index, 1);
  }
  return after;
}

const sources = ['file', 'compressed', 'followed', 'socket', 'listening', 'datagrams', 'paced', 'fast', 'host'] as const;
const sinks = ['host', 'slow', 'never', 'slowEnd'] as const;

describe('a job that is cancelled at some moment', () => {
  it('leaves its threads as they were', async () => {
    const before = process.getActiveResourcesInfo();
    const filesBefore = openFiles();
    const cluster = new LocalCluster({ slots: 2 });
    const idle = await resourcesOf(cluster);
    const filesIdle = openFiles();
    // Longer than anybody waits here: a worker that would have to be killed does not come to its end.
    const cancelMs = 3_600_000;
    const cases = fc.sample(fc.tuple(fc.constantFrom(...sources), fc.constantFrom(...sinks), fc.nat({ max: 50 }), fc.boolean()), {
      numRuns: 60,
      seed: 7,
    });
    for (const [source, sink, delayMs, reads] of cases) {
      const job = await cluster.submit(jobModule('cancellable'), { args: { source, sink, path, port, limits: { cancelMs } } });
      if (source === 'host')
        job
          .input<string>('in')
          .write(Array(5000).fill('a line of the host'))
          .catch(() => {});
      const reading = reads && sink === 'host' ? rowsOf(job).catch(() => {}) : Promise.resolve();
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      await within(job.cancel(), `cancelling ${source} → ${sink} after ${delayMs} ms`);
      expect(['cancelled', 'finished']).toContain(job.status());
      await within(reading, 'the reader');
    }
    await until(() => connections.size === 0, 'all connections are closed');
    // A timer of a sink that was cancelled in its wait still runs out.
    await vi.waitFor(async () => expect(await resourcesOf(cluster)).toEqual(idle), { timeout: 60_000, interval: 10 });
    await until(() => openFiles() <= filesIdle, 'all files are closed');
    await within(cluster.close(), 'close');
    await until(() => openFiles() <= filesBefore, 'the files of the threads are closed');
    await until(() => surplus(before).length === 0, 'nothing keeps the process alive that did not before');
  });

  it('does not hold up the close of its cluster', async () => {
    for (const [i, source] of sources.entries()) {
      const cluster = new LocalCluster({ slots: 2 });
      await cluster.submit(jobModule('cancellable'), { args: { source, sink: sinks[i % sinks.length], path, port } });
      await new Promise((resolve) => setTimeout(resolve, i * 20));
      await within(cluster.close(), `closing with ${source}`);
    }
    await until(() => connections.size === 0, 'all connections are closed');
  });

  it('gives no thread back that still loads its module', async () => {
    const cluster = testCluster();
    const loads = new SharedArrayBuffer(4);
    const module = moduleOf("env.fromSequence(1, 3).print(); Atomics.add(new Int32Array(env.args), 0, 1); await env.execute('counting');");
    for (let i = 1; i <= 5; i++) {
      const job = await cluster.submit(module, { args: loads });
      await within(job.cancel(), 'the cancellation');
      // Once on the host, once in the worker.
      expect(new Int32Array(loads)[0]).toBe(2 * i);
    }
  });

  it('makes no more calls of its sink', async () => {
    const cluster = testCluster();
    const calls = new SharedArrayBuffer(4);
    const module = moduleOf(`
      const called = new Int32Array(env.args);
      env.generate({ create: (index) => index }).sinkTo({ name: 'slow', createWriter: () => ({ write: () => { Atomics.add(called, 0, 1); return new Promise((resolve) => setTimeout(resolve, 1)); } }) });
      await env.execute('calls');`);
    const job = await cluster.submit(module, { args: calls });
    const count = () => new Int32Array(calls)[0] ?? 0;
    await until(() => count() > 2, 'the sink is called');
    await within(job.cancel(), 'the cancellation');
    const called = count();
    // The thread goes on with another job; the one before makes no use of the time.
    for (let i = 0; i < 5; i++) await within((await cluster.submit(jobModule('numbers'), { args: { count: 0 } })).result(), 'another job');
    expect(count()).toBe(called);
  });
});
