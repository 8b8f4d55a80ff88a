/** What keyed operators have in common: finding the slot of a row's key. */

import { assert } from '../base/assert.ts';
import { CompositeKeys } from '../batch/composite-keys.ts';
import { Latin1Strings } from '../batch/latin1-strings.ts';
import { StringColumn } from '../batch/string-column.ts';
import { columnarKey, columnarParts, compositeField, generateKey, hashExpression, slotExpression } from '../compiler/key-code.ts';
import type { OperatorCode, OperatorContext } from '../compiler/operator.ts';
import { type Field, type FieldColumn, localField, type Row, type RowKey } from '../compiler/row.ts';
import { isComposite, type KeySpec } from '../graph/logical.ts';
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

/** An array with room for the rows of one batch; its memory serves all batches. */
class RowBuffer {
  #rows = new Int32Array(0);
  /** How many rows of the present batch found no room. */
  left = 0;

  ofLength(rows: number): Int32Array {
    if (this.#rows.length < rows) this.#rows = new Int32Array(rows);
    return this.#rows;
  }
}

/** Where the slots of the rows of a batch are: of all of them, also when the batch was begun before and is gone on with. */
export interface BatchSlots {
  readonly key: Field;
  /** The expression of a row's hash, in a loop over `i`. */
  readonly hash: string;
  /** A local, the array of slots by row. Rows that found no room have the slot behind the last. */
  readonly slots: string;
  /** The expression of how many rows found no room. */
  readonly left: string;
}

/** Writes the code that finds the slots of all rows of a batch; undefined, and nothing is written, where keys are not in columns. */
export function generateSlots(code: OperatorCode, row: Row, context: OperatorContext, index: KeyIndex): BatchSlots | undefined {
  assert(context.key !== undefined, 'a keyed operator has a keyed input');
  const parts = columnarParts(row, context.key);
  if (parts !== undefined) return generateComposites(code, parts, index);
  const carried = context.key.kind === 'carried' && row.key?.hash === 'hashes[i]' ? row.key.field : undefined;
  if (carried?.values !== undefined) return generateCarried(code, carried, carried.values.use(), index);
  const key = columnarKey(row, context.key);
  const method = key?.column !== undefined ? 'ofStrings' : key?.numbers !== undefined ? 'ofNumbers' : undefined;
  if (key === undefined || method === undefined) return undefined;
  const { names, body } = code;
  const slots = names.fresh('slots');
  const buffer = names.constant('slotBuffer', new RowBuffer());
  const left = `${buffer}.left`;
  const keys = (key.column ?? key.numbers)?.use();
  const hashes = row.key?.hash === 'hashes[i]' ? 'hashes' : key.column?.hashes;
  const name = names.constant('index', index);
  body.line(`const ${slots} = ${buffer}.ofLength(rows);`);
  const find = `${left} = ${name}.${method}({ hashes: ${hashes ?? 'null'}, keys: ${keys}, rows, slots: ${slots} });`;
  body.line(`${unlessGoneOn(code)}${find}`);
  const ofFew = `(${slots}[i] < ${name}.size ? ${name}.hash(${slots}[i]) : ${hashExpression(code, key)})`;
  return { key, hash: hashes === undefined ? ofFew : `${hashes}[i]`, slots, left };
}

/** Writes a loop over the rows of a batch, the slots of all of which are found first; false, and nothing is written, as for `generateSlots`. */
export function generateRowsBySlot(
  code: OperatorCode,
  row: Row,
  { context, index }: { readonly context: OperatorContext; readonly index: KeyIndex },
  write: (slot: string) => void,
): boolean {
  const found = generateSlots(code, row, context, index);
  if (found === undefined) return false;
  const slot = code.names.fresh('slot');
  code.eachRow(() => {
    code.body.line(`const ${slot} = ${found.slots}[i];`);
    write(slot);
  });
  return true;
}

function generateComposites(code: OperatorCode, parts: readonly Field[], index: KeyIndex): BatchSlots {
  const { names, body } = code;
  const keys = names.constant('keys', new CompositeKeys());
  const buffer = names.constant('slotBuffer', new RowBuffer());
  const slots = names.fresh('slots');
  const left = `${buffer}.left`;
  const columns = parts.map((part) => (part.column ?? part.numbers)?.use());
  body.line(`const ${slots} = ${buffer}.ofLength(rows);`);
  const fill = `${keys}.fill(rows, [${columns.join(', ')}])`;
  const find = `${names.constant('index', index)}.ofValues({ hashes: ${keys}.hashes, keys: ${keys}, rows, slots: ${slots} })`;
  body.block(unlessGoneOn(code), () => body.line(`${fill}; ${left} = ${find};`));
  return { key: compositeField(parts, { rows: keys, row: 'i' }), hash: `${keys}.hashes[i]`, slots, left };
}

/** Keys that came with their rows, of any kind: what is encoded is looked up as it is. */
function generateCarried(code: OperatorCode, key: Field, column: string, index: KeyIndex): BatchSlots {
  const { names, body } = code;
  const buffer = names.constant('slotBuffer', new RowBuffer());
  const slots = names.fresh('slots');
  const left = `${buffer}.left`;
  body.line(`const ${slots} = ${buffer}.ofLength(rows);`);
  const find = `${names.constant('index', index)}.ofValues({ hashes, keys: ${column}, rows, slots: ${slots} })`;
  body.line(`${unlessGoneOn(code)}${left} = ${find};`);
  return { key, hash: 'hashes[i]', slots, left };
}

/** What is found out of all rows of a batch is so once, however often the batch is stopped in. */
function unlessGoneOn({ part: { first, stop } }: OperatorCode): string {
  return stop === undefined ? '' : `if (${first} === 0) `;
}

/** The key of a slot as a row carries it on. */
export function slotKey(code: OperatorCode, index: KeyIndex, slot: string, spec: KeySpec | undefined): Required<RowKey> {
  return carriedKey(code, index, slot, keyOfSlot(code, index, slot, spec));
}

/** The key of a slot, which is `field`, as a row carries it on. */
export function carriedKey(code: OperatorCode, index: KeyIndex, slot: string, field: Field): Required<RowKey> {
  return { field, hash: `${code.names.constant('index', index)}.hash(${slot})` };
}

/** The key of a slot, as the bytes that the index has of it where it is known to be an array. */
export function keyOfSlot(code: OperatorCode, index: KeyIndex, slot: string, spec: KeySpec | undefined): Field {
  const name = code.names.constant('index', index);
  if (spec === undefined || !isComposite(spec)) return localField('key', `${name}.key(${slot})`);
  return { ...localField('key', `${name}.key(${slot})`, 'any'), encoded: { rows: `${name}.encoded(${slot})`, row: '0' } };
}

/** Slots whose texts are copied at a time. */
const textSlots = 1024;

/** Walks over all slots, some of them a call. */
export class SlotCursor {
  next = 0;
  #texts: Latin1Strings | undefined;
  /** The keys of the slots from `first` on, where they are texts. */
  readonly column = new StringColumn(0);
  first = 0;
  rows = 0;
  #areTexts = false;

  /** Whether the key of a slot is in `column`: it and those beside it are Latin-1 texts. */
  hasText(index: KeyIndex, slot: number): boolean {
    if (slot < this.first || slot >= this.first + this.rows) this.#load(index, slot);
    return this.#areTexts;
  }

  #load(index: KeyIndex, slot: number): void {
    this.first = slot;
    this.rows = Math.min(textSlots, index.size - slot);
    this.#texts ??= new Latin1Strings(textSlots, false);
    this.#areTexts = index.copyTexts(slot, slot + this.rows, this.#texts);
    const { bytes, offsets } = this.#texts;
    if (this.#areTexts)
      this.column.setBytes({ bytes, offsets, base: 0, bytesBase: 0, wide: false, gap: 0, validity: null, validityBase: 0 });
  }
}

interface SlotLoop {
  readonly index: KeyIndex;
  readonly cursor: SlotCursor;
  readonly limit: string;
}

/**
 * Writes a loop over the slots that were not yet visited, `limit` of them at most, and returns the expression that tells
 * whether all were.
 */
export function generateSlotLoop(code: OperatorCode, options: SlotLoop, write: (slot: string) => void): string {
  const index = code.names.constant('index', options.index);
  const cursor = code.names.constant('cursor', options.cursor);
  const slot = code.names.fresh('slot');
  code.body.block(`for (let count = 0; count < ${options.limit} && ${cursor}.next < ${index}.size; count++)`, () => {
    code.body.line(`const ${slot} = ${cursor}.next++;`);
    code.body.line(`if (!${index}.has(${slot})) continue;`);
    write(slot);
  });
  return `${cursor}.next === ${index}.size`;
}

/** The same, with the key of each slot: where it is text, as the bytes of a column, without making a string of it. */
export function generateKeyLoop(
  code: OperatorCode,
  options: SlotLoop & { readonly spec: KeySpec | undefined },
  write: (slot: string, key: Field) => void,
): string {
  return generateSlotLoop(code, options, (slot) => {
    const plain = (): void => write(slot, keyOfSlot(code, options.index, slot, options.spec));
    // Where not even the first key is text, hardly another one is.
    if (options.index.size === 0 || !options.index.has(0) || typeof options.index.key(0) !== 'string') return plain();
    const cursor = code.names.constant('cursor', options.cursor);
    const index = code.names.constant('index', options.index);
    const row = `${slot} - ${cursor}.first`;
    const column: FieldColumn = { use: () => `${cursor}.column`, row, rows: `${cursor}.rows` };
    const text = localField('key', `${cursor}.column.detached(${row}, ${cursor}.rows)`, 'string');
    code.body.block(`if (${cursor}.hasText(${index}, ${slot}))`, () => write(slot, { ...text, column }), '} else {');
    plain();
    code.body.line('}');
  });
}
