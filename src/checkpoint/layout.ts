/**
 * The names of what checkpoints consist of: the only place where they are made and read.
 *
 *     <directory>/lock
 *     <directory>/checkpoint-000007.manifest       the job's own
 *     <directory>/savepoint-000008.manifest        in a directory of its own, which can be moved
 *     <directory>/state/000007-<part>.state        what one subtask wrote for checkpoint 7; later manifests may name it too
 *
 * A savepoint's directory looks the same and holds one manifest. Paths in handles are relative to the directory.
 */

import { assert } from '../base/assert.ts';
import type { ManifestEntry } from './checkpoint-storage.ts';
import type { CheckpointKind } from './manifest.ts';

export const lockFile = 'lock';
export const stateDirectory = 'state';

/** Behind the name of a manifest until it is complete. */
export const unfinished = '.unfinished';

const digits = 6;
const manifestName = /^(checkpoint|savepoint)-(\d{6,})\.manifest$/;
const stateFileName = /^state\/(\d{6,})-[\w.-]+\.state$/;

function numbered(checkpoint: number): string {
  return String(checkpoint).padStart(digits, '0');
}

export function manifestPath({ kind, id }: { readonly kind: CheckpointKind; readonly id: number }): string {
  return `${kind}-${numbered(id)}.manifest`;
}

/** The manifest that has a name; undefined for the name of something else. */
export function manifestOf(name: string): ManifestEntry | undefined {
  const match = manifestName.exec(name);
  return match === null ? undefined : { kind: match[1] as CheckpointKind, id: Number(match[2]), path: name };
}

/** The name to give `StateStorage.write`. @param part letters, digits, dots and dashes; no other part of the checkpoint has it */
export function stateName(checkpoint: number, part: string): string {
  return `${numbered(checkpoint)}-${part}`;
}

export function statePath(name: string): string {
  const path = `${stateDirectory}/${name}.state`;
  assert(stateFileName.test(path), `'${name}' is a name that stateName has made`);
  return path;
}

/** The checkpoint that a file of state was written for; undefined for what is none. */
export function checkpointOf(path: string): number | undefined {
  const match = stateFileName.exec(path);
  return match === null ? undefined : Number(match[1]);
}

/** The name of a savepoint's own directory where the user names none. @param takenAt milliseconds since 1970, UTC */
export function savepointDirectory(takenAt: number): string {
  return `savepoint-${takenAt}`;
}
