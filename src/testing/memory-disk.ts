/**
 * A disk in memory that keeps apart what is written and what is safe. A crash of the machine leaves a part of what was not synchronized,
 * by chance: of bytes, of names, and of directories with all that is in them. Invariant: a file whose bytes were synchronized is there
 * after any crash where its name was, and that of each directory above it. The calling thread.
 */

import { posix } from 'node:path';
import type { FileLock, Random, ReadableFile, Storage, WritableFile } from '../base/system.ts';

interface Inode {
  readonly number: number;
  content: Buffer;
  /** What survives a crash of the machine for sure. */
  safe: Buffer;
}

export type DiskCall =
  | 'list'
  | 'entries'
  | 'open'
  | 'read'
  | 'create'
  | 'createNew'
  | 'append'
  | 'write'
  | 'sync'
  | 'makeDirectory'
  | 'rename'
  | 'link'
  | 'remove'
  | 'removeDirectory'
  | 'syncDirectory'
  | 'lock';

/** Who uses the disk, and what becomes of the calls. */
export interface DiskUser {
  readonly name: string;
  /** What it has locked is locked for as long. */
  readonly alive: boolean;
  /** Called before a call does anything: what it throws, the call does. */
  before(call: DiskCall, path: string): void;
  /** Lets a call take place for which no thread stands still. */
  later(call: DiskCall, path: string, effect: () => void): Promise<void>;
  /** Bytes that a read gives of those asked for, and that are there of a write that has failed. */
  part(call: 'read' | 'write', bytes: number): number;
}

type SystemError = Error & { readonly code: string; readonly path: string };

export function systemError(code: string, path: string, message = `${code}: '${path}'`): SystemError {
  return Object.assign(new Error(message), { code, path });
}

const root = '/';
const empty = Buffer.alloc(0);

export class MemoryDisk {
  #files = new Map<string, Inode>();
  #safeFiles = new Map<string, Inode>();
  /** Directories with their numbers: one that was made anew is another. */
  #directories = new Map<string, number>([[root, 0]]);
  #safeDirectories = new Map<string, number>([[root, 0]]);
  /** Names that have changed, and are not safe. */
  #renamed: { readonly from: string; readonly to: string }[] = [];
  readonly #locks = new Map<string, DiskUser>();
  #inodes = 0;

  /** A file that has always been there. */
  put(path: string, bytes: string | Uint8Array): void {
    const content = Buffer.from(bytes as Uint8Array);
    const inode = { number: ++this.#inodes, content, safe: content };
    this.#makeDirectory(posix.dirname(path));
    this.#files.set(path, inode);
    for (let at = path; at !== root; at = posix.dirname(at)) this.#syncNames(posix.dirname(at));
  }

  /** Files below a directory, sorted. */
  paths(directory = root): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(below(directory))).sort();
  }

  bytes(path: string): Buffer {
    return this.#inode(path).content;
  }

  text(path: string): string {
    return this.bytes(path).toString();
  }

  /** Changes the bytes of a file behind everybody's back. */
  change(path: string, change: (content: Buffer) => Buffer): void {
    const inode = this.#inode(path);
    inode.content = change(Buffer.from(inode.content));
    inode.safe = inode.content;
  }

  /** The machine has crashed: what it finds when it is up again. */
  crash(random: Random): void {
    // A file that has got another name has one of the two.
    const happened = new Map<string, boolean>();
    for (const { from, to } of this.#renamed) {
      const both = happened.get(from) ?? happened.get(to) ?? random.next() < 0.5;
      happened.set(from, both);
      happened.set(to, both);
    }
    const survivors = <V>(now: ReadonlyMap<string, V>, safe: ReadonlyMap<string, V>): Map<string, V> => {
      const left = new Map<string, V>();
      for (const path of [...new Set([...now.keys(), ...safe.keys()])].sort()) {
        const [newer, older] = [now.get(path), safe.get(path)];
        const each = newer === older || (happened.get(path) ?? random.next() < 0.5) ? newer : older;
        if (each !== undefined) left.set(path, each);
      }
      return left;
    };
    this.#keepDirectories(survivors(this.#directories, this.#safeDirectories));
    this.#keepFiles(survivors(this.#files, this.#safeFiles), random);
    this.#renamed = [];
    this.#locks.clear();
  }

  #keepDirectories(survivors: ReadonlyMap<string, number>): void {
    const kept = new Map<string, number>();
    for (const [path, number] of survivors) if (path === root || kept.has(posix.dirname(path))) kept.set(path, number);
    // What is in one that has come back had been removed from it.
    for (const path of [...kept.keys()]) if (kept.get(path) !== this.#directories.get(path)) this.#forgetFiles(path);
    this.#directories = kept;
    this.#safeDirectories = new Map(kept);
  }

  #forgetFiles(directory: string): void {
    for (const files of [this.#files, this.#safeFiles])
      for (const path of [...files.keys()]) if (path.startsWith(below(directory))) files.delete(path);
  }

  #keepFiles(survivors: ReadonlyMap<string, Inode>, random: Random): void {
    this.#files = new Map([...survivors].filter(([path]) => this.#directories.has(posix.dirname(path))));
    for (const inode of new Set(this.#files.values())) {
      if (inode.content !== inode.safe) inode.content = inode.safe = torn(inode, random);
    }
    this.#safeFiles = new Map(this.#files);
  }

  /** The disk as somebody sees it. */
  view(user: DiskUser): Storage {
    const before = user.before.bind(user);
    const later = user.later.bind(user);
    return {
      list: async (pattern) => {
        await later('list', pattern, () => {});
        return this.#files.has(pattern) ? [pattern] : [];
      },
      entries: (directory) => {
        before('entries', directory);
        return this.#entries(directory);
      },
      open: (path) => {
        before('open', path);
        return readable(this.#inode(path), path, user);
      },
      facts: (path) => {
        before('open', path);
        const inode = this.#files.get(path);
        // Nothing here knows a time: a later file has the higher number.
        return inode && { identity: String(inode.number), size: inode.content.length, modifiedMs: inode.number };
      },
      create: (path) => {
        before('create', path);
        return writable(this.#create(path), path, user);
      },
      createNew: (path) => {
        before('createNew', path);
        if (this.#files.has(path)) throw systemError('EEXIST', path);
        return writable(this.#create(path), path, user);
      },
      append: (path, length) => {
        before('append', path);
        return writable(this.#cut(path, length), path, user);
      },
      makeDirectory: (path) => {
        before('makeDirectory', path);
        this.#makeDirectory(path);
      },
      rename: (from, to) => {
        before('rename', to);
        this.#rename(from, to);
      },
      link: (from, to) => {
        before('link', to);
        this.#link(from, to);
      },
      remove: (path) => {
        before('remove', path);
        this.#inode(path);
        this.#files.delete(path);
      },
      removeDirectory: (path) => {
        before('removeDirectory', path);
        this.#removeDirectory(path);
      },
      syncDirectory: (path) => later('syncDirectory', path, () => this.#syncNames(path)),
      lock: (path) => {
        before('lock', path);
        return this.#lock(path, user);
      },
    };
  }

  #lock(path: string, user: DiskUser): FileLock {
    const holder = this.#locks.get(path);
    if (holder?.alive === true) throw systemError('EBUSY', path, `held by ${holder.name}`);
    this.#locks.set(path, user);
    return {
      release: () => {
        if (this.#locks.get(path) === user) this.#locks.delete(path);
      },
    };
  }

  #entries(directory: string): string[] {
    const own = below(directory);
    const found = new Set<string>();
    for (const path of [...this.#files.keys(), ...this.#directories.keys()]) {
      if (path.startsWith(own) && path !== own) found.add(path.slice(own.length).split('/')[0] as string);
    }
    return [...found].sort();
  }

  #create(path: string): Inode {
    this.#checkDirectory(posix.dirname(path));
    const inode: Inode = { number: ++this.#inodes, content: empty, safe: empty };
    this.#files.set(path, inode);
    return inode;
  }

  #cut(path: string, length: number): Inode {
    const inode = this.#inode(path);
    if (inode.content.length < length) throw systemError('ENODATA', path);
    if (inode.content.length > length) inode.content = inode.content.subarray(0, length);
    return inode;
  }

  #rename(from: string, to: string): void {
    this.#checkDirectory(posix.dirname(to));
    this.#files.set(to, this.#inode(from));
    this.#files.delete(from);
    this.#renamed.push({ from, to });
  }

  #link(from: string, to: string): void {
    this.#checkDirectory(posix.dirname(to));
    if (this.#files.has(to)) throw systemError('EEXIST', to);
    this.#files.set(to, this.#inode(from));
  }

  #makeDirectory(path: string): void {
    for (let at = path; !this.#directories.has(at); at = posix.dirname(at)) this.#directories.set(at, ++this.#inodes);
  }

  #removeDirectory(path: string): void {
    this.#checkDirectory(path);
    if (this.#entries(path).length > 0) throw systemError('ENOTEMPTY', path);
    this.#directories.delete(path);
  }

  #syncNames(directory: string): void {
    this.#checkDirectory(directory);
    this.#renamed = this.#renamed.filter(({ to }) => posix.dirname(to) !== directory);
    makeSafe(this.#files, this.#safeFiles, directory);
    makeSafe(this.#directories, this.#safeDirectories, directory);
  }

  #checkDirectory(path: string): void {
    if (!this.#directories.has(path)) throw systemError('ENOENT', path);
  }

  #inode(path: string): Inode {
    const inode = this.#files.get(path);
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }
}

/** How the paths in a directory begin. */
function below(directory: string): string {
  return directory === root ? root : `${directory.replace(/\/$/, '')}/`;
}

/** What has a name in a directory now has it for good. */
function makeSafe<V>(now: ReadonlyMap<string, V>, safe: Map<string, V>, directory: string): void {
  for (const path of new Set([...now.keys(), ...safe.keys()])) {
    if (posix.dirname(path) !== directory) continue;
    const each = now.get(path);
    if (each === undefined) safe.delete(path);
    else safe.set(path, each);
  }
}

function readable(inode: Inode, path: string, user: DiskUser): ReadableFile {
  return {
    size: inode.content.length,
    identity: String(inode.number),
    read: (target, offset, length, position) => {
      user.before('read', path);
      return inode.content.copy(target, offset, position, position + user.part('read', length));
    },
    close: () => {},
  };
}

function writable(inode: Inode, path: string, user: DiskUser): WritableFile {
  const append = (bytes: Uint8Array): void => {
    inode.content = Buffer.concat([inode.content, bytes]);
  };
  return {
    write: (bytes) => {
      try {
        user.before('write', path);
      } catch (error) {
        append(bytes.subarray(0, user.part('write', bytes.length)));
        throw error;
      }
      append(bytes);
    },
    sync: () => {
      user.before('sync', path);
      inode.safe = inode.content;
    },
    syncSoon: () => {
      const { content } = inode;
      return user.later('sync', path, () => {
        inode.safe = content;
      });
    },
    close: () => {},
  };
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
