/**
 * Which manifests and files of state are no longer needed. Pure. Invariant: no file goes that a manifest which stays names, or that
 * a manifest still to be written may name.
 */

import { checkpointOf } from './layout.ts';
import type { CheckpointKind } from './manifest.ts';

export interface RetainedManifest {
  readonly id: number;
  readonly kind: CheckpointKind;
  readonly path: string;
  /** The files that it names; undefined where it cannot be read. */
  readonly files: Iterable<string> | undefined;
}

export interface RetentionFacts {
  /** All that there are, in any order. */
  readonly manifests: readonly RetainedManifest[];
  /** Good checkpoints that are kept: the newest. 0 removes all, as at the end of a job, Infinity none. */
  readonly retain: number;
  /** All files of state that there are: `ManifestStore.files`. */
  readonly present: Iterable<string>;
  /**
   * Files that checkpoints on their way may name: those of all acknowledgements for them, and of the latest acknowledgement of each
   * subtask, whatever became of its checkpoint. The next one builds on that.
   */
  readonly held: Iterable<string>;
  /**
   * The oldest checkpoint that a subtask may still be writing for, or has written for without the host knowing what: files of it and
   * of later ones stay. Infinity when there is none. Manifests of later ones may still lose their names, where these cannot be made durable: they
   * do not count, and stay.
   */
  readonly busyFrom: number;
}

export interface RetentionDecision {
  /** Paths of manifests, the oldest first, to be removed first. */
  readonly manifests: readonly string[];
  /** Paths of files of state. */
  readonly files: readonly string[];
}

/**
 * A manifest that cannot be read stays until there are enough newer ones that can, with all files that it may name: somebody may
 * want to repair it. Savepoints, and files whose names say nothing of checkpoints, are not the job's to remove.
 */
export function planRetention({ manifests, retain, present, held, busyFrom }: RetentionFacts): RetentionDecision {
  const checkpoints = manifests.filter(({ kind }) => kind === 'checkpoint').sort((a, b) => b.id - a.id);
  const good = checkpoints.filter(({ id, files }) => files !== undefined && id <= busyFrom);
  const oldest = retain === 0 ? Number.POSITIVE_INFINITY : (good[retain - 1]?.id ?? Number.NEGATIVE_INFINITY);
  const dropped = new Set(checkpoints.filter(({ id }) => id < oldest));
  const kept = manifests.filter((each) => !dropped.has(each));
  const needed = new Set([...held, ...kept.flatMap(({ files = [] }) => [...files])]);
  const unreadable = kept.filter(({ files }) => files === undefined);
  const isDeletable = (file: string): boolean => {
    const checkpoint = checkpointOf(file);
    if (checkpoint === undefined || checkpoint >= busyFrom || needed.has(file)) return false;
    return !unreadable.some((manifest) => mayName(manifest, checkpoint));
  };
  return { manifests: [...dropped].reverse().map(({ path }) => path), files: [...present].filter(isDeletable) };
}

/** A checkpoint builds on earlier ones, a savepoint has all that it needs written for itself. */
function mayName({ kind, id }: RetainedManifest, checkpoint: number): boolean {
  return kind === 'savepoint' ? checkpoint === id : checkpoint <= id;
}
