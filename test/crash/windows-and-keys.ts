/** A job for the tests of storages: windows and state of keys, checkpointed all the time, to two file sinks on a disk in memory. */

import { count, eventTime, files, restart, sum, valueState, watermarks } from '../../src/index.ts';
import type { VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { linesOf } from './committed-lines.ts';
import { describing } from './in-process-job.ts';

const records = 600;
const rows = Array.from({ length: records }, (_, at) => ({ at, key: (at * 31) % 11, value: at % 10 }));

/** Takes a checkpoint whenever it can, in many small pieces. */
export const job = describing(
  {
    parallelism: 2,
    stateDir: '/state',
    checkpoint: { interval: 5, retain: 2, tolerableFailures: 2 },
    restart: restart.fixedDelay({ attempts: 2, delay: 1 }),
    runtimeMode: 'streaming',
    bufferTimeout: 1,
    autoWatermarkInterval: 1,
    limits: { batchRows: 8, checkpointPercentMax: 100, inlineStateBytes: 64, stateWriteBytes: 128, sinkBytes: 64, stateSegments: 4 },
  },
  (env) => {
    const keyed = env
      .fromData(rows, { watermarks: watermarks.boundedOutOfOrderness(5, { timestamp: 'at' }) })
      // Time for checkpoints.
      .asyncMap((row) => new Promise<typeof row>((resolve) => setTimeout(resolve, 1, row)), { capacity: 20 })
      .keyBy('key');
    keyed
      .window(eventTime.tumbling(50))
      .aggregate({ n: count(), total: sum('value') })
      .map(({ key, start, n, total }) => `${start} ${key} ${n} ${total}`)
      .sinkTo(files.sink('/windows', { format: 'text', rolling: { size: 200 } }));
    keyed
      .process({
        state: { n: valueState({ default: 0 }) },
        processElement(_row, { state, timers }) {
          state.n.update(state.n.value + 1);
          timers.registerEventTime(1e9);
        },
        onTimer(_time, { key, state }, out: (line: string) => void) {
          out(`${key}: ${state.n.value}`);
        },
      })
      .sinkTo(files.sink('/keys', { format: 'text', rolling: { onCheckpoint: true } }));
  },
);

/** Lines by the directory of the sink. */
export function expected(): { readonly windows: string[]; readonly keys: string[] } {
  const windows = new Map<string, { n: number; total: number }>();
  const keys = new Map<number, number>();
  for (const { at, key, value } of rows) {
    const name = `${at - (at % 50)} ${key}`;
    const { n, total } = windows.get(name) ?? { n: 0, total: 0 };
    windows.set(name, { n: n + 1, total: total + value });
    keys.set(key, (keys.get(key) ?? 0) + 1);
  }
  const lines = Array.from(windows, ([name, { n, total }]) => `${name} ${n} ${total}`);
  return { windows: lines.sort(), keys: Array.from(keys, ([key, n]) => `${key}: ${n}`).sort() };
}

/** Of the parts that have their names. */
export function committed(disk: VirtualDisk, directory: string): string[] {
  const parts = disk.paths().filter((path) => path.startsWith(`${directory}/`) && !path.includes('/.'));
  return linesOf(parts.map((path) => disk.text(path)).join(''));
}
