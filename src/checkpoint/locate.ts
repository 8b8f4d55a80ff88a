/** Finds the checkpoint or savepoint that a user means by a path: to start a job from it. */

import { basename, dirname } from 'node:path';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { Storage } from '../base/system.ts';
import type { ManifestEntry } from './checkpoint-storage.ts';
import { manifestOf } from './layout.ts';

export interface LocatedCheckpoint {
  /** To be opened with `fileStorage(directory)`. */
  readonly directory: string;
  readonly entry: ManifestEntry;
}

/**
 * The manifest at a path, or the newest one of the directory at a path.
 *
 * @param path absolute
 * @throws MillraceError STATE_DIR when there is none
 */
export function locateCheckpoint(path: string, storage: Storage): LocatedCheckpoint {
  const named = manifestOf(basename(path));
  const directory = named === undefined ? path : dirname(path);
  const entries = entriesOf(directory, storage).flatMap((name) => manifestOf(name) ?? []);
  const newest = entries.sort((a, b) => b.id - a.id)[0];
  const entry = named === undefined ? newest : entries.find((each) => each.path === named.path);
  if (entry !== undefined) return { directory, entry };
  const near = newest === undefined ? '' : `; the newest in that directory is '${newest.path}'`;
  throw new MillraceError(
    'STATE_DIR',
    `there is no checkpoint or savepoint at '${path}'${near}; name a directory of checkpoints, of a savepoint, or a .manifest file`,
  );
}

function entriesOf(directory: string, storage: Storage): readonly string[] {
  try {
    return storage.entries(directory);
  } catch (error) {
    throw new MillraceError('STATE_DIR', `the state directory '${directory}' cannot be read: ${thrownText(error)}`, { cause: error });
  }
}
