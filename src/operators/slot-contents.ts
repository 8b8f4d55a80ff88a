/** Keyed state of operators that hold one thing for each key, by its slot: a unit is the slot. */

import type { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import type { OperatorCode } from '../compiler/operator.ts';
import type { ChangeLog } from '../state/change-log.ts';
import { readKey, shownKey, writeKey } from '../state/encode-state.ts';
import type { KeyIndex } from '../state/key-index.ts';
import type { KeyedContents } from '../state/keyed-contents.ts';

export interface HeldBySlot {
  readonly schema: unknown;
  /**
   * Whether a slot has something. It has not where the slots of all rows of a batch are found first, and its rows are still to come. Absent where
   * it is all the same, since nothing can be written and read as well.
   */
  holds?(slot: number): boolean;
  /** Writes what a slot holds. @param of names the key, for errors */
  write(slot: number, sink: ByteSink, of: () => string): void;
  /** What reads that, of entries that were written under `schema`, into a slot; a second time where several held something of one key. */
  reader(schema: unknown): (source: ByteSource, slot: number) => void;
  /** Forgets what a slot has, so that another key may have it; absent where state stays in memory. */
  readonly evict?: ((slot: number) => void) | undefined;
}

export function slotContents(index: KeyIndex, held: HeldBySlot): KeyedContents {
  return {
    schema: held.schema,
    evictable: evictable(index, held),
    forEach: (visit) => {
      for (let slot = 0; slot < index.size; slot++) if (index.has(slot) && held.holds?.(slot) !== false) visit(slot);
    },
    hash: (slot) => index.hash(slot),
    write: (slot, sink) => {
      writeKey(sink, index, slot);
      held.write(slot, sink, () => `the state of the key ${shownKey(index.key(slot))}`);
    },
    reader: (schema) => {
      const read = held.reader(schema);
      return (source, hash) => {
        // What other subtasks have left may be more than there is room for here; further keys then find none.
        index.limit = Math.max(index.limit, index.keyCount + 1);
        const slot = readKey(source, index, hash);
        read(source, slot);
        return slot;
      };
    },
  };
}

function evictable(index: KeyIndex, { evict, reader, schema }: HeldBySlot): KeyedContents['evictable'] {
  if (evict === undefined) return undefined;
  return {
    index,
    stays: () => false,
    reader: () => {
      const read = reader(schema);
      return (source, slot) => {
        read(source, slot);
        return true;
      };
    },
    evict: (slot) => {
      evict(slot);
      index.remove(slot);
    },
  };
}

/**
 * The expression of whether a slot has nothing yet, ahead of `touch`.
 *
 * @param next the slot that is the next one where all that there are have something: an expression
 */
export function isNewSlot(code: OperatorCode, log: ChangeLog, slot: string, next: string): string {
  return log.residents === undefined ? `${slot} === ${next}` : `!${code.names.constant('residents', log.residents)}.has(${slot})`;
}

/** The statement that gives a new slot its value. */
export function setNew(log: ChangeLog, values: string, slot: string, value: string): string {
  // Where keys come and go, the slot may be any.
  return log.residents === undefined ? `${values}.push(${value});` : `${values}[${slot}] = ${value};`;
}

/** Writes the code that tells a log, if it follows changes, that what a slot holds is about to change. */
export function generateTouch(code: OperatorCode, log: ChangeLog, slot: string): void {
  if (log.tracks) code.body.line(`${code.names.constant('log', log)}.touch(${slot});`);
}

/** The same for the slots of all rows of a batch. @param range expressions: slots below the first and from the second on are nobody's */
export function generateTouchAll(code: OperatorCode, log: ChangeLog, slots: string, ...range: readonly string[]): void {
  if (log.tracks) code.body.line(`${code.names.constant('log', log)}.touchAll(${[slots, 'rows', ...range].join(', ')});`);
}
