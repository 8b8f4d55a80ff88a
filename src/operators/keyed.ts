/** What keyed operators have in common: finding the slot of a row's key. */

import { assert } from '../base/assert.ts';
import { generateKey, slotExpression } from '../compiler/key-code.ts';
import type { OperatorCode, OperatorContext } from '../compiler/operator.ts';
import { type Field, localField, type Row } from '../compiler/row.ts';
import type { KeyIndex } from '../state/key-index.ts';

export interface SlottedRow {
  readonly row: Row;
  readonly key: Field;
  /** Locals. */
  readonly hash: string;
  readonly slot: string;
}

/** Writes the code that finds the slot of a row's key. */
export function generateSlot(code: OperatorCode, row: Row, context: OperatorContext, index: KeyIndex): SlottedRow {
  assert(context.key !== undefined, 'a keyed operator has a keyed input');
  const keyed = generateKey(code, row, context.key);
  const hash = code.names.fresh('hash');
  const slot = code.names.fresh('slot');
  code.body.line(`const ${hash} = ${keyed.hash};`);
  code.body.line(`const ${slot} = ${slotExpression(code.names.constant('index', index), hash, keyed.key)};`);
  return { row: keyed.row, key: keyed.key, hash, slot };
}

/** The key of a slot as a row carries it on. */
export function slotKey(code: OperatorCode, index: KeyIndex, slot: string): { readonly field: Field; readonly hash: string } {
  const name = code.names.constant('index', index);
  return { field: localField('key', `${name}.key(${slot})`), hash: `${name}.hash(${slot})` };
}

/** Walks over all slots, some of them a call. */
export class SlotCursor {
  next = 0;
}

/**
 * Writes a loop over the slots that were not yet visited, `limit` of them at most, and returns the expression that tells
 * whether all were.
 */
export function generateSlotLoop(
  code: OperatorCode,
  options: { readonly index: KeyIndex; readonly cursor: SlotCursor; readonly limit: string },
  write: (slot: string) => void,
): string {
  const index = code.names.constant('index', options.index);
  const cursor = code.names.constant('cursor', options.cursor);
  const slot = code.names.fresh('slot');
  code.body.block(`for (let count = 0; count < ${options.limit} && ${cursor}.next < ${index}.size; count++)`, () => {
    code.body.line(`const ${slot} = ${cursor}.next++;`);
    write(slot);
  });
  return `${cursor}.next === ${index}.size`;
}
