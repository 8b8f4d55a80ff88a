/** The stored segments of one keyed state of a subtask, as the snapshots of the subtask go on. One subtask owns them. */

import type { SegmentHandle, StateHandle } from '../wire/state-handles.ts';

/** What a snapshot has added. */
export interface SegmentChanges {
  readonly added: SegmentHandle | undefined;
  /** Where the lists of stale entries are, by segment. */
  readonly stale: ReadonlyMap<string, StateHandle>;
  /** Segments that still count beside the one that was added. */
  readonly needed: ReadonlySet<string>;
}

export class KnownSegments {
  readonly #segments = new Map<string, SegmentHandle>();

  constructor(adopted: readonly SegmentHandle[] = []) {
    for (const segment of adopted) this.#segments.set(segment.id, segment);
  }

  /** The segments after a snapshot that was stored. One that is full stands alone, and nothing is remembered of it. */
  next({ added, stale, needed }: SegmentChanges, full: boolean): readonly SegmentHandle[] {
    if (full) return added === undefined ? [] : [added];
    for (const [id, segment] of this.#segments) {
      const list = stale.get(id);
      if (!needed.has(id)) this.#segments.delete(id);
      else if (list !== undefined) this.#segments.set(id, { ...segment, stale: [...segment.stale, list] });
    }
    if (added !== undefined) this.#segments.set(added.id, added);
    return [...this.#segments.values()];
  }
}
