/** Stopping a job with a savepoint in front of which everything fires, and going on from it. */

import { describe, expect, test } from 'vitest';
import {
  type CheckpointConfig,
  count,
  eventTime,
  files,
  restart,
  type StreamEnvironment,
  valueState,
  watermarks,
} from '../../src/index.ts';
import { VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { describing, runInProcess } from '../crash/in-process-job.ts';

interface Visit {
  readonly page: string;
  readonly at: number;
}

const visits = (pages: string, from: number): Visit[] => [...pages].map((page, i) => ({ page, at: from + i }));

/** Windows of ten milliseconds, and a timer far ahead for each page, both to files. */
function build(env: StreamEnvironment): void {
  const pages = env
    .fromHost<Visit>('visits', { watermarks: watermarks.boundedOutOfOrderness(0, { timestamp: 'at' }) })
    .uid('visits')
    .keyBy('page');
  pages
    .window(eventTime.tumbling(10))
    .aggregate({ hits: count() })
    .uid('hits')
    .map(({ key, start, hits }) => `${key} from ${start}: ${hits}`)
    .sinkTo(files.sink('/windows', { format: 'text' }))
    .uid('windows');
  pages
    .process({
      state: { seen: valueState({ default: 0 }) },
      processElement(_visit: Visit, { state, timers }) {
        state.seen.update(state.seen.value + 1);
        timers.registerEventTime(1e9);
      },
      onTimer: (_time, { key, state }, out: (line: string) => void) => out(`${key} ${state.seen.value}`),
    })
    .uid('seen')
    .sinkTo(files.sink('/seen', { format: 'text' }))
    .uid('totals');
}

function jobWith(checkpoint: CheckpointConfig | undefined) {
  const config = {
    parallelism: 2,
    stateDir: '/state',
    restart: restart.fixedDelay({ attempts: 1, delay: 1 }),
    runtimeMode: 'streaming' as const,
  };
  return describing(checkpoint === undefined ? config : { ...config, checkpoint }, build);
}

function lines(disk: VirtualDisk, directory: string): string[] {
  const parts = disk.paths(directory).filter((path) => !path.includes('/.'));
  const all = parts.map((path) => disk.text(path)).join('');
  return all.split('\n').slice(0, -1).sort();
}

describe.each<[CheckpointConfig | undefined]>([[{ interval: '1h' }], [undefined]])(
  'a job that is drained, with checkpoints %j',
  (checkpoint) => {
    test('emits all that it had left in front of the savepoint, and goes on from there with what it knows', async () => {
      const disk = new VirtualDisk();
      const job = jobWith(checkpoint);
      const first = runInProcess(job, disk.storage);
      await first.client.input<Visit>('visits').write(visits('aab', 3));
      expect(await first.client.stop({ savepoint: '/saved', drain: true })).toBe('/saved');
      expect(first.client.status()).toBe('finished');
      await first.closed;
      expect(lines(disk, '/windows')).toEqual(['a from 0: 2', 'b from 0: 1']);
      expect(lines(disk, '/seen')).toEqual(['a 2', 'b 1']);

      const second = runInProcess(job, disk.storage, { from: '/saved' });
      const input = second.client.input<Visit>('visits');
      await new Promise<void>((resolve) => second.client.on('status', () => resolve()));
      expect(input.position).toBe(3);
      await input.write(visits('ab', 20));
      await input.end();
      await second.client.result();
      await second.closed;
      expect(lines(disk, '/windows')).toEqual(['a from 0: 2', 'a from 20: 1', 'b from 0: 1', 'b from 20: 1']);
      expect(lines(disk, '/seen')).toEqual(['a 2', 'a 3', 'b 1', 'b 2']);
      expect(second.warnings).toEqual([]);
    });
  },
);

test('a job that was drained for a savepoint which failed begins again where it stood before', async () => {
  const disk = new VirtualDisk();
  const { client, closed } = runInProcess(jobWith({ interval: '1h' }), disk.storage);
  const input = client.input<Visit>('visits');
  await input.write(visits('aab', 3));
  await client.checkpoint();
  disk.before = (_, name) => {
    if (name === 'rename') throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  await expect(client.stop({ savepoint: '/saved', drain: true })).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' });
  disk.before = () => {};
  await input.write(visits('a', 6));
  await client.stop();
  await closed;
  expect(lines(disk, '/windows')).toEqual(['a from 0: 3', 'b from 0: 1']);
  expect(lines(disk, '/seen')).toEqual(['a 3', 'b 1']);
});
