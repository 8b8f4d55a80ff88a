/**
 * Where the state in a checkpoint is, as plain data: workers hand it to the host, and a manifest holds it. What it names is
 * never changed again, only removed once no manifest names it.
 */

/** Some bytes of a checkpoint: a part of a file, or the bytes themselves where they are few. */
export type StateHandle =
  | {
      readonly kind: 'file';
      /** Relative to the storage that wrote it. */
      readonly path: string;
      readonly offset: number;
      readonly length: number;
      /** CRC-32 of the bytes. */
      readonly checksum: number;
    }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array; readonly checksum: number };

/**
 * Entries of keyed state that one snapshot wrote. Each key of the operator has its latest entry in exactly one segment, and an
 * entry counts unless a list of stale ones names it: segments may be read in any order.
 */
export interface SegmentHandle {
  /** Unique in the life of a job's state. */
  readonly id: string;
  readonly bytes: StateHandle;
  readonly entries: number;
  /** Ordinals of entries that no longer count, as 32-bit integers, little-endian. */
  readonly stale: readonly StateHandle[];
  /** How the entries are written: what the operator said of it, as JSON. */
  readonly schema: unknown;
}

/** How state of a subtask, which belongs to no key, is given to the subtasks of a restored operator. */
export type Distribution =
  /** Its items are dealt out. */
  | 'split'
  /** Every subtask gets the items of all. */
  | 'union'
  /** All subtasks had the same; each gets them once. */
  | 'broadcast';

/**
 * The part of the operator that heads a stage in which the watermark of its input is: what was late stays late after a restart. A subtask
 * whose watermark has not begun has none.
 */
export const watermarkPart = '$watermark';

/** State of a subtask that belongs to no key: a list of values. */
export interface SubtaskPart {
  readonly distribution: Distribution;
  readonly items: readonly unknown[];
}

/** The same where it is stored: the items as one encoded array. */
export interface StoredPart {
  readonly distribution: Distribution;
  readonly items: StateHandle;
  readonly count: number;
}

/** What one subtask of an operator holds. */
export interface OperatorState {
  /** Segments by the name of the keyed state that they belong to. */
  readonly keyed: Readonly<Record<string, readonly SegmentHandle[]>>;
  /** By name. */
  readonly parts: Readonly<Record<string, StoredPart>>;
}

/** Rows on their way that a checkpoint has taken along, where they are stored. */
export interface StoredRows {
  /** Index of the exchange in the plan; undefined for rows that a source had read and not handed on. */
  readonly exchange: number | undefined;
  /** That they were bound for: of the stage at the end of the exchange, or of the source. */
  readonly subtask: number;
  /** The split that a source had read them from, where it tells them apart. */
  readonly split?: string | undefined;
  /** The side output of the source that they are for; its main output when absent. */
  readonly side?: string | undefined;
  /** As `channel/stored-batches.ts` writes them. */
  readonly rows: StateHandle;
  readonly count: number;
}

/** What one subtask of a stage holds. */
export interface SubtaskState {
  /** In the order of the chain. */
  readonly operators: readonly OperatorState[];
  /** For a source: its splits, each starting behind the records that went before the barrier. Plain data. */
  readonly splits: readonly unknown[];
  /** Rows that its barrier has overtaken: on their way to it, or from it to others. In the order in which they are to be replayed. */
  readonly inFlight: readonly StoredRows[];
}
