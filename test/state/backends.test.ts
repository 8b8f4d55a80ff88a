import { limitsWith } from '../../src/base/limits.ts';
import type { DiskLogOptions } from '../../src/state/disk/disk-log.ts';
import { DiskLog } from '../../src/state/disk/disk-log.ts';
import { StateLog } from '../../src/state/state-log.ts';
import { VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { type Backend, backendConformance } from './backend-conformance.ts';

backendConformance('state in memory', () => ({ open: (contents, tracks) => new StateLog(contents, { tracks, segmentsMax: 3 }) }));

function disk(memory: number, limits: Partial<DiskLogOptions['limits']>): Backend {
  const storage = new VirtualDisk();
  storage.makeDirectory('/disk');
  let opened = 0;
  return {
    open: (contents, incremental) =>
      new DiskLog(contents, {
        storage,
        prefix: `/disk/${opened++}`,
        limits: { ...limitsWith(), ...limits },
        memory: () => memory,
        incremental,
        warn: () => {},
      }),
  };
}

backendConformance('state on disk, of which hardly anything is in memory', () =>
  disk(1, { diskSegmentBytes: 400, diskSegmentFiles: 2, stateSegments: 2, stateWriteBytes: 100 }),
);
backendConformance('state on disk, of which a part is in memory', () =>
  disk(20_000, { diskSegmentBytes: 2000, diskSegmentFiles: 3, stateSegments: 1, stateWriteBytes: 700 }),
);
backendConformance('state on disk, of which all is in memory', () => disk(2 ** 30, {}));
