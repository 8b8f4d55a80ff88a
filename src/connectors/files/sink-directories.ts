/**
 * The directory of a sink and those below it: made where they are not there, and told to the disk before a checkpoint names files in
 * them. Runs on the subtask's thread.
 */

import { dirname, join, sep } from 'node:path';
import { failedOperation } from '../failed-operation.ts';
import { type PartPlace, writing } from './open-part.ts';

export class SinkDirectories {
  readonly #place: PartPlace;
  /** Those in which there are new names. */
  #unsynced = new Set<string>();

  /**
   * Makes the directory. One that is there may have been made just before a crash, and be forgotten in the next.
   *
   * @throws MillraceError SINK_FAILED
   */
  constructor(place: PartPlace) {
    const { storage, directory } = place;
    this.#place = place;
    writing(directory, () => storage.makeDirectory(directory));
    for (let at = directory; at !== dirname(at); at = dirname(at)) this.#unsynced.add(dirname(at));
  }

  /** There is going to be another name in a bucket, and perhaps the bucket itself. @throws MillraceError SINK_FAILED */
  nameIn(bucket: string): void {
    const { storage, directory } = this.#place;
    const path = join(directory, bucket);
    if (bucket !== '') writing(path, () => storage.makeDirectory(path));
    for (let at = path; at !== directory; at = dirname(at)) this.#unsynced.add(at);
    this.#unsynced.add(directory);
  }

  /** Makes all names survive a crash. @throws MillraceError SINK_FAILED */
  async sync(): Promise<void> {
    const directories = [...this.#unsynced];
    this.#unsynced = new Set();
    await Promise.all(directories.map((each) => this.#syncOne(each)));
  }

  async #syncOne(path: string): Promise<void> {
    const { storage, directory } = this.#place;
    try {
      await storage.syncDirectory(path);
    } catch (error) {
      // A directory above that belongs to somebody else was made by somebody else.
      const isMine = path === directory || path.startsWith(join(directory, sep));
      if (isMine || !['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw failedOperation('SINK_FAILED', `cannot write '${path}'`, error);
    }
  }
}
