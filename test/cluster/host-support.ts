/** The host's ends of a job, with the test in the place of its only worker. */

import { type Limits, limitsWith } from '../../src/base/limits.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { HostEndpoints } from '../../src/cluster/host-endpoints.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import type { StreamEnvironment } from '../../src/index.ts';
import { planDescription } from '../../src/runtime/plan.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { manualClock, manualSystem } from '../runtime/support.ts';

export interface HostBench {
  readonly endpoints: HostEndpoints;
  readonly clock: ReturnType<typeof manualClock>;
  readonly limits: Limits;
  /** What the host's inputs write to. */
  readonly toWorker: readonly LocalChannel[];
  /** What its outputs read from. */
  readonly fromWorker: readonly LocalChannel[];
  /** Another attempt at the job, whose state has taken in so many records of the input; with the same channels. */
  rewire(sent: number): void;
}

/** A job that hands on what the host feeds in. */
export function hostBench(limits: Partial<Limits> = {}, bufferTimeout = 10, retain = 0): HostBench {
  return benchOf(limits, bufferTimeout, (env) => env.fromHost<unknown>('in').toHost('out'), retain);
}

/** @param retain checkpoints that records are kept for */
export function benchOf(limits: Partial<Limits>, bufferTimeout: number, build: (env: StreamEnvironment) => unknown, retain = 0): HostBench {
  const clock = manualClock();
  const env = new TestEnvironment({ limits, bufferTimeout });
  build(env);
  const job = env.describe('test');
  const plan = planDescription(job);
  const all = limitsWith(job.limits);
  const channels = plan.channels.map(() => new LocalChannel(all.localQueueBatches));
  const channelsOf = (end: 'from' | 'to') =>
    channels.filter((_, i) => plan.job.exchanges[plan.channels[i]?.exchange as number]?.[end].stage === undefined);
  const wiring = {
    writer: (channel: number) => channels[channel] as LocalChannel,
    reader: (channel: number) => channels[channel] as LocalChannel,
  };
  const endpoints = new HostEndpoints({
    plan,
    wiring,
    limits: all,
    system: manualSystem(clock),
    bufferTimeoutMs: job.bufferTimeoutMs,
    retain,
  });
  return {
    endpoints,
    clock,
    limits: all,
    toWorker: channelsOf('from'),
    fromWorker: channelsOf('to'),
    rewire: (sent) => endpoints.rewire(wiring, { in: sent }),
  };
}

/** Takes what waits in a channel: rows, and marks by their kind. */
export function takeAll(channel: LocalChannel, elements = Number.POSITIVE_INFINITY): unknown[] {
  const taken: unknown[] = [];
  for (let count = 0; count < elements; count++) {
    const element = channel.poll();
    if (element === null) break;
    if (element.kind === 'batch') {
      const read = recordReader(element.type);
      for (let row = 0; row < element.rowCount; row++) taken.push(read(element, row));
    } else if (element.kind !== 'watermark') taken.push(element.kind);
    channel.release();
  }
  return taken;
}
