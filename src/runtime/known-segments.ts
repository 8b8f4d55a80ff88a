/**
 * The stored segments of one keyed state of a subtask, as the snapshots of the subtask go on. One subtask owns them.
 *
 * Each snapshot may add a list of stale entries to each segment. When there are many, the next one is of all that are stale: so what a
 * manifest names, and what a restore reads, stays small however long the job runs.
 */

import type { SegmentHandle, StateHandle } from '../wire/state-handles.ts';

/** Lists of stale entries of one segment, after which they become one. */
const listsMax = 8;

export interface KnownSegment {
  readonly handle: SegmentHandle;
  /** What its lists say. */
  readonly lists: readonly Uint32Array[];
}

/** Entries of a segment that have become stale. */
export interface StaleEntries {
  readonly ordinals: Uint32Array;
  /** Whether they are all that are stale, so that earlier lists are not needed any more. */
  readonly all: boolean;
}

/** What a snapshot has added. */
export interface SegmentChanges {
  readonly added: SegmentHandle | undefined;
  /** Segments that were files already, with what their lists say. */
  readonly files?: readonly KnownSegment[];
  /** What became stale, and where the list of it is, by segment. */
  readonly stale: ReadonlyMap<string, StaleEntries & { readonly list: StateHandle }>;
  /** Segments that still count beside the one that was added. */
  readonly needed: ReadonlySet<string>;
}

export class KnownSegments {
  readonly #segments = new Map<string, KnownSegment>();

  /** @param adopted segments of an earlier run, with what their lists say */
  constructor(adopted: readonly KnownSegment[] = []) {
    for (const segment of adopted) this.#segments.set(segment.handle.id, segment);
  }

  /** What is to be written of entries of a segment that have become stale. */
  toWrite(id: string, ordinals: Uint32Array): StaleEntries {
    const lists = this.#segments.get(id)?.lists ?? [];
    if (lists.length < listsMax) return { ordinals, all: false };
    return { ordinals: joined([...lists, ordinals]), all: true };
  }

  /** The segments after a snapshot that was stored. One that is full stands alone, and nothing is remembered of it. */
  next({ added, files = [], stale, needed }: SegmentChanges, full: boolean): readonly SegmentHandle[] {
    if (full) return added === undefined ? [] : [added];
    for (const [id, { handle, lists }] of this.#segments) {
      const entries = stale.get(id);
      if (!needed.has(id)) this.#segments.delete(id);
      else if (entries !== undefined) {
        const { list, ordinals, all } = entries;
        const kept = all ? [] : handle.stale;
        this.#segments.set(id, { handle: { ...handle, stale: [...kept, list] }, lists: all ? [ordinals] : [...lists, ordinals] });
      }
    }
    if (added !== undefined) this.#segments.set(added.id, { handle: added, lists: [] });
    for (const file of files) this.#segments.set(file.handle.id, file);
    return [...this.#segments.values()].map(({ handle }) => handle);
  }
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
