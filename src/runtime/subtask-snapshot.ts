/**
 * The snapshot of one subtask on its way into the storage. It is taken between two steps; then the stream goes on, and what was
 * there at the barrier is encoded a little at a time, written, and made durable. Runs on the subtask's thread.
 *
 *     taken ──advance──▶ encoding ──all written──▶ storing ──close resolves──▶ stored
 *
 * `encoding` is repeated until every log is written, and the rows that its barrier has overtaken, which may be known only some time
 * later; where anything fails, all logs go back to what they were before.
 */

import type { MillraceError } from '../base/errors.ts';
import type { Clock } from '../base/system.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import type { StateStorage, StateWriter } from '../checkpoint/checkpoint-storage.ts';
import { encodeState } from '../state/encode-state.ts';
import { fileId, type LogSnapshot, type SnapshotFile } from '../state/log-snapshot.ts';
import type { SnapshotStatistics } from '../wire/messages.ts';
import type { Distribution, OperatorState, StateHandle, StoredPart, StoredRows, SubtaskPart, SubtaskState } from '../wire/state-handles.ts';
import type { KnownSegments, SegmentChanges } from './known-segments.ts';
import type { RowsInFlight } from './rows-in-flight.ts';

/** What an operator holds under one name, on its way. */
export interface KeyedSnapshot {
  readonly snapshot: LogSnapshot;
  readonly schema: unknown;
  /** What the operator's earlier snapshots have stored. */
  readonly known: KnownSegments;
}

/** What an operator holds, and its failure where that cannot be stored. */
export interface OperatorSnapshot {
  readonly failure: (error: unknown) => MillraceError;
  readonly keyed: ReadonlyMap<string, KeyedSnapshot>;
  readonly parts: Readonly<Record<string, SubtaskPart>>;
}

export interface SubtaskSnapshotOptions {
  /** Unique among all subtasks and checkpoints of the job's state. */
  readonly name: string;
  readonly storage: StateStorage;
  readonly operators: readonly OperatorSnapshot[];
  readonly splits: readonly unknown[];
  /** Whether rows in flight belong to it: then it is not complete before `takeAlong`. */
  readonly takesAlong: boolean;
  readonly clock: Clock;
  readonly alignmentMs: number;
  readonly syncMs: number;
  /** Units that are encoded in one go. */
  readonly units: number;
}

export interface StoredSnapshot {
  readonly state: SubtaskState;
  readonly statistics: SnapshotStatistics;
}

/** Where the state of one name has been written to, before it is durable. */
interface WrittenState {
  readonly operator: number;
  readonly name: string;
  readonly keyed: KeyedSnapshot;
  /** Undefined where there was nothing to write. */
  readonly segment: StateHandle | undefined;
  /** Entries of earlier segments that have become stale, and where the lists of them are. */
  readonly stale: SegmentChanges['stale'];
  /** Segments that were files already, as far as they are stored. */
  readonly files: { readonly handle: StateHandle; readonly file: SnapshotFile; readonly stale: readonly StateHandle[] }[];
}

/** A segment that is a file already, on its way. */
interface FileOnItsWay {
  readonly file: SnapshotFile;
  readonly of: WrittenState;
  /** Bytes that are copied, where the file cannot be linked. */
  copied: number;
}

interface EncodedPart {
  readonly distribution: Distribution;
  readonly count: number;
  readonly bytes: Uint8Array;
}

type EncodedParts = ReadonlyMap<string, EncodedPart>;

/** Bytes of a file that are copied in one go: a fraction of a millisecond. */
const copiedBytes = 256 * 1024;

export class SubtaskSnapshot {
  readonly #options: SubtaskSnapshotOptions;
  readonly #writer: StateWriter;
  readonly #sink = new ByteSink();
  readonly #startedAt: number;
  /** What is still to be encoded, the first in part. */
  readonly #left: (Pick<OperatorSnapshot, 'failure'> & {
    readonly operator: number;
    readonly name: string;
    readonly keyed: KeyedSnapshot;
  })[];
  /** By operator: encoded at once, since the values may change with the next record. */
  readonly #parts: readonly EncodedParts[];
  readonly #written: WrittenState[] = [];
  readonly #files: FileOnItsWay[] = [];
  #linkedBytes = 0;
  /** Rows in flight that are still to be written; null while they are not known. */
  #rows: RowsInFlight[] | null;
  #processedBytes = 0;
  readonly #storedRows: StoredRows[] = [];
  #rowsBytes = 0;
  #ended = false;
  #encodeMs = 0;

  constructor(options: SubtaskSnapshotOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
    this.#writer = options.storage.write(options.name);
    this.#parts = options.operators.map((operator) => this.#encodeParts(operator));
    this.#rows = options.takesAlong ? null : [];
    this.#left = options.operators.flatMap(({ keyed, failure }, operator) =>
      [...keyed].map(([name, each]) => ({ operator, name, keyed: each, failure })),
    );
  }

  #encodeParts({ parts, failure }: OperatorSnapshot): EncodedParts {
    const encoded = new Map<string, EncodedPart>();
    for (const [name, { distribution, items }] of Object.entries(parts)) {
      this.#sink.reset();
      naming(failure, () => encodeState(this.#sink, items, () => `what it keeps as '${name}'`));
      encoded.set(name, { distribution, count: items.length, bytes: new Uint8Array(this.#sink.bytes.subarray(0, this.#sink.length)) });
    }
    return encoded;
  }

  /** The rows in flight that belong to it, and the bytes that were read until they were known. */
  takeAlong(rows: readonly RowsInFlight[], processedBytes: number): void {
    this.#rows = [...rows];
    this.#processedBytes = processedBytes;
  }

  /** Whether there is nothing to write before it is said which rows belong to it. */
  get waits(): boolean {
    return this.#left.length === 0 && this.#files.length === 0 && this.#rows === null;
  }

  /** Encodes and writes some more; true once all is written. @throws what the storage throws */
  advance(): boolean {
    const { clock } = this.#options;
    const file = this.#files[0];
    if (file !== undefined) return this.#storeFile(file);
    const next = this.#left[0];
    if (next === undefined) return this.#writeRows();
    const from = clock.monotonic();
    this.#sink.reset();
    const complete = naming(next.failure, () => next.keyed.snapshot.encode(this.#sink, this.#options.units));
    this.#writer.write(this.#sink.bytes.subarray(0, this.#sink.length));
    if (complete) {
      this.#left.shift();
      const { operator, name, keyed } = next;
      const written: WrittenState = { operator, name, keyed, ...this.#endState(keyed), files: [] };
      this.#written.push(written);
      for (const file of next.keyed.snapshot.files ?? []) this.#files.push({ file, of: written, copied: 0 });
    }
    this.#encodeMs += clock.monotonic() - from;
    return this.#isWritten;
  }

  get #isWritten(): boolean {
    return this.#left.length === 0 && this.#files.length === 0 && this.#rows?.length === 0;
  }

  /** Gives a file a name of the storage, or copies some more of it. */
  #storeFile(on: FileOnItsWay): boolean {
    const { file, of } = on;
    const handle = this.#linked(on) ?? this.#copied(on);
    if (handle === undefined) return false;
    const stale = file.stale.length === 0 ? [] : [this.#piece(bytesOf(file.stale))];
    of.files.push({ handle, file, stale });
    this.#files.shift();
    return this.#isWritten;
  }

  #linked({ file, copied }: FileOnItsWay): StateHandle | undefined {
    const handle = copied > 0 ? undefined : this.#writer.link?.(file);
    if (handle !== undefined) this.#linkedBytes += file.bytes;
    return handle;
  }

  #copied(on: FileOnItsWay): StateHandle | undefined {
    const { file, copied } = on;
    const chunk = Buffer.allocUnsafe(Math.min(copiedBytes, file.bytes - copied));
    file.read(chunk, chunk.length, copied);
    this.#writer.write(chunk);
    on.copied += chunk.length;
    return on.copied < file.bytes ? undefined : this.#writer.endPiece();
  }

  /** Writes the rows of one place; true once all are. */
  #writeRows(): boolean {
    const next = this.#rows?.shift();
    if (next !== undefined) {
      const { place, count, chunks } = next;
      const from = this.#writer.bytes;
      for (const chunk of chunks) this.#writer.write(chunk);
      this.#storedRows.push({ ...place, rows: this.#writer.endPiece(), count });
      this.#rowsBytes += this.#writer.bytes - from;
    }
    return this.#rows?.length === 0;
  }

  #endState({ snapshot: { entries, stale }, known }: KeyedSnapshot): Pick<WrittenState, 'segment' | 'stale'> {
    const segment = entries === 0 ? undefined : this.#writer.endPiece();
    const lists = [...stale].map(([id, ordinals]) => {
      const toWrite = known.toWrite(id, ordinals);
      return [id, { ...toWrite, list: this.#piece(bytesOf(toWrite.ordinals)) }] as const;
    });
    return { segment, stale: new Map(lists) };
  }

  #piece(bytes: Uint8Array): StateHandle {
    this.#writer.write(bytes);
    return this.#writer.endPiece();
  }

  /** Makes durable what `advance` has written, all of it. @throws what the storage throws */
  async store(): Promise<StoredSnapshot> {
    const { operators, splits, clock, alignmentMs, syncMs } = this.#options;
    const parts = this.#parts.map((parts) => this.#storeParts(parts));
    const bytes = this.#writer.bytes + this.#linkedBytes;
    await this.#writer.close();
    const keyed = operators.map((): Record<string, OperatorState['keyed'][string]> => ({}));
    for (const written of this.#written) (keyed[written.operator] as (typeof keyed)[number])[written.name] = this.#take(written);
    this.#ended = true;
    const states = operators.map((_, i): OperatorState => ({ keyed: keyed[i] ?? {}, parts: parts[i] ?? {} }));
    return {
      state: { operators: states, splits, inFlight: this.#storedRows },
      statistics: {
        alignmentMs,
        syncMs,
        encodeMs: this.#encodeMs,
        asyncMs: clock.monotonic() - this.#startedAt,
        bytes,
        persistedInFlightBytes: this.#rowsBytes,
        processedInFlightBytes: this.#processedBytes,
      },
    };
  }

  #storeParts(parts: EncodedParts): Record<string, StoredPart> {
    return Object.fromEntries(
      [...parts].map(([name, { distribution, count, bytes }]) => [name, { distribution, items: this.#piece(bytes), count }]),
    );
  }

  /** The segments that hold the state of one name now. */
  #take({ operator, name, keyed: { snapshot, schema, known }, segment, stale, files }: WrittenState): OperatorState['keyed'][string] {
    const id = `${this.#options.name}/${operator}/${name}`;
    const added = segment === undefined ? undefined : { id, bytes: segment, entries: snapshot.entries, stale: [], schema };
    const stored = files.map(({ handle: bytes, file, stale: lists }, i) => ({
      handle: { id: fileId(id, i), bytes, entries: file.entries, stale: lists, schema },
      lists: lists.length === 0 ? [] : [file.stale],
    }));
    const segments = known.next({ added, files: stored, stale, needed: snapshot.needed }, snapshot.full);
    snapshot.stored(id);
    return segments;
  }

  /** Gives it up: what it would have written is to be written by the next one. Nothing happens to one that is stored. */
  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#writer.abort();
    for (const { keyed } of this.#options.operators) for (const { snapshot } of keyed.values()) snapshot.failed();
  }
}

/** What cannot be encoded is told with the name of the operator that holds it. */
function naming<R>(failure: OperatorSnapshot['failure'], encode: () => R): R {
  try {
    return encode();
  } catch (error) {
    throw failure(error);
  }
}

function bytesOf(ordinals: Uint32Array): Uint8Array {
  return new Uint8Array(ordinals.buffer, ordinals.byteOffset, ordinals.byteLength);
}
