/** Which checkpoint a job goes on from. Pure. */

import { MillraceError } from '../base/errors.ts';
import type { ManifestEntry } from './checkpoint-storage.ts';
import type { CheckpointManifest } from './manifest.ts';

/** What came of reading a manifest, or of restoring from it. */
export type ManifestReading =
  | { readonly entry: ManifestEntry; readonly manifest: CheckpointManifest }
  | { readonly entry: ManifestEntry; readonly error: Error };

export type RecoveryDecision =
  /** With what is to be said of newer ones that cannot be used. */
  | { readonly kind: 'restore'; readonly manifest: CheckpointManifest; readonly warnings: readonly string[] }
  /** There is none yet. */
  | { readonly kind: 'fresh' }
  /** There are some, but none can be used: to start over in silence would be to lose state. */
  | { readonly kind: 'refuse'; readonly error: MillraceError };

/**
 * The newest checkpoint that can be read. Savepoints beside checkpoints count as well: they are what the job was at some time.
 *
 * @param place of the storage, for messages
 */
export function chooseCheckpoint(readings: readonly ManifestReading[], place: string): RecoveryDecision {
  const newestFirst = [...readings].sort((a, b) => b.entry.id - a.entry.id);
  const warnings: string[] = [];
  for (const reading of newestFirst) {
    if ('manifest' in reading) return { kind: 'restore', manifest: reading.manifest, warnings: withOutput(warnings, reading.entry) };
    warnings.push(`${nameOf(reading.entry)} is passed over for an older one: ${reading.error.message}`);
  }
  const newest = newestFirst[0];
  if (newest === undefined || 'manifest' in newest) return { kind: 'fresh' };
  return { kind: 'refuse', error: noneUsable(newestFirst, place, newest.error) };
}

/** The id for the next checkpoint: no manifest and no file of state may have had it. */
export function nextCheckpointId(ids: Iterable<number>): number {
  let highest = 0;
  for (const id of ids) highest = Math.max(highest, id);
  return highest + 1;
}

/** State goes back; what others may have seen does not. */
function withOutput(warnings: readonly string[], entry: ManifestEntry): readonly string[] {
  if (warnings.length === 0) return warnings;
  return [...warnings, `what exactly-once sinks have committed behind ${nameOf(entry)} is written and committed once more`];
}

function nameOf({ kind, id }: Pick<ManifestEntry, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}

function noneUsable(readings: readonly ManifestReading[], place: string, newest: Error): MillraceError {
  const what = readings.length === 1 ? 'the only checkpoint' : `none of the ${readings.length} checkpoints`;
  return new MillraceError(
    'CHECKPOINT_CORRUPT',
    `${what} in ${place} ${readings.length === 1 ? 'cannot' : 'can'} be used: ${newest.message}; restore the files, start from a savepoint ` +
      '(--from), or start over without state (--fresh)',
    { cause: newest },
  );
}
