/**
 * The disk of the virtual machine: threads die at its calls, which fail by chance, or as long as the disk is full, and take time where
 * nobody stands still for them. The calling thread.
 */

import type { Random, Storage } from '../../base/system.ts';
import { type DiskCall, type DiskUser, MemoryDisk, systemError } from '../memory-disk.ts';
import type { VirtualThread } from './virtual-world.ts';

/** Which calls fail, at the moment. */
export interface DiskFaults {
  /** Of any call that changes something. */
  failure: number;
  /** No bytes are left. */
  full: boolean;
  /** Milliseconds that a synchronization takes at most. */
  syncMs: number;
}

/** How often a read gives fewer bytes than asked for, as a system may. */
const shortReads = 0.1;

const reading: ReadonlySet<DiskCall> = new Set(['entries', 'open', 'read']);

export class VirtualDisk extends MemoryDisk {
  readonly faults: DiskFaults = { failure: 0, full: false, syncMs: 0 };
  /** Called before every call of a thread. */
  onCall: (thread: VirtualThread, call: string, path: string) => void = () => {};

  /** Changes one bit of some bytes of a file behind everybody's back. */
  flip(path: string, random: Random, { from, until }: { readonly from: number; readonly until: number }): void {
    this.change(path, (content) => {
      const at = from + Math.floor(random.next() * (Math.min(until, content.length) - from));
      if (at < content.length) content[at] = (content[at] as number) ^ (1 << Math.floor(random.next() * 8));
      return content;
    });
  }

  /** The disk as a thread sees it. */
  of(thread: VirtualThread): Storage {
    return this.view(new DiskThread(this, thread));
  }

  /** The same where nothing goes wrong, and nothing takes time. */
  reliable(thread: VirtualThread): Storage {
    return this.view({
      name: thread.name,
      alive: true,
      before: () => thread.check(),
      later: async (_call, _path, effect) => effect(),
      part: (_call, bytes) => bytes,
    });
  }
}

/** A thread that uses the disk. */
class DiskThread implements DiskUser {
  readonly #disk: VirtualDisk;
  readonly #thread: VirtualThread;

  constructor(disk: VirtualDisk, thread: VirtualThread) {
    this.#disk = disk;
    this.#thread = thread;
  }

  get name(): string {
    return this.#thread.name;
  }

  get alive(): boolean {
    return this.#thread.alive;
  }

  before(call: DiskCall, path: string): void {
    const { faults } = this.#disk;
    this.#thread.check();
    this.#disk.onCall(this.#thread, call, path);
    this.#thread.check();
    if (!reading.has(call) && this.#thread.world.chance(faults.failure)) throw systemError('EIO', path);
    if (call === 'write' && faults.full) throw systemError('ENOSPC', path);
  }

  later(call: DiskCall, path: string, effect: () => void): Promise<void> {
    const { world } = this.#thread;
    return new Promise((resolve, reject) => {
      world.after(this.#thread, world.random.next() * this.#disk.faults.syncMs, `${call} ${path}`, () => {
        try {
          this.before(call, path);
          effect();
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  part(call: 'read' | 'write', bytes: number): number {
    const { world } = this.#thread;
    if (call === 'write') return world.between(0, bytes);
    return world.chance(shortReads) ? Math.ceil(bytes * world.random.next()) : bytes;
  }
}
