/** Looks for files again and again: what their names are, whose they are, and how long they are. The reader's thread. */

import type { Storage, Timer, Timers } from '../../../base/system.ts';
import { failedOperation } from '../../failed-operation.ts';
import type { FoundFile } from './followed-file.ts';

export interface FileWatchOptions {
  readonly patterns: readonly string[];
  readonly storage: Storage;
  readonly timers: Timers;
  readonly pollMs: number;
  /** Called when `take` has something. */
  readonly wake: () => void;
}

export class FileWatch {
  readonly #options: FileWatchOptions;
  #found: readonly FoundFile[] | undefined;
  #failure: { readonly error: unknown } | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** The first look begins at once. */
  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#look();
  }

  /** What was found, once; the next look is after the interval. @throws MillraceError SOURCE_FAILED */
  take(): readonly FoundFile[] | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    const found = this.#found;
    if (found === undefined) return undefined;
    this.#found = undefined;
    this.#timer = this.#options.timers.after(this.#options.pollMs, () => this.#look());
    return found;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #look(): void {
    findFiles(this.#options.patterns, this.#options.storage)
      .then((found) => {
        this.#found = found;
      })
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        if (!this.#closed) this.#options.wake();
      });
  }
}

/** The files that patterns match, each once whatever names it has. @throws MillraceError SOURCE_FAILED */
export async function findFiles(patterns: readonly string[], storage: Storage): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const pattern of patterns) {
    try {
      for (const path of await storage.list(pattern)) {
        const facts = storage.facts(path);
        if (facts !== undefined && !found.has(facts.identity)) found.set(facts.identity, { path, ...facts, matches: true });
      }
    } catch (error) {
      throw failedOperation('SOURCE_FAILED', `cannot look for files '${pattern}'`, error);
    }
  }
  return [...found.values()];
}
