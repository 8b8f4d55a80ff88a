/**
 * Parses formats of which a record is a line, or begins and ends with one: finds how far the lines are complete, lets the generated
 * loop take them apart, and hands out the strings where they lie.
 *
 * Empty lines are no records. `raw` is a line's own text: it is copied before the loop, which may change the bytes.
 */

import { isAscii, isUtf8 } from 'node:buffer';
import { assert } from '../base/assert.ts';
import { internerBytes, KernelInterner } from '../batch/kernel-interner.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { StringColumn } from '../batch/string-column.ts';
import { type Interner, StringInterner } from '../batch/string-interner.ts';
import { createKernelMemory, type KernelMemory } from '../batch/string-kernel.ts';
import { internType, type RecordForm, type RecordType, selectFields } from '../schema/type.ts';
import { firstInvalidByte } from './invalid-text.ts';
import type { ParserInput, ParserOptions, RecordParser } from './parser.ts';
import { type FieldSpec, ParserCode, type ParserLoop, type StringPlaces, Views } from './parser-code.ts';
import { type PlainLine, PlainLines, type PlainStep, plainLineBytes } from './plain-lines.ts';

/** How a record is taken apart. */
export interface LineGrammar {
  readonly name: string;
  /** What records are: objects by default. One that is a scalar has one field, whose name is empty. */
  readonly form?: RecordForm;
  /** All fields, in the order in which records have them. */
  readonly fields: readonly FieldSpec[];
  /** Writes the code that takes one record apart. */
  write(code: ParserCode): void;
  /** What lines are up to the last field that is asked for, where most can be taken apart without the code. */
  plainLine?(isAsked: (name: string) => boolean): PlainLine | undefined;
  /** The byte with which lines begin that are no records. The code gives them up. */
  readonly comment?: number;
  /** Where records may hold line feeds: the offset behind the one that begins at `start`, −1 when its end is not there yet. */
  recordEnd?(input: ParserInput, start: number): number;
  /** Whether lines are text whatever is asked of them, so that bytes are told of that are no UTF-8. */
  readonly isText?: boolean;
  /** Whether a line that the code gave up is none for it, and stays where it is for another parser. Absent where none is. */
  outgrows?(bytes: Buffer, start: number, end: number): boolean;
  /** What is wrong with a bad record, where that says more than the code did. */
  explain?(bytes: Buffer, start: number, end: number): string | undefined;
}

/** The field that holds the text of the record's line. Other formats may have a field of that name, which is none of its business. */
export const rawField: FieldSpec = { name: 'raw', type: { kind: 'string', nullable: false } };

/** The type of whole records. */
export function grammarType({ fields, form }: LineGrammar): RecordType {
  return typeOfFields(fields, form);
}

export function typeOfFields(fields: readonly FieldSpec[], form: RecordForm = 'object'): RecordType {
  return internType({ form, names: fields.map(({ name }) => name), columns: fields.map(({ type }) => type), key: undefined });
}

const lineFeed = 10;
const carriageReturn = 13;
/** Bytes of a buffer that lies beside the strings which are numbered: larger ones are for records that are larger than most reads. */
const inputBytesMax = 1 << 19;
/** Characters of a bad record that are told. */
const shownBytes = 200;

export class LineParser implements RecordParser {
  readonly type: RecordType;
  readonly delimiter = Buffer.from('\n');
  readonly #grammar: LineGrammar;
  readonly #options: ParserOptions;
  readonly #code: ParserCode;
  readonly #loop: ParserLoop;
  readonly #raw: number;
  /** By column, of those that records are grouped by. */
  readonly #interners: readonly (Interner | undefined)[];
  /** Of kernels, where there are some. */
  readonly #memory: KernelMemory | undefined;
  readonly #plain: PlainLines | undefined;
  /** Whether it has taken all lines of the batch. */
  #byKernelAlone = false;
  /** Whether these are strings that are numbered, and numbers, and nothing else. */
  readonly #isAllNumbered: boolean;
  /** How many strings the interners had when all of them were valid; −1 where some are not. */
  #validStrings = 0;
  #inputMemory: Buffer | undefined;
  readonly #views = new Views();
  /** Whether a column has strings in it. */
  readonly #holdsText: boolean;
  /** The text of lines as it was before the loop, from where to where in the input, and where in it the present batch begins. */
  #rawBytes = Buffer.alloc(0);
  #rawOrigin = 0;
  #rawEnd = 0;
  #rawBase = 0;
  #input: ParserInput | undefined;
  #invalidSeen = false;

  /** @param predecessor of the same input, with strings in all columns that hold some here: what it has of them is gone on with */
  constructor(grammar: LineGrammar, options: ParserOptions, predecessor?: LineParser) {
    assert(grammar.plainLine === undefined || (grammar.comment === undefined && predecessor === undefined), 'a kernel has lines to itself');
    const { fields: asked } = options;
    const whole = grammarType(grammar);
    const fields = asked === undefined ? grammar.fields : grammar.fields.filter(({ name }) => asked.includes(name));
    this.#grammar = grammar;
    this.#options = options;
    this.type = asked === undefined ? whole : selectFields(whole, asked);
    const numbered = fields.map(
      (field) => field.type.kind === 'string' && field !== rawField && options.keys?.includes(field.name) === true,
    );
    const internersBytes = numbered.filter(Boolean).length * internerBytes(options.batchRows);
    const columnOf = (name: string | undefined): number => fields.findIndex((field) => field.name === name);
    const plain = fields.includes(rawField) ? undefined : grammar.plainLine?.((name) => columnOf(name) >= 0);
    const linesBytes = plain === undefined ? 0 : plainLineBytes(plain, options.batchRows);
    this.#memory = predecessor === undefined ? kernelMemory(internersBytes + linesBytes) : predecessor.#memory;
    this.#inputMemory = predecessor === undefined ? undefined : predecessor.#inputMemory;
    const kept = predecessor === undefined ? [] : predecessor.#interners;
    if (this.#memory !== undefined && plain !== undefined) {
      const isNullable = (column: number): boolean => fields[column]?.type.nullable === true;
      this.#plain = new PlainLines(this.#memory, plain, { columnOf, isNullable, rowsMax: options.batchRows });
    }
    this.#interners = numbered.map((each, i) => (each ? (kept[i] ?? internerOf(options, this.#memory)) : undefined));
    const isRead = (name: string | undefined): boolean =>
      fields.some((field, i) => field.name === name && (numbered[i] || field.type.kind !== 'string'));
    // Of what is left of a line not all is read.
    const isAllRead = ({ field }: PlainStep): boolean => field?.kind !== 'tail' && field?.names.every(isRead) !== false;
    this.#isAllNumbered = plain?.isWhole === true && plain.steps.every(isAllRead);
    this.#code = new ParserCode(fields, options, (column) => this.#plain?.placesOf(column));
    this.#holdsText = grammar.isText === true || fields.some(({ type }) => type.kind === 'string' || type.kind === 'any');
    this.#raw = fields.indexOf(rawField);
    grammar.write(this.#code);
    if (this.#raw >= 0) {
      const textEnd = this.#code.names.constant('endOfText', endOfText);
      this.#code.string(rawField.name, 'start - from', `${textEnd}(bytes, p) - from`);
    }
    this.#loop = this.#code.evaluate(grammar.name);
  }

  inputMemory(length: number): Buffer | undefined {
    if (this.#memory === undefined || length > inputBytesMax) return undefined;
    this.#inputMemory ??= this.#memory.allocateBytes(inputBytesMax);
    return this.#inputMemory.subarray(0, length);
  }

  begin(): void {
    this.#invalidSeen = false;
    this.#rawEnd = 0;
  }

  parse(batch: RecordBatch, input: ParserInput): number {
    const behind = behindLines(input);
    const limit = Math.min(behind, input.startsBefore);
    if (limit <= input.start) return input.start;
    this.#input = input;
    if (this.#raw >= 0) this.#keepRaw(input, behind);
    const end = this.#takeLines(batch, input, limit);
    if (batch.rowCount > 0) this.#pointTo(batch, input, end);
    return Math.min(end, input.filled);
  }

  /** The kernel takes lines as far as it can, and the loop one where it cannot. */
  #takeLines(batch: RecordBatch, input: ParserInput, limit: number): number {
    const { bytes, start } = input;
    const plain = this.#plain?.canTake(bytes) === true ? this.#plain : undefined;
    this.#byKernelAlone = plain !== undefined;
    if (plain === undefined) return this.#loop(batch, bytes, start, limit, this.#bad, input, 0);
    const { strings } = this.#code;
    for (let end = start; ; ) {
      const stop = plain.take(batch, bytes, { from: end, limit, row: batch.rowCount, strings });
      batch.rowCount = plain.rows;
      if (stop >= limit || batch.rowCount === batch.capacity) return stop;
      this.#byKernelAlone = false;
      // What is left of the batch, where it would stop again and again.
      const reach = plain.canTake(bytes) ? stop + 1 : limit;
      plain.stopped();
      end = this.#loop(batch, bytes, stop, reach, this.#bad, input, batch.rowCount);
      if (end === stop || end >= limit || batch.rowCount === batch.capacity) return end;
    }
  }

  readonly #bad = (start: number, reason: number): number => {
    const input = this.#input as ParserInput;
    const { bytes, origin } = input;
    const grammar = this.#grammar;
    const behind = grammar.recordEnd === undefined ? bytes.indexOf(lineFeed, start) + 1 : grammar.recordEnd(input, start);
    if (behind < 0) return start;
    const last = endOfText(bytes, behind);
    if (last > start && bytes[start] !== grammar.comment) {
      if (grammar.outgrows?.(bytes, start, last) === true) return start;
      const text = bytes.toString(this.#options.encoding, start, Math.min(last, start + shownBytes));
      const why = grammar.explain?.(bytes, start, last) ?? (this.#code.reasons[reason] as string);
      this.#options.onBad({ reason: why, offset: origin + start, text });
    }
    return behind;
  };

  /** Copies the lines that are complete, once for all batches that are made of them. */
  #keepRaw({ bytes, start, origin }: ParserInput, behind: number): void {
    if (origin + behind > this.#rawEnd) {
      if (this.#rawBytes.length < behind - start) this.#rawBytes = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(this.#rawBytes, 0, start, behind);
      this.#rawOrigin = origin + start;
      this.#rawEnd = origin + behind;
    }
    this.#rawBase = origin + start - this.#rawOrigin;
  }

  /** Hands out the strings where they lie. */
  #pointTo(batch: RecordBatch, input: ParserInput, end: number): void {
    const { strings, chosen } = this.#code;
    for (const [i, each] of chosen.entries()) {
      if (each !== undefined) (batch.columns[i] as StringColumn).setIds(each.ids, 0, each.dictionary);
    }
    if (!this.#holdsText) return;
    const { bytes, start } = input;
    const isNumbered = this.#byKernelAlone && this.#isAllNumbered && this.#internAll(batch, bytes);
    // What equals a valid string is valid: it need not be looked at again.
    if (isNumbered && this.#stringCount === this.#validStrings) return;
    const run = bytes.subarray(start, end);
    const oneByteEach = this.#options.encoding === 'latin1' || isAscii(run);
    const valid = oneByteEach || isUtf8(run);
    if (!valid) this.#tellInvalid(run);
    if (isNumbered) this.#validStrings = valid && this.#validStrings >= 0 ? this.#stringCount : -1;
    if (isNumbered && valid) return;
    for (const [i, places] of strings.entries()) {
      if (places === undefined) continue;
      const column = batch.columns[i] as StringColumn;
      if (valid && this.#intern(i, batch, bytes)) continue;
      const from = i === this.#raw ? { bytes: this.#rawBytes, base: this.#rawBase } : { bytes, base: 0 };
      if (valid) point(column, places, from, !oneByteEach);
      else decode(column, places, from, batch.rowCount);
    }
  }

  /** How many strings the interners have. */
  get #stringCount(): number {
    return this.#interners.reduce((sum, interner) => sum + (interner?.dictionary.size ?? 0), 0);
  }

  #internAll(batch: RecordBatch, bytes: Buffer): boolean {
    return this.#interners.every((interner, i) => interner === undefined || this.#intern(i, batch, bytes));
  }

  /** Tells the strings of a column by their numbers, where they are few. */
  #intern(index: number, batch: RecordBatch, bytes: Buffer): boolean {
    const interner = this.#interners[index];
    if (interner === undefined) return false;
    const { offsets, validity, nulls } = this.#code.strings[index] as StringPlaces;
    const rows = { bytes, view: this.#views.of(bytes), offsets, validity: nulls > 0 ? validity : null, rows: batch.rowCount };
    if (!interner.take(rows)) return false;
    (batch.columns[index] as StringColumn).setIds(interner.ids, 0, interner.dictionary);
    return true;
  }

  #tellInvalid(run: Buffer): void {
    if (this.#invalidSeen) return;
    this.#invalidSeen = true;
    const { origin, start } = this.#input as ParserInput;
    this.#options.onInvalid(origin + start + firstInvalidByte(run));
  }
}

/** Memory for kernels that take so many bytes, and for the input beside them. */
function kernelMemory(bytes: number): KernelMemory | undefined {
  return bytes === 0 ? undefined : createKernelMemory(inputBytesMax + bytes);
}

function internerOf({ batchRows, encoding }: ParserOptions, memory: KernelMemory | undefined): Interner {
  const utf8 = encoding !== 'latin1';
  return memory === undefined ? new StringInterner(batchRows, utf8) : new KernelInterner(memory, batchRows, utf8);
}

/** The offset behind the last line that is complete. */
export function behindLines(input: ParserInput): number {
  const { bytes, start, filled } = input;
  if (input.ended) return start < filled && bytes[filled - 1] !== lineFeed ? filled + 1 : filled;
  const from = Math.max(start, input.searched);
  const at = bytes.subarray(from, filled).lastIndexOf(lineFeed);
  if (at < 0) input.searched = filled;
  return at < 0 ? start : from + at + 1;
}

/** Where the text of a line ends whose line feed is the byte before `behind`. */
function endOfText(bytes: Buffer, behind: number): number {
  return bytes[behind - 2] === carriageReturn ? behind - 2 : behind - 1;
}

/** Bytes, and where in them the offsets of strings begin. */
interface Text {
  readonly bytes: Buffer;
  readonly base: number;
}

function point(column: StringColumn, { offsets, validity, nulls }: StringPlaces, { bytes, base }: Text, utf8: boolean): void {
  column.setBytes({
    offsets,
    base: 0,
    stride: 2,
    bytes,
    bytesBase: base,
    wide: false,
    utf8,
    gap: 0,
    validity: nulls > 0 ? validity : null,
    validityBase: 0,
  });
}

/** A string for each row, U+FFFD where its bytes are no UTF-8. */
function decode(column: StringColumn, { offsets, validity }: StringPlaces, { bytes, base }: Text, rows: number): void {
  column.form = 'references';
  for (let row = 0; row < rows; row++) {
    const isNull = validity !== null && validity[row] === 0;
    column.set(row, isNull ? null : bytes.utf8Slice(base + (offsets[row * 2] as number), base + (offsets[row * 2 + 1] as number)));
  }
}
