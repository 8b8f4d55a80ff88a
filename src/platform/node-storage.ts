/** Files through Node's synchronous calls: from the page cache they cost microseconds, a trip through the thread pool more. */

import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, parse, resolve, sep } from 'node:path';
import type { FileFacts, ReadableFile, Storage, WritableFile } from '../base/system.ts';
import { lockFile } from './file-lock.ts';

/** Globs are loaded where there is one: only the host looks for files, and mostly by their names. */
const require = createRequire(import.meta.url);

export const nodeStorage: Storage = {
  list,
  entries,
  open: (path) => new NodeReadableFile(path),
  facts: fileFacts,
  create: (path) => new NodeWritableFile(path, 'w'),
  createNew: (path) => new NodeWritableFile(path, 'wx'),
  append: (path, length) => new NodeWritableFile(path, constants.O_WRONLY | constants.O_APPEND, length),
  makeDirectory,
  rename: (from, to) => renameSync(from, to),
  link: (from, to) => linkSync(from, to),
  remove: (path) => unlinkSync(path),
  removeDirectory: (path) => rmdirSync(path),
  syncDirectory,
  lock: lockFile,
};

/** One level after the other: Node 20 goes round for ever where it may not make one, as in /proc. */
function makeDirectory(path: string): void {
  const levels = [resolve(path)];
  for (let at = dirname(resolve(path)); factsOf(at) === undefined; at = dirname(at)) levels.push(at);
  for (const each of levels.reverse()) {
    try {
      mkdirSync(each);
    } catch (error) {
      // Another thread may have made it meanwhile.
      if (factsOf(each)?.isDirectory() !== true) throw error;
    }
  }
}

async function list(pattern: string): Promise<string[]> {
  const path = resolve(pattern);
  const found = factsOf(path);
  if (found !== undefined) return [regularFile(pattern, path, found)];
  const { glob, isDynamicPattern } = require('tinyglobby') as typeof import('tinyglobby');
  if (!isDynamicPattern(pattern)) return [];
  // From elsewhere than the root it would read all directories in between for a pattern that is absolute.
  const cwd = isAbsolute(pattern) ? parse(pattern).root : process.cwd();
  const files = await glob(pattern.replaceAll(sep, '/'), { cwd, absolute: true, expandDirectories: false });
  return files.map((file) => resolve(file)).sort();
}

/** What a glob looks like as a path can be impossible as well as missing: it goes through a file, or is too long for a name. */
const missing = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

function factsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (missing.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function fileFacts(path: string): FileFacts | undefined {
  try {
    const facts = statSync(path, { bigint: true });
    if (!facts.isFile()) return undefined;
    return { identity: identityOf(facts), size: Number(facts.size), modifiedMs: Number(facts.mtimeNs) / 1e6 };
  } catch (error) {
    if (missing.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function regularFile(pattern: string, path: string, found: Stats): string {
  if (found.isFile()) return path;
  if (!found.isDirectory()) throw systemError('EINVAL', path, `'${pattern}' is not a regular file`);
  const files = `${pattern.replace(/[\\/]+$/, '')}/*`;
  throw systemError('EISDIR', path, `'${pattern}' is a directory; say '${files}' for the files in it`);
}

function systemError(code: string, path: string, message: string): Error {
  return Object.assign(new Error(message), { code, path });
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Windows cannot open a directory, and need not. */
const syncsDirectories = process.platform !== 'win32';

async function syncDirectory(path: string): Promise<void> {
  if (!syncsDirectories) return;
  const descriptor = openSync(path, 'r');
  try {
    await syncDescriptor(descriptor, path);
  } finally {
    closeSync(descriptor);
  }
}

/** On a thread of Node's pool. */
function syncDescriptor(descriptor: number, path: string): Promise<void> {
  return new Promise((done, failed) => {
    fsync(descriptor, (error) => (error === null ? done() : failed(Object.assign(error, { path }))));
  });
}

/** Calls on a descriptor fail without saying which file it was. */
function naming<R>(path: string, call: () => R): R {
  try {
    return call();
  } catch (error) {
    throw Object.assign(error as Error, { path });
  }
}

class NodeReadableFile implements ReadableFile {
  readonly size: number;
  readonly identity: string;
  readonly #path: string;
  readonly #descriptor: number;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'r');
    const facts = fstatSync(this.#descriptor, { bigint: true });
    this.size = Number(facts.size);
    this.identity = identityOf(facts);
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    try {
      return readSync(this.#descriptor, target, offset, length, position);
    } catch (error) {
      throw Object.assign(error as Error, { path: this.#path });
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The time of birth tells a new file from an old one whose inode it got. Device numbers are left out: they change at a reboot. */
function identityOf(facts: BigIntStats): string {
  return `${facts.ino}-${facts.birthtimeNs}`;
}

class NodeWritableFile implements WritableFile {
  readonly #path: string;
  readonly #descriptor: number;
  /** Calls of `syncSoon` on their way: the descriptor must not go to another file before they have ended. */
  #syncing = 0;
  #closed = false;

  /** @param length bytes of a file that is there to be kept; where it has fewer, something was lost */
  constructor(path: string, flags: 'w' | 'wx' | number, length = 0) {
    this.#path = path;
    this.#descriptor = openSync(path, flags);
    try {
      this.#cutTo(length);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  #cutTo(length: number): void {
    const { size } = fstatSync(this.#descriptor);
    if (size < length) throw systemError('ENODATA', this.#path, `'${this.#path}' has ${size} bytes, not ${length}`);
    if (size > length) naming(this.#path, () => ftruncateSync(this.#descriptor, length));
  }

  write(bytes: Uint8Array): void {
    naming(this.#path, () => {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
    });
  }

  sync(): void {
    naming(this.#path, () => fsyncSync(this.#descriptor));
  }

  async syncSoon(): Promise<void> {
    this.#syncing++;
    try {
      await syncDescriptor(this.#descriptor, this.#path);
    } finally {
      this.#syncing--;
      if (this.#closed && this.#syncing === 0) closeSync(this.#descriptor);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#syncing === 0) closeSync(this.#descriptor);
  }
}
