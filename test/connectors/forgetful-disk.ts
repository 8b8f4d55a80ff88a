/**
 * A disk in memory that forgets at a crash what nobody has made durable: the end of a file's bytes, and the last changes of a
 * directory's names. The process that uses it can be killed at any of its calls.
 */

import { basename, dirname } from 'node:path';
import type { Random, ReadableFile, Storage, WritableFile } from '../../src/base/system.ts';

/** The call at which the process was killed, and all that it tries after it. */
class Killed extends Error {
  readonly code = 'EKILLED';
}

/** The call that failed because it was to fail. */
class Full extends Error {
  readonly code = 'ENOSPC';
}

/** Whether this disk made up the error. */
export function isInjected(error: unknown): boolean {
  return (
    error instanceof Killed || error instanceof Full || (error instanceof Error && error.cause !== undefined && isInjected(error.cause))
  );
}

class File {
  bytes = Buffer.alloc(0);
  durable = Buffer.alloc(0);

  /** As it may be after a crash: what is durable, and perhaps some of what was done since. */
  forget(random: Random): void {
    const isLonger = this.bytes.subarray(0, this.durable.length).equals(this.durable);
    const kept = Math.floor(random.next() * (this.bytes.length - this.durable.length + 1));
    if (isLonger) this.bytes = this.bytes.subarray(0, this.durable.length + kept);
    else if (random.next() < 0.5) this.bytes = this.durable;
    this.durable = this.bytes;
  }
}

type Names = Map<string, File | Directory>;

class Directory {
  names: Names = new Map();
  #durable: Names = new Map();
  /** Changes since, in order. */
  #changes: ((names: Names) => void)[] = [];

  change(apply: (names: Names) => void): void {
    apply(this.names);
    this.#changes.push(apply);
  }

  sync(): void {
    this.#durable = new Map(this.names);
    this.#changes = [];
  }

  forget(random: Random): void {
    const kept = Math.floor(random.next() * (this.#changes.length + 1));
    this.names = new Map(this.#durable);
    for (const change of this.#changes.slice(0, kept)) change(this.names);
    this.sync();
    for (const node of this.names.values()) node.forget(random);
  }
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}

export class ForgetfulDisk {
  readonly #random: Random;
  readonly #root = new Directory();
  #process = 0;
  /** Calls before the process is killed. */
  #callsLeft = Number.POSITIVE_INFINITY;
  calls = 0;
  /** The call that fails, counted from the first of all; the ones behind it do not. */
  failingCall = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The process dies, and with `loses` the machine: it forgets what is not durable. */
  crash(loses: boolean): void {
    this.#process += 1;
    if (loses) this.#root.forget(this.#random);
  }

  /** The disk as a new process sees it, which is killed at some call. */
  storage(callsLeft = Number.POSITIVE_INFINITY): Storage {
    this.#callsLeft = callsLeft;
    const process = this.#process;
    const call = (): void => {
      this.calls += 1;
      if (this.#process !== process || this.#callsLeft <= 0) throw new Killed('the process is killed');
      this.#callsLeft -= 1;
      if (this.calls === this.failingCall) throw new Full('no space left');
    };
    return {
      list: () => Promise.reject(failure('ENOSYS', 'list')),
      entries: (path) => {
        call();
        return this.#entries(path);
      },
      open: (path) => {
        call();
        return readable(this.#file(path));
      },
      create: (path) => {
        call();
        return writable(this.#create(path), call);
      },
      createNew: (path) => {
        call();
        if (this.#directory(dirname(path)).names.has(basename(path))) throw failure('EEXIST', path);
        return writable(this.#create(path), call);
      },
      append: (path, length) => {
        call();
        const file = this.#file(path);
        if (file.bytes.length < length) throw failure('ENODATA', path);
        file.bytes = file.bytes.subarray(0, length);
        return writable(file, call);
      },
      makeDirectory: (path) => {
        call();
        this.#makeDirectory(path);
      },
      rename: (from, to) => {
        call();
        this.#rename(from, to);
        call();
        this.#directory(dirname(to)).sync();
      },
      remove: (path) => {
        call();
        this.#file(path);
        this.#directory(dirname(path)).change((names) => names.delete(basename(path)));
      },
      removeDirectory: (path) => {
        call();
        this.#directory(dirname(path)).change((names) => names.delete(basename(path)));
      },
      syncDirectory: async (path) => {
        call();
        await turn();
        call();
        this.#directory(path).sync();
      },
      lock: () => ({ release: () => {} }),
    };
  }

  /** All files below a directory, with their content. */
  files(path: string): Record<string, string> {
    const found: Record<string, string> = {};
    const visit = (directory: Directory, prefix: string): void => {
      for (const [name, node] of [...directory.names].sort(([a], [b]) => (a < b ? -1 : 1)))
        if (node instanceof Directory) visit(node, `${prefix}${name}/`);
        else found[`${prefix}${name}`] = node.bytes.toString();
    };
    const start = this.#find(path);
    if (start instanceof Directory) visit(start, '');
    return found;
  }

  #find(path: string): File | Directory | undefined {
    let node: File | Directory | undefined = this.#root;
    for (const name of path.split('/').filter((each) => each !== '')) {
      if (node instanceof File) throw failure('ENOTDIR', path);
      node = node?.names.get(name);
    }
    return node;
  }

  #directory(path: string): Directory {
    const node = this.#find(path);
    if (node === undefined) throw failure('ENOENT', path);
    if (node instanceof File) throw failure('ENOTDIR', path);
    return node;
  }

  #file(path: string): File {
    const node = this.#find(path);
    if (node === undefined) throw failure('ENOENT', path);
    if (node instanceof Directory) throw failure('EISDIR', path);
    return node;
  }

  #entries(path: string): string[] {
    const node = this.#find(path);
    if (node === undefined) return [];
    if (node instanceof File) throw failure('ENOTDIR', path);
    return [...node.names.keys()].sort();
  }

  #create(path: string): File {
    const file = new File();
    this.#directory(dirname(path)).change((names) => names.set(basename(path), file));
    return file;
  }

  #makeDirectory(path: string): void {
    const node = this.#find(path);
    if (node instanceof Directory) return;
    if (node instanceof File) throw failure('EEXIST', path);
    this.#makeDirectory(dirname(path));
    const made = new Directory();
    this.#directory(dirname(path)).change((names) => names.set(basename(path), made));
  }

  #rename(from: string, to: string): void {
    const file = this.#file(from);
    if (dirname(from) !== dirname(to)) throw failure('EXDEV', from);
    this.#directory(dirname(to)).change((names) => {
      names.delete(basename(from));
      names.set(basename(to), file);
    });
  }
}

function readable({ bytes }: File): ReadableFile {
  return {
    size: bytes.length,
    identity: '',
    read: (target, offset, length, position) => bytes.copy(target, offset, position, position + length),
    close: () => {},
  };
}

function writable(file: File, call: () => void): WritableFile {
  return {
    write: (bytes) => {
      call();
      file.bytes = Buffer.concat([file.bytes, bytes]);
    },
    sync: () => {
      call();
      file.durable = file.bytes;
    },
    syncSoon: async () => {
      call();
      const { bytes } = file;
      await turn();
      call();
      file.durable = bytes;
    },
    close: () => {},
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
