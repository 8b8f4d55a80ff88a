/** How far event time has come in the splits of a source: what a checkpoint keeps of watermarks. Pure. */

/** Of one split; plain data. */
export interface SplitProgress {
  /** Empty for what has no splits. */
  readonly id: string;
  readonly maxTimestamp: number;
  readonly watermark: number;
  /** What a generator of the job's author says of itself; undefined for others. */
  readonly generator: unknown;
  /** Whether it is only passed on: nobody here has read the split since it was restored. */
  readonly carried: boolean;
}

/**
 * What subtasks said, by split. Of what has no splits, each subtask has read a part: it has come as far as the slowest. A split is
 * read by one subtask, beside which others may only know how far it was before.
 */
export function progressBySplit(items: readonly SplitProgress[]): Map<string, SplitProgress> {
  const bySplit = new Map<string, SplitProgress>();
  for (const item of items) {
    const other = bySplit.get(item.id);
    if (other === undefined || replaces(item, other)) bySplit.set(item.id, item);
  }
  return bySplit;
}

function replaces(item: SplitProgress, other: SplitProgress): boolean {
  if (item.id === '')
    return item.maxTimestamp < other.maxTimestamp || (item.maxTimestamp === other.maxTimestamp && item.watermark < other.watermark);
  if (item.carried !== other.carried) return other.carried;
  return item.maxTimestamp > other.maxTimestamp;
}
