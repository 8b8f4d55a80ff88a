/** What a job is restarted for, from where, and when it is told to end meanwhile: on one thread, with a disk in memory. */

import { describe, expect, test } from 'vitest';
import type { EnvironmentConfig } from '../../src/api/options.ts';
import { type CheckpointConfig, files, restart, type StreamEnvironment } from '../../src/index.ts';
import { VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { describing, type InProcessRun, runInProcess } from '../crash/in-process-job.ts';
import { turnsUntil } from '../runtime/support.ts';

interface Run extends InProcessRun {
  readonly statuses: string[];
  /** Resolves when the job is in a state. */
  reaches(status: string): Promise<void>;
}

/** Hands on what the host feeds in, to files: `boom` only the second time that it comes. */
function started(disk: VirtualDisk, config: EnvironmentConfig, start: { readonly from?: string; readonly fresh?: boolean } = {}): Run {
  let fails = true;
  const build = (env: StreamEnvironment): void => {
    env
      .fromHost<string>('lines')
      .uid('lines')
      .map((line) => {
        if (line !== 'boom' || !fails) return line;
        fails = false;
        throw new Error('for once');
      })
      .uid('passing')
      .sinkTo(files.sink('/out', { format: 'text', rolling: { onCheckpoint: true } }))
      .uid('files');
  };
  const run = runInProcess(
    describing({ parallelism: 1, stateDir: '/state', runtimeMode: 'streaming', ...config }, build),
    disk.storage,
    start,
  );
  const statuses: string[] = [];
  const waiting: { status: string; resolve: () => void }[] = [];
  run.client.on('status', (status) => {
    statuses.push(status);
    for (const each of waiting) if (each.status === status) each.resolve();
  });
  const reaches = (status: string): Promise<void> =>
    new Promise((resolve) => {
      if (statuses.includes(status)) resolve();
      else waiting.push({ status, resolve });
    });
  return { ...run, statuses, reaches };
}

const checkpoint: CheckpointConfig = { interval: '1h', retain: 2 };
const hourly = restart.fixedDelay({ attempts: 3, delay: '1h' });

function shown(disk: VirtualDisk): string {
  const parts = disk.paths('/out').filter((path) => !path.includes('/.'));
  return parts.map((path) => disk.text(path).replaceAll('\n', ' ')).join('');
}

/** A job that was cancelled with one checkpoint behind it, and another line in a part that is hidden. */
async function cancelledWithCheckpoint(disk: VirtualDisk): Promise<void> {
  const { client, closed } = started(disk, { checkpoint: { interval: '1h' } });
  const input = client.input<string>('lines');
  await input.write(['a']);
  await client.checkpoint();
  await client.cancel();
  await closed;
}

describe('a job that waits to be restarted', () => {
  test('stops at once: it goes on from its checkpoint, and runs through', async () => {
    const disk = new VirtualDisk();
    const { client, closed, reaches, statuses } = started(disk, { checkpoint, restart: hourly });
    const input = client.input<string>('lines');
    await input.write(['a', 'boom', 'b']);
    await reaches('restarting');
    await client.stop();
    await closed;
    expect(statuses).toEqual(['running', 'restarting', 'running', 'finished']);
    expect(shown(disk)).toBe('a boom b ');
  });

  test('takes the savepoint at once that it is to be stopped with', async () => {
    const disk = new VirtualDisk();
    const { client, closed, reaches } = started(disk, { checkpoint, restart: hourly });
    await client.input<string>('lines').write(['a', 'boom']);
    await reaches('restarting');
    expect(await client.stop({ savepoint: '/saved' })).toBe('/saved');
    await closed;
  });
});

describe('a job whose newest checkpoint is damaged', () => {
  test('goes on from the one before: inputs repeat what they kept, and what shows twice is told of', async () => {
    const disk = new VirtualDisk();
    const { client, closed, warnings } = started(disk, { checkpoint, restart: restart.fixedDelay({ attempts: 1, delay: 1 }) });
    const input = client.input<string>('lines');
    for (const line of ['a', 'b']) {
      await input.write([line]);
      await client.checkpoint();
    }
    await turnsUntil(() => shown(disk) === 'a b ', 'both are committed');
    disk.change('/state/checkpoint-000002.manifest', (bytes) => bytes.subarray(1));
    await input.write(['boom']);
    await input.end();
    await client.result();
    await closed;
    expect(shown(disk)).toBe('a b b boom ');
    expect(warnings).toEqual([
      expect.stringMatching(/failed and is restarted in 1 ms/),
      expect.stringMatching(/^checkpoint 2 is passed over for an older one: /),
      'what exactly-once sinks have committed behind checkpoint 1 is written and committed once more',
      expect.stringMatching(/part-0-1\.txt' was committed after the checkpoint .* remove it to have it once/),
    ]);
  });
});

describe('a fault that cannot pass', () => {
  test('ends the job, whatever the restart strategy says', async () => {
    const disk = new VirtualDisk();
    await cancelledWithCheckpoint(disk);
    // The checkpoint counts as complete, and the part that it tells of is taken away.
    for (const path of disk.paths('/out')) disk.storage.remove(path);
    const { client, closed } = started(disk, { checkpoint, restart: restart.exponentialDelay() });
    await expect(client.result()).rejects.toMatchObject({
      code: 'SINK_CORRUPT',
      message: expect.stringContaining('bring it back, or start over'),
    });
    await closed;
  });
});

describe('a job without checkpoints', () => {
  test('does not begin anew beside a checkpoint of itself, and leaves alone what that needs', async () => {
    const disk = new VirtualDisk();
    await cancelledWithCheckpoint(disk);
    disk.put('/out/.part-0-1.txt.inprogress', 'b\n');
    const before = disk.paths();
    const { client, closed } = started(disk, {});
    await expect(client.result()).rejects.toMatchObject({
      code: 'STATE_MISMATCH',
      message: expect.stringMatching(
        /^the job 'job' takes no checkpoints, but there is checkpoint 1 of it in \/state.* checkpoint: { interval: '10s' }.*--fresh/,
      ),
    });
    await closed;
    expect(disk.paths()).toEqual(before);
  });

  test('starts over where it is told to, and the checkpoint is gone', async () => {
    const disk = new VirtualDisk();
    await cancelledWithCheckpoint(disk);
    for (const path of disk.paths('/out')) disk.storage.remove(path);
    const { client, closed } = started(disk, {}, { fresh: true });
    await client.input<string>('lines').write(['c']);
    await client.stop();
    await closed;
    expect([shown(disk), disk.paths('/state')]).toEqual(['c ', []]);
  });
});
