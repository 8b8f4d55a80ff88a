/**
 * A disk in memory that keeps apart what is written and what is safe: after a crash, whatever was not synchronized is there or not,
 * by chance. Calls can be counted, made to fail, or be the last before a crash.
 */

import { posix } from 'node:path';
import type { FileLock, Random, ReadableFile, Storage, WritableFile } from '../../src/base/system.ts';

interface Inode {
  readonly number: number;
  content: Buffer;
  /** What survives a crash for sure. */
  safe: Buffer;
}

export class Crash extends Error {}

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: '${path}'`), { code, path });
}

export class VirtualDisk implements Storage {
  /** Called with the number of each call, from 1, before it does anything: what it throws, the call does. */
  before: (call: number, name: string) => void = () => {};
  calls = 0;
  /** Bytes that a read gives at most. */
  readBytesMax = Number.POSITIVE_INFINITY;
  #names = new Map<string, Inode>();
  #safeNames = new Map<string, Inode>();
  /** What files were called before that have other names now, by these. */
  readonly #renamed = new Map<string, string>();
  readonly #directories = new Set<string>(['/']);
  readonly #locks = new Set<string>();
  #inodes = 0;
  #crashed = false;

  /** What a new process finds. */
  crash(random: Random): void {
    const names = new Map<string, Inode>();
    // Of a file that was renamed there is either name, never none.
    const isNew = new Map<string, boolean>();
    for (const path of new Set([...this.#names.keys(), ...this.#safeNames.keys()])) {
      const [now, safe] = [this.#names.get(path), this.#safeNames.get(path)];
      const origin = this.#renamed.get(path) ?? path;
      if (now !== safe && !isNew.has(origin)) isNew.set(origin, random.next() < 0.5);
      const inode = now === safe || isNew.get(origin) === true ? now : safe;
      if (inode !== undefined) names.set(path, inode);
    }
    for (const inode of new Set(names.values())) {
      if (inode.content.equals(inode.safe)) continue;
      // Any part of what came behind, and nothing but zeros where the length was known before the bytes.
      const kept = Math.round(random.next() * (inode.content.length - inode.safe.length));
      const tail = Buffer.from(inode.content.subarray(inode.safe.length, inode.safe.length + kept));
      if (random.next() < 0.3) tail.fill(0);
      inode.content = Buffer.concat([inode.safe, tail]);
      inode.safe = inode.content;
    }
    this.#names = names;
    this.#safeNames = new Map(names);
    this.#renamed.clear();
    this.#locks.clear();
    this.#crashed = false;
    this.before = () => {};
  }

  /** Changes the bytes of a file behind everybody's back. */
  change(path: string, change: (content: Buffer) => Buffer): void {
    const inode = this.#inode(path);
    inode.content = change(Buffer.from(inode.content));
    inode.safe = inode.content;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  async list(pattern: string): Promise<string[]> {
    return this.#names.has(pattern) ? [pattern] : [];
  }

  entries(directory: string): string[] {
    this.#call('entries');
    const own = posix.normalize(`${directory}/`);
    const below = [...this.#names.keys(), ...this.#directories].filter((path) => path.startsWith(own) && path !== own);
    return [...new Set(below.map((path) => path.slice(own.length).split('/')[0] as string))].filter((name) => name !== '').sort();
  }

  open(path: string): ReadableFile {
    this.#call('open');
    const inode = this.#inode(path);
    return {
      size: inode.content.length,
      identity: String(inode.number),
      read: (target, offset, length, position) => {
        this.#call('read');
        return inode.content.copy(target, offset, position, position + Math.min(length, this.readBytesMax));
      },
      close: () => {},
    };
  }

  create(path: string): WritableFile {
    this.#call('create');
    return this.#create(path);
  }

  createNew(path: string): WritableFile {
    this.#call('createNew');
    if (this.#names.has(path)) throw systemError('EEXIST', path);
    return this.#create(path);
  }

  append(path: string, length: number): WritableFile {
    this.#call('append');
    const inode = this.#inode(path);
    if (inode.content.length < length) throw systemError('ENODATA', path);
    inode.content = inode.content.subarray(0, length);
    inode.safe = inode.safe.subarray(0, length);
    return this.#writable(inode);
  }

  #create(path: string): WritableFile {
    if (!this.#directories.has(posix.dirname(path))) throw systemError('ENOENT', path);
    const inode: Inode = { number: ++this.#inodes, content: Buffer.alloc(0), safe: Buffer.alloc(0) };
    this.#names.set(path, inode);
    return this.#writable(inode);
  }

  #writable(inode: Inode): WritableFile {
    const sync = (): void => {
      this.#call('sync');
      inode.safe = inode.content;
    };
    return {
      write: (bytes) => {
        this.#call('write');
        inode.content = Buffer.concat([inode.content, bytes]);
      },
      sync,
      syncSoon: async () => sync(),
      close: () => {},
    };
  }

  /** Directories survive: a parent that is not there would only be made again. */
  makeDirectory(path: string): void {
    this.#call('makeDirectory');
    for (let at = path; !this.#directories.has(at); at = posix.dirname(at)) this.#directories.add(at);
  }

  rename(from: string, to: string): void {
    this.#call('rename');
    this.#names.set(to, this.#inode(from));
    this.#names.delete(from);
    this.#renamed.set(to, from);
    this.#call('rename: sync');
    this.#syncNames(posix.dirname(to));
  }

  remove(path: string): void {
    this.#call('remove');
    this.#inode(path);
    this.#names.delete(path);
  }

  removeDirectory(path: string): void {
    this.#call('removeDirectory');
    if (!this.#directories.has(path)) throw systemError('ENOENT', path);
    if ([...this.#names.keys(), ...this.#directories].some((each) => posix.dirname(each) === path)) throw systemError('ENOTEMPTY', path);
    this.#directories.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#call('syncDirectory');
    this.#syncNames(path);
  }

  lock(path: string): FileLock {
    this.#call('lock');
    if (this.#locks.has(path)) throw Object.assign(systemError('EBUSY', path), { message: 'held by process 7' });
    this.#locks.add(path);
    return { release: () => this.#locks.delete(path) };
  }

  #syncNames(directory: string): void {
    for (const names of [this.#names, this.#safeNames]) {
      for (const path of [...names.keys()]) {
        if (posix.dirname(path) !== directory) continue;
        const inode = this.#names.get(path);
        if (inode === undefined) this.#safeNames.delete(path);
        else this.#safeNames.set(path, inode);
      }
    }
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }

  /** Behind a crash nothing works any more. */
  #call(name: string): void {
    if (this.#crashed) throw new Crash();
    try {
      this.before(++this.calls, name);
    } catch (error) {
      this.#crashed = error instanceof Crash;
      throw error;
    }
  }
}
