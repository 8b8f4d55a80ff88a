/** A disk in memory whose calls are counted, can be made to fail, or be the last before a crash. */

import type { Storage } from '../../src/base/system.ts';
import { MemoryDisk, systemError } from '../../src/testing/memory-disk.ts';

export { systemError };

/** The call at which the process is killed, and all that it tries after it. */
export class Crash extends Error {}

export class VirtualDisk extends MemoryDisk {
  /** Called with the number of each call, from 1, before it does anything: what it throws, the call does. */
  before: (call: number, name: string) => void = () => {};
  calls = 0;
  /** Bytes that a read gives at most. */
  readBytesMax = Number.POSITIVE_INFINITY;
  #kill: () => void = () => {};
  /** As the process sees it. */
  storage: Storage = this.#process();

  #process(): Storage {
    let crashed = false;
    this.#kill = () => {
      crashed = true;
    };
    const before = (name: string): void => {
      if (crashed) throw new Crash('the process is killed');
      try {
        this.before(++this.calls, name);
      } catch (error) {
        crashed = error instanceof Crash;
        throw error;
      }
    };
    return this.view({
      name: 'process 7',
      alive: true,
      before,
      later: async (call, _path, effect) => {
        before(call);
        await new Promise((resolve) => setImmediate(resolve));
        if (crashed) throw new Crash('the process is killed');
        effect();
      },
      part: (call, bytes) => (call === 'read' ? Math.min(bytes, this.readBytesMax) : 0),
    });
  }

  /** The process has died, and does nothing any more; `storage` is that of a new one. */
  kill(): void {
    this.#kill();
    this.storage = this.#process();
    this.before = () => {};
  }
}
