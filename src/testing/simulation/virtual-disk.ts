/**
 * A disk in memory that keeps apart what is written and what is safe. A crash of the machine leaves of what was not synchronized a part,
 * by chance; one of the process leaves all that was written. Calls fail by chance, or as long as the disk is full. Invariant: what was
 * synchronized, bytes and names, is there after any crash. The calling thread.
 */

import { posix } from 'node:path';
import type { FileLock, Random, ReadableFile, Storage, WritableFile } from '../../base/system.ts';
import type { VirtualThread } from './virtual-world.ts';

interface Inode {
  readonly number: number;
  content: Buffer;
  /** What survives a crash of the machine for sure. */
  safe: Buffer;
}

/** Which calls fail, at the moment. */
export interface DiskFaults {
  /** Of any call that changes something. */
  failure: number;
  /** No bytes are left. */
  full: boolean;
  /** Milliseconds that a synchronization takes at most. */
  syncMs: number;
}

export type SystemError = Error & { readonly code: string; readonly path: string };

function systemError(code: string, path: string): SystemError {
  return Object.assign(new Error(`${code}: '${path}'`), { code, path });
}

const empty = Buffer.alloc(0);

export class VirtualDisk {
  readonly faults: DiskFaults = { failure: 0, full: false, syncMs: 0 };
  /** Called before every call of a thread. */
  onCall: (thread: VirtualThread, call: string, path: string) => void = () => {};
  #names = new Map<string, Inode>();
  #safeNames = new Map<string, Inode>();
  /** Names that have changed, and are not safe. */
  #renamed: { readonly from: string; readonly to: string }[] = [];
  readonly #directories = new Set<string>(['/']);
  readonly #locks = new Map<string, VirtualThread>();
  #inodes = 0;

  /** A file that has always been there. */
  put(path: string, text: string): void {
    this.#makeDirectory(posix.dirname(path));
    const content = Buffer.from(text);
    const inode = { number: ++this.#inodes, content, safe: content };
    this.#names.set(path, inode);
    this.#safeNames.set(path, inode);
  }

  /** Files below a directory, sorted. */
  paths(directory: string): string[] {
    return [...this.#names.keys()].filter((path) => path.startsWith(`${directory}/`)).sort();
  }

  text(path: string): string {
    return this.#inode(path).content.toString();
  }

  /** Changes one bit of a file behind everybody's back. */
  flip(path: string, random: Random): void {
    const inode = this.#inode(path);
    if (inode.content.length === 0) return;
    const content = Buffer.from(inode.content);
    const at = Math.floor(random.next() * content.length);
    content[at] = (content[at] as number) ^ (1 << Math.floor(random.next() * 8));
    inode.content = content;
    inode.safe = content;
  }

  /** The machine has crashed: what it finds when it is up again. */
  crash(random: Random): void {
    const names = new Map<string, Inode>();
    // A file that has got another name has one of the two.
    const happened = new Map<string, boolean>();
    for (const { from, to } of this.#renamed) {
      const both = happened.get(from) ?? happened.get(to) ?? random.next() < 0.5;
      happened.set(from, both);
      happened.set(to, both);
    }
    for (const path of [...new Set([...this.#names.keys(), ...this.#safeNames.keys()])].sort()) {
      const [now, safe] = [this.#names.get(path), this.#safeNames.get(path)];
      const inode = now === safe || (happened.get(path) ?? random.next() < 0.5) ? now : safe;
      if (inode !== undefined) names.set(path, inode);
    }
    this.#renamed = [];
    for (const inode of new Set(names.values())) {
      if (inode.content !== inode.safe) inode.content = inode.safe = torn(inode, random);
    }
    this.#names = names;
    this.#safeNames = new Map(names);
  }

  /** The disk as a thread sees it. @param reliable whether nothing goes wrong, and nothing takes time */
  of(thread: VirtualThread, reliable = false): Storage {
    const call = (name: string, path: string): void => {
      thread.check();
      if (reliable) return;
      this.onCall(thread, name, path);
      thread.check();
    };
    const change = (name: string, path: string): void => {
      call(name, path);
      if (!reliable && thread.world.chance(this.faults.failure)) throw systemError('EIO', path);
    };
    const later = (what: string, effect: () => void): Promise<void> =>
      new Promise((resolve, reject) => {
        if (reliable) {
          effect();
          resolve();
          return;
        }
        thread.world.after(thread, thread.world.random.next() * this.faults.syncMs, what, () => {
          try {
            change(what, what);
            effect();
            resolve();
          } catch (error) {
            reject(error as Error);
          }
        });
      });
    return {
      list: async (pattern) => {
        call('list', pattern);
        await later(`list ${pattern}`, () => {});
        return this.#names.has(pattern) ? [pattern] : [];
      },
      entries: (directory) => {
        call('entries', directory);
        return this.#entries(directory);
      },
      open: (path) => {
        call('open', path);
        return readable(this.#inode(path), () => {
          call('read', path);
          // Fewer bytes than asked for, as a system may give.
          return !reliable && thread.world.chance(0.1) ? thread.world.random.next() : 1;
        });
      },
      create: (path) => {
        change('create', path);
        return this.#writable(this.#create(path), path, { call, change, later, thread });
      },
      createNew: (path) => {
        change('createNew', path);
        if (this.#names.has(path)) throw systemError('EEXIST', path);
        return this.#writable(this.#create(path), path, { call, change, later, thread });
      },
      append: (path, length) => {
        change('append', path);
        const inode = this.#inode(path);
        if (inode.content.length < length) throw systemError('ENODATA', path);
        if (inode.content.length > length) inode.content = inode.content.subarray(0, length);
        return this.#writable(inode, path, { call, change, later, thread });
      },
      makeDirectory: (path) => {
        change('makeDirectory', path);
        this.#makeDirectory(path);
      },
      rename: (from, to) => {
        change('rename', to);
        this.#names.set(to, this.#inode(from));
        this.#names.delete(from);
        this.#renamed.push({ from, to });
        // The name may be there although the call has failed.
        change('rename: sync', to);
        this.#syncNames(posix.dirname(to));
      },
      remove: (path) => {
        change('remove', path);
        this.#inode(path);
        this.#names.delete(path);
      },
      removeDirectory: (path) => {
        change('removeDirectory', path);
        if (!this.#directories.has(path)) throw systemError('ENOENT', path);
        if (this.#entries(path).length > 0) throw systemError('ENOTEMPTY', path);
        this.#directories.delete(path);
      },
      syncDirectory: (path) => later(`sync ${path}`, () => this.#syncNames(path)),
      lock: (path) => {
        change('lock', path);
        return this.#lock(path, thread);
      },
    };
  }

  #lock(path: string, thread: VirtualThread): FileLock {
    const holder = this.#locks.get(path);
    if (holder?.alive === true) throw Object.assign(systemError('EBUSY', path), { message: `held by ${holder.name}` });
    this.#locks.set(path, thread);
    return {
      release: () => {
        if (this.#locks.get(path) === thread) this.#locks.delete(path);
      },
    };
  }

  #entries(directory: string): string[] {
    const own = directory === '/' ? '/' : `${directory.replace(/\/$/, '')}/`;
    const found = new Set<string>();
    for (const path of [...this.#names.keys(), ...this.#directories]) {
      if (path.startsWith(own) && path !== own) found.add(path.slice(own.length).split('/')[0] as string);
    }
    return [...found].sort();
  }

  #create(path: string): Inode {
    if (!this.#directories.has(posix.dirname(path))) throw systemError('ENOENT', path);
    const inode: Inode = { number: ++this.#inodes, content: empty, safe: empty };
    this.#names.set(path, inode);
    return inode;
  }

  #writable(inode: Inode, path: string, calls: DiskCalls): WritableFile {
    const { change, later, thread } = calls;
    return {
      write: (bytes) => {
        try {
          change('write', path);
          if (this.faults.full) throw systemError('ENOSPC', path);
          inode.content = Buffer.concat([inode.content, bytes]);
        } catch (error) {
          // Some of it may be there.
          const part = thread.world.between(0, bytes.length);
          inode.content = Buffer.concat([inode.content, bytes.subarray(0, part)]);
          throw error;
        }
      },
      sync: () => {
        change('sync', path);
        inode.safe = inode.content;
      },
      syncSoon: () => {
        const { content } = inode;
        return later(`sync ${path}`, () => {
          inode.safe = content;
        });
      },
      close: () => {},
    };
  }

  /** Directories survive: a parent that is not there would only be made again. */
  #makeDirectory(path: string): void {
    for (let at = path; !this.#directories.has(at); at = posix.dirname(at)) this.#directories.add(at);
  }

  #syncNames(directory: string): void {
    this.#renamed = this.#renamed.filter(({ to }) => posix.dirname(to) !== directory);
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
}

/** @param share of the bytes that a read gives at most; called before each */
function readable(inode: Inode, share: () => number): ReadableFile {
  return {
    size: inode.content.length,
    identity: String(inode.number),
    read: (target, offset, length, position) => {
      const most = Math.ceil(length * share());
      return inode.content.copy(target, offset, position, position + most);
    },
    close: () => {},
  };
}

interface DiskCalls {
  readonly call: (name: string, path: string) => void;
  readonly change: (name: string, path: string) => void;
  readonly later: (what: string, effect: () => void) => Promise<void>;
  readonly thread: VirtualThread;
}

/** What is left of a file: what was safe, and any part of what came behind, or zeros where only its length was known. */
function torn({ content, safe }: Inode, random: Random): Buffer {
  const grown = content.length >= safe.length && content.subarray(0, safe.length).equals(safe);
  if (!grown) return random.next() < 0.5 ? content : safe;
  const kept = safe.length + Math.round(random.next() * (content.length - safe.length));
  const left = Buffer.from(content.subarray(0, kept));
  if (random.next() < 0.3) left.fill(0, safe.length);
  return left;
}
