/**
 * The file that one subtask writes. It is `.part-0.txt.inprogress` while it grows and gets its name when it is complete and on the
 * disk: whatever has the name of a part is whole.
 */

import { join } from 'node:path';
import { MillraceError } from '../../base/errors.ts';
import type { Storage, WritableFile } from '../../base/system.ts';
import { failedOperation } from '../failed-operation.ts';

export interface PartOptions {
  readonly storage: Storage;
  /** Absolute. */
  readonly directory: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly subtask: number;
  readonly parallelism: number;
  /** Whether parts of an earlier run may go. */
  readonly overwrite: boolean;
  /** Text that waits until it is worth a system call. */
  readonly bufferCharacters: number;
}

export class PartFile {
  readonly #storage: Storage;
  readonly #path: string;
  readonly #pathInProgress: string;
  readonly #file: WritableFile;
  readonly #bufferCharacters: number;
  #text = '';
  #closed = false;

  /** @throws MillraceError INVALID_OPTION when the directory has parts already, SINK_FAILED when it cannot be written */
  constructor(options: PartOptions) {
    const { storage, directory, prefix, suffix, subtask } = options;
    const name = `${prefix}-${subtask}${suffix}`;
    this.#storage = storage;
    this.#bufferCharacters = options.bufferCharacters;
    this.#path = join(directory, name);
    this.#pathInProgress = join(directory, `.${name}.inprogress`);
    clearDirectory(options);
    this.#file = writing(this.#path, () => storage.create(this.#pathInProgress));
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= this.#bufferCharacters) this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    writing(this.#path, () => this.#file.write(bytes));
  }

  /** Makes the part whole. */
  finish(): void {
    this.flush();
    writing(this.#path, () => {
      this.#file.sync();
      this.close();
      this.#storage.rename(this.#pathInProgress, this.#path);
    });
  }

  /** Leaves a part that is not finished as it is. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }
}

function writing<R>(path: string, operation: () => R): R {
  try {
    return operation();
  } catch (error) {
    throw failedOperation('SINK_FAILED', `cannot write '${path}'`, error);
  }
}

/** Makes sure of a directory without parts of an earlier run. */
function clearDirectory(options: PartOptions): void {
  const { storage, directory, overwrite } = options;
  writing(directory, () => storage.makeDirectory(directory));
  const earlier = earlierParts(
    writing(directory, () => storage.entries(directory)),
    options,
  );
  if (earlier.length > 0 && !overwrite) {
    throw new MillraceError(
      'INVALID_OPTION',
      `the directory '${directory}' holds '${earlier[0]}' of an earlier run; write to another one, or say overwrite: true to replace what is there`,
    );
  }
  for (const name of earlier) writing(directory, () => storage.remove(join(directory, name)));
}

/**
 * The parts of an earlier run that this subtask looks after. Each has exactly one that does: subtasks start at different times, and
 * none may take a part that another has finished for an old one.
 */
function earlierParts(names: readonly string[], { prefix, suffix, subtask, parallelism }: PartOptions): string[] {
  return names.filter((name) => {
    const index = name.slice(prefix.length + 1, name.length - suffix.length);
    return /^\d+$/.test(index) && name === `${prefix}-${index}${suffix}` && Number(index) % parallelism === subtask;
  });
}
