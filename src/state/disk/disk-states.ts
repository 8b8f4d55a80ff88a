/** The keyed states of one worker that may be larger than memory: each has the same share of what the worker may use. */

import type { KeyedContents } from '../keyed-contents.ts';
import { DiskLog, type DiskLogOptions } from './disk-log.ts';

export interface DiskStatesOptions extends Pick<DiskLogOptions, 'storage' | 'limits'> {
  /** Absolute path that the names of all files begin with: no other worker's do. */
  readonly prefix: string;
  /** Bytes of memory for all of them. */
  readonly memory: number;
}

export class DiskStates {
  readonly #options: DiskStatesOptions;
  #count = 0;

  constructor(options: DiskStatesOptions) {
    this.#options = options;
  }

  /** @param name tells it from others: letters, digits and dashes */
  open(
    contents: KeyedContents,
    { name, incremental, warn }: Pick<DiskLogOptions, 'incremental' | 'warn'> & { readonly name: string },
  ): DiskLog {
    const { storage, limits, prefix } = this.#options;
    this.#count++;
    return new DiskLog(contents, {
      storage,
      limits,
      prefix: `${prefix}-${name}`,
      incremental,
      warn,
      memory: () => this.#options.memory / this.#count,
    });
  }
}
