/**
 * The parts that are in the directory of a sink: committing them, and finding those of earlier runs. Each part is looked after by one
 * subtask, told by its name: subtasks start at different times, and none may take a part of another for an old one.
 */

import { dirname, join, posix } from 'node:path';
import { MillraceError } from '../../base/errors.ts';
import { bucketLevelsMax } from '../../base/limits.ts';
import { failedOperation } from '../failed-operation.ts';
import { type PartPlace, writing } from './open-part.ts';
import { hiddenPath, type NamePattern, type PartName, readPartName } from './part-names.ts';

export interface FoundPart extends PartName {
  /** Of the name that it has or will have, relative to the directory. */
  readonly path: string;
}

/** Who looks. */
export interface Finder extends NamePattern {
  readonly subtask: number;
  readonly parallelism: number;
  /** Whether parts may be in directories below. */
  readonly buckets: boolean;
}

/** The parts that one subtask looks after, also those of subtasks that there are no more. */
export function findParts({ storage, directory }: PartPlace, finder: Finder): FoundPart[] {
  const found: FoundPart[] = [];
  const visit = (bucket: string, levels: number): void => {
    for (const name of entriesOf(bucket)) {
      const part = readPartName(finder, name);
      if (part === undefined) {
        if (finder.buckets && levels < bucketLevelsMax) visit(posix.join(bucket, name), levels + 1);
      } else if (part.subtask % finder.parallelism === finder.subtask) {
        const visible = part.hidden ? visibleName(name) : name;
        found.push({ ...part, path: posix.join(bucket, visible) });
      }
    }
  };
  const entriesOf = (bucket: string): readonly string[] => {
    try {
      return storage.entries(join(directory, bucket));
    } catch (error) {
      // What is no directory, or somebody else's, holds no parts.
      if (bucket !== '' && notMine.has((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw failedOperation('SINK_FAILED', `cannot write '${directory}'`, error);
    }
  };
  visit('', 0);
  return found;
}

const notMine = new Set(['ENOTDIR', 'EACCES', 'EPERM', 'ELOOP']);

function visibleName(hidden: string): string {
  return hidden.slice(1, hidden.lastIndexOf('.'));
}

/**
 * Begins anew: a directory that has whole parts of an earlier run is an error, or they are removed where `overwrite` says so. Parts
 * that were never committed go.
 */
export function clearParts(place: PartPlace, found: readonly FoundPart[], overwrite: boolean): void {
  const whole = found.find(({ hidden }) => !hidden);
  if (whole !== undefined && !overwrite) {
    throw new MillraceError(
      'INVALID_OPTION',
      `the directory '${place.directory}' holds '${whole.path}' of an earlier run; write to another one, or say overwrite: true to replace what is there`,
    );
  }
  for (const part of found) if (!part.hidden || isLeftover(part)) removePart(place, part);
}

/** Whether a part may be removed that nobody knows of. The only one of a subtask is overwritten by the next of its name. */
export function isLeftover({ hidden, number }: FoundPart): boolean {
  return hidden && number !== undefined;
}

export function removePart({ storage, directory }: PartPlace, { path, hidden }: FoundPart): void {
  const full = join(directory, hidden ? hiddenPath(path) : path);
  writing(full, () => {
    try {
      storage.remove(full);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  });
}

/** A part that is to get its name. */
export interface CompletePart {
  readonly path: string;
  /** That were written to it: a file that somebody has cut since is not taken for the part. */
  readonly bytes?: number;
}

/**
 * Gives parts their names, for good: all of them, and then each directory is told once. One that has its name already was committed
 * before; whether that survives a crash, nobody had said.
 *
 * @throws MillraceError SINK_FAILED; SINK_CORRUPT where a part is neither there nor committed, or was cut
 */
export async function commitParts(place: PartPlace, parts: readonly CompletePart[]): Promise<void> {
  for (const part of parts) namePart(place, part);
  const { storage, directory } = place;
  for (const bucket of new Set(parts.map(({ path }) => dirname(join(directory, path))))) {
    await storage.syncDirectory(bucket).catch((error) => {
      throw failedOperation('SINK_FAILED', `cannot commit parts in '${bucket}'`, error);
    });
  }
}

function namePart(place: PartPlace, { path, bytes }: CompletePart): void {
  const { storage, directory } = place;
  try {
    if (bytes !== undefined) checkLength(place, path, bytes);
    storage.rename(join(directory, hiddenPath(path)), join(directory, path));
  } catch (error) {
    if (!isMissing(error)) throw failedOperation('SINK_FAILED', `cannot commit '${join(directory, path)}'`, error);
    if (!isThere(place, path)) throw lostPart(place, path);
  }
}

function checkLength({ storage, directory }: PartPlace, path: string, bytes: number): void {
  const file = storage.open(join(directory, hiddenPath(path)));
  file.close();
  if (file.size >= bytes) return;
  const full = join(directory, hiddenPath(path));
  throw new MillraceError('SINK_CORRUPT', `'${full}' has ${file.size} bytes, where ${bytes} were written; bring it back, or start over`);
}

/** Whether a part has its name. */
export function isThere({ storage, directory }: PartPlace, path: string): boolean {
  const full = join(directory, path);
  try {
    storage.open(full).close();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw failedOperation('SINK_FAILED', `cannot read '${full}'`, error);
  }
}

/** A part that a checkpoint tells of is neither there nor committed. */
export function lostPart({ directory }: PartPlace, path: string): MillraceError {
  return new MillraceError(
    'SINK_CORRUPT',
    `'${join(directory, path)}' is in the checkpoint, but neither it nor '${hiddenPath(path)}' is there: it was moved or removed, or the sink had another directory; bring it back, or start over`,
  );
}

/** Whether the system says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return (error as Partial<NodeJS.ErrnoException> | undefined)?.code === 'ENOENT';
}
