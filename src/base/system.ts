/**
 * What comes from outside: time, chance, files and threads. Everything takes these interfaces; only `platform`
 * knows Node's, and the simulator hands in its own.
 */

/** Wall-clock and monotonic time. */
export interface Clock {
  /** Milliseconds since 1970, UTC. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start, with fractions. Never goes back. */
  monotonic(): number;
}

/** A timer that was set; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Calls `callback` once, `delayMs` milliseconds from now or later. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` once the event loop has taken a turn. */
  soon(callback: () => void): void;
}

/** A source of numbers in [0, 1), seeded where runs must repeat. */
export interface Random {
  next(): number;
}

/** An open file. Positions and lengths are bytes. */
export interface ReadableFile {
  readonly size: number;
  /** Identity of the file's content on its device: survives a rename, not a rewrite. */
  readonly identity: string;
  /** Reads up to `length` bytes at `position` into `target` at `offset`; 0 at the end of the file. */
  read(target: Uint8Array, offset: number, length: number, position: number): number;
  close(): void;
}

/** What is known of a file without opening it. */
export interface FileFacts {
  /** As that of a `ReadableFile`. */
  readonly identity: string;
  readonly size: number;
  /** When its content was last changed, in epoch milliseconds. */
  readonly modifiedMs: number;
}

/** A file being written. */
export interface WritableFile {
  /** Writes all of the bytes. */
  write(bytes: Uint8Array): void;
  /** Makes everything written so far survive a crash. */
  sync(): void;
  /** The same, while the thread goes on. A `close` meanwhile takes place behind it. */
  syncSoon(): Promise<void>;
  close(): void;
}

/** A lock that this process holds. */
export interface FileLock {
  /** Idempotent. */
  release(): void;
}

/** Files of the machine. Paths are absolute; failures throw Node's system errors with `code` and `path`. */
export interface Storage {
  /** Paths of regular files matching a path or glob, sorted. */
  list(pattern: string): Promise<string[]>;
  /** Names of what a directory holds, sorted; none when there is no such directory. */
  entries(directory: string): string[];
  open(path: string): ReadableFile;
  /** Undefined when there is no regular file of this name. */
  facts(path: string): FileFacts | undefined;
  /** Creates or truncates a file. */
  create(path: string): WritableFile;
  /** Creates a file; fails with EEXIST when there is one. */
  createNew(path: string): WritableFile;
  /** Opens a file to write behind its first `length` bytes: more are cut off; fails with ENODATA when there are fewer. */
  append(path: string, length: number): WritableFile;
  /** Makes a directory and the ones above it; one that is there already is left alone. */
  makeDirectory(path: string): void;
  /** Replaces `to`. Survives a crash once `syncDirectory` has resolved; until then there is either name. */
  rename(from: string, to: string): void;
  /** Gives a file a second name; fails with EEXIST when that is taken. Absent where files have one name. */
  link?(from: string, to: string): void;
  /** Removes a file. */
  remove(path: string): void;
  /** Removes a directory that holds nothing. */
  removeDirectory(path: string): void;
  /** Makes the names in a directory survive a crash: of files created there, and that removed ones are gone. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes the lock that a file stands for, for this process and until it ends, however it does: that of a process that is gone is
   * taken over. Fails with EBUSY when it is held, with a message that completes "it is …" and says by whom.
   */
  lock(path: string): FileLock;
}

/** One end of the connection between a task and whoever spawned it. Messages are copies of plain data, and arrive in their order. */
export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: never) => void): void;
  /** Calls `listener` when either end has been closed, behind the last message. */
  onClose(listener: () => void): void;
  close(): void;
}

/** Ends when the thread's task does. */
export interface SpawnedTask {
  /** The other end is the task's. It is closed when the thread ends. */
  readonly port: Port;
  /** Resolves when the task returned, rejects when it failed or its thread died. */
  readonly done: Promise<void>;
  /** Kills the thread, whatever it is doing. */
  kill(): void;
}

/** Runs one task for each slot, each on a thread of its own. */
export interface Spawner {
  readonly slots: number;
  /** @param task plain data */
  spawn(task: object): SpawnedTask;
  close(): Promise<void>;
}

/** How a thread waits for a change of a word in shared memory, which another thread makes and then tells of. */
export interface Waits {
  /** Resolves when the word is told of; undefined when it does not have this value any more. */
  wait(word: Int32Array, value: number): Promise<unknown> | undefined;
  notify(word: Int32Array): void;
}

/** All that a thread of Millrace is given from outside. */
export interface System {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly storage: Storage;
  /** Those of the machine, `Atomics`, when absent. */
  readonly waits?: Waits;
}
