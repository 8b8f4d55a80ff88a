/**
 * Takes lines apart that are fields with fixed text between them, in WebAssembly: two thirds of the time of the generated loop. It takes what
 * is plain, which most lines are; where it stops, that loop takes a line, and says what is wrong with it if something is.
 *
 * @hotpath
 */

import type { FixedColumn } from '../batch/column.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { KernelMemory, TakeLines } from '../batch/string-kernel.ts';
import type { StringPlaces } from './parser-code.ts';
import { powersOfTen } from './scan-code.ts';

/** A field of a line as the kernel knows it. */
export interface PlainField {
  /** Text up to what stands behind it, a decimal number, digits, a time, text in double quotes, a request, what is left of the line. */
  readonly kind: 'text' | 'number' | 'count' | 'time' | 'quoted' | 'request' | 'tail';
  /** The fields of records that it gives: three of a request, which are method, path and protocol; undefined for one that is passed over. */
  readonly names: readonly (string | undefined)[];
  /** The byte that stands for null by itself, and of a count for 0. */
  readonly nothing?: string | undefined;
  /** Bytes of a time, where all have as many. */
  readonly length?: number | undefined;
  /** Reads a time, NaN where it is none; or the number in what is left of the line, NaN where there is none. */
  read?(bytes: Buffer, start: number, end: number): number;
}

/** A field, and the text that stands behind it. A text at the beginning of a line has no field in front of it. */
export interface PlainStep {
  readonly field: PlainField | undefined;
  readonly text: string;
}

/** What lines look like that the kernel can take apart, up to the last field that is asked for. */
export interface PlainLine {
  readonly steps: readonly PlainStep[];
  /** Whether nothing stands behind them. */
  readonly isWhole: boolean;
}

/** Where what was found of a column lies. */
interface Found {
  readonly column: number;
  /** Where each text begins and ends, by row; undefined for digits, which the kernel reads on its way. */
  readonly offsets: Int32Array | undefined;
}

interface FoundText extends Found {
  readonly offsets: Int32Array;
  /** Of a field that may be null: 0 for those that are. */
  readonly validity: Uint8Array | undefined;
  /** The byte that stands for null; `noByte` for none. */
  readonly nothing: number;
}

interface FoundNumber extends Found {
  readonly values: Float64Array;
  /** Reads the texts of a column; undefined where the kernel does. */
  readonly read: PlainField['read'];
  /** Whether NaN stands for null, and not for a line that is out of the ordinary. */
  readonly isOptional: boolean;
}

const lineFeed = 10;
/** What a step is to the kernel; as in `assembly/lines.ts`. */
const kinds = { text: 0, fixed: 1, count: 2, quoted: 3, request: 4, rest: 5, restCount: 6, ended: 7 } as const;
const kindsOfFields = { ...kinds, number: kinds.text, time: kinds.text, tail: kinds.rest } as const;
const stepBytes = 64;
/** Bytes of the text behind a field. */
const textBytesMax = 8;
/** Bytes besides line feeds that the kernel looks for. */
const classMax = 3;
/** Places behind the last one that are written to. */
const slackEnds = 64;
/** Bytes behind the input that are read. */
const slackBytes = 128;
/** From so many stops on, the kernel must have taken so many rows for each: to stop and to go on costs what it saves by as many. */
const judgedStops = 64;
const rowsOfStopMin = 32;
/** Where a byte is told of, and there is none. */
const noByte = 256;

/** A step as the kernel has it. */
interface KernelStep {
  readonly kind: number;
  readonly text: string;
  readonly field: PlainField | undefined;
}

/** Whether the kernel can take lines of these steps apart. */
export function isPlain(line: PlainLine): boolean {
  const steps = stepsOf(line);
  const fits = line.steps.every((step) => !continues(step) && endsRequest(step) && (step.field?.nothing?.length ?? 1) === 1);
  return (
    fits && steps.length > 0 && steps.every(({ text }) => Buffer.byteLength(text) <= textBytesMax) && classOf(steps).length <= classMax
  );
}

function endsRequest({ field, text }: PlainStep): boolean {
  return field?.kind !== 'request' || text.startsWith('"');
}

/** Whether a text may be a part of the number that it stands behind. */
function continues({ field, text }: PlainStep): boolean {
  return (field?.kind === 'number' && /^[\d.]/.test(text)) || (field?.kind === 'count' && /^\d/.test(text));
}

/** The steps of the kernel: in front of the end of a line there may be a carriage return. */
function stepsOf({ steps }: PlainLine): KernelStep[] {
  return steps.flatMap(({ field, text }): KernelStep[] => {
    const kind = kindOf(field);
    const isLast = text.endsWith('\n');
    if (isLast && kind === kinds.text) return [{ kind: kinds.rest, text: '', field }];
    if (isLast && kind === kinds.count) return [{ kind: kinds.restCount, text: '', field }];
    const step = { kind, text: (kind === kinds.quoted ? '"' : '') + (isLast ? text.slice(0, -1) : text), field };
    return isLast ? [step, { kind: kinds.ended, text: '', field: undefined }] : [step];
  });
}

/** A text without a field in front of it ends one of no bytes. */
function kindOf(field: PlainField | undefined): number {
  return field === undefined || field.length !== undefined ? kinds.fixed : kindsOfFields[field.kind];
}

/** The steps for `separate`: text up to one and the same byte, and up to the end of the line; undefined where there are others. */
function separatedOf({ steps, isWhole }: PlainLine): KernelStep[] | undefined {
  const separated = steps.map(({ field, text }) => ({ kind: kindOf(field), text, field }));
  const areTexts = separated.every(({ kind, text }) => kind === kinds.text && Buffer.byteLength(text) === 1);
  return isWhole && areTexts && classOf(separated).length <= 1 ? separated : undefined;
}

/** The bytes that the kernel looks for besides line feeds. */
function classOf(steps: readonly KernelStep[]): number[] {
  const bytes = steps.flatMap(({ kind, text }) => {
    if (kind === kinds.request) return [...Buffer.from('"\\ ')];
    if (kind === kinds.quoted) return [...Buffer.from('"\\')];
    return kind === kinds.text || kind === kinds.count ? [...Buffer.from(text).subarray(0, 1)] : [];
  });
  return [...new Set(bytes)].filter((byte) => byte !== lineFeed);
}

/** Bytes of kernel memory that lines of such fields take. */
export function plainLineBytes({ steps }: PlainLine, rowsMax: number): number {
  const perField = rowsMax * (8 + 8 + 1) + 3 * 64;
  const fields = steps.reduce((sum, { field }) => sum + (field?.names.length ?? 0), 0);
  return fields * perField + (steps.length + 1) * stepBytes + (rowsMax + slackEnds) * 4 + powersOfTen.byteLength + slackBytes + 512;
}

export class PlainLines {
  /** How many rows there are behind the last call of `take`. */
  rows = 0;
  readonly #memory: KernelMemory;
  readonly #class: number;
  readonly #takeLines: TakeLines;
  readonly #steps: Buffer;
  /** Addresses of the ends of lines, by row. */
  readonly #ends: Int32Array;
  readonly #powers: Float64Array;
  readonly #texts: FoundText[] = [];
  readonly #numbers: FoundNumber[] = [];
  readonly #rowsMax: number;
  #rowsTaken = 0;
  #stops = 0;

  /**
   * @param memory with room for `plainLineBytes`
   * @param columnOf the index of the column of a field, −1 where nobody asks for it
   */
  constructor(
    memory: KernelMemory,
    line: PlainLine,
    { columnOf, isNullable, rowsMax }: { columnOf(name: string | undefined): number; isNullable(column: number): boolean; rowsMax: number },
  ) {
    this.#memory = memory;
    this.#rowsMax = rowsMax;
    const separated = separatedOf(line);
    const steps = separated ?? stepsOf(line);
    this.#takeLines = separated === undefined ? memory.kernel.lines : memory.kernel.separate;
    const [first = lineFeed, second = first, third = first] = classOf(steps);
    this.#class = first | (second << 8) | (third << 16);
    this.#powers = memory.allocateFloats(powersOfTen.length);
    this.#powers.set(powersOfTen);
    this.#ends = memory.allocateInts(rowsMax + slackEnds);
    this.#steps = memory.allocateBytes(steps.length * stepBytes);
    for (const [i, step] of steps.entries()) {
      const found = (step.field?.names ?? []).map((name) => this.#find(step.field as PlainField, columnOf(name), isNullable));
      describe(this.#steps.subarray(i * stepBytes), step, found);
    }
  }

  /** Makes room for what is found of a field, and says where that is; undefined where nobody asks for it. */
  #find({ kind, nothing, read }: PlainField, column: number, isNullable: (column: number) => boolean): FoundText | FoundNumber | undefined {
    if (column < 0) return undefined;
    const memory = this.#memory;
    const rowsMax = this.#rowsMax;
    if (kind === 'count' || kind === 'number' || read !== undefined) {
      const offsets = kind === 'count' ? undefined : memory.allocateInts(rowsMax * 2);
      const number: FoundNumber = { column, offsets, values: memory.allocateFloats(rowsMax), read, isOptional: kind === 'tail' };
      this.#numbers.push(number);
      return number;
    }
    const text: FoundText = {
      column,
      offsets: memory.allocateInts(rowsMax * 2),
      validity: isNullable(column) ? memory.allocateBytes(rowsMax) : undefined,
      nothing: byteOf(nothing),
    };
    this.#texts.push(text);
    return text;
  }

  /** Where the strings of a column lie; undefined for others. */
  placesOf(column: number): Pick<FoundText, 'offsets' | 'validity'> | undefined {
    return this.#texts.find((each) => each.column === column);
  }

  /** Whether it can take lines that lie in these bytes, and has been of use so far. */
  canTake(bytes: Buffer): boolean {
    const isOfUse = this.#stops < judgedStops || this.#rowsTaken >= this.#stops * rowsOfStopMin;
    return isOfUse && this.#memory.addressOf(bytes) >= 0;
  }

  /**
   * Puts lines that begin from `from` to before `limit` into a batch, from a row on, and says where it has got to. Every line has its line feed.
   * The places of strings are in `placesOf`, how many rows there are then is in `rows`.
   *
   * @param strings by column, told how many of them are null
   */
  take(
    batch: RecordBatch,
    bytes: Buffer,
    { from, limit, row, strings }: { from: number; limit: number; row: number; strings: readonly (StringPlaces | undefined)[] },
  ): number {
    const { kernel } = this.#memory;
    const address = bytes.byteOffset;
    const steps = this.#steps.byteOffset;
    const stepsEnd = steps + this.#steps.length;
    const rowsMax = Math.min(batch.capacity, this.#rowsMax);
    const ends = this.#ends.byteOffset;
    let rows = this.#takeLines(address, from, limit, row, rowsMax, steps, stepsEnd, this.#class, ends);
    for (const number of this.#numbers) rows = this.#read(number, bytes, row, rows);
    this.rows = rows;
    if (rows === row) return from;
    this.#rowsTaken += rows - row;
    for (const { column, values, isOptional } of this.#numbers) {
      put(batch, column, { values, row, rows });
      if (isOptional) putValidity(batch, column, { values, row, rows });
    }
    for (const { column, offsets, validity, nothing } of this.#texts) {
      if (validity === undefined) continue;
      const places = strings[column] as StringPlaces;
      const before = row === 0 ? 0 : places.nulls;
      places.nulls = before + kernel.nulls(address, offsets.byteOffset, row, rows, validity.byteOffset, nothing);
    }
    return (this.#ends[rows - 1] as number) + 1 - address;
  }

  /** Reads the numbers of rows, up to the first that is out of the ordinary. */
  #read({ offsets, values, read, isOptional }: FoundNumber, bytes: Buffer, row: number, rows: number): number {
    if (offsets === undefined) return rows;
    if (read === undefined) {
      const [from, to] = [offsets.byteOffset + row * 8, values.byteOffset + row * 8];
      return row + this.#memory.kernel.numbers(bytes.byteOffset, from, rows - row, to, this.#powers.byteOffset);
    }
    for (let i = row; i < rows; i++) {
      const value = read(bytes, offsets[i * 2] as number, offsets[i * 2 + 1] as number);
      if (Number.isNaN(value) && !isOptional) return i;
      values[i] = value;
    }
    return rows;
  }

  /** Told that a line had to be taken by the loop. */
  stopped(): void {
    this.#stops++;
  }
}

interface Values {
  readonly values: Float64Array;
  readonly row: number;
  readonly rows: number;
}

function put(batch: RecordBatch, column: number, { values, row, rows }: Values): void {
  const target = (batch.columns[column] as FixedColumn).values(batch.capacity) as Float64Array;
  target.set(rows - row === values.length ? values : values.subarray(row, rows), row);
}

function putValidity(batch: RecordBatch, column: number, { values, row, rows }: Values): void {
  const validity = (batch.columns[column] as FixedColumn).validity(batch.capacity) as Uint8Array;
  for (let i = row; i < rows; i++) validity[i] = Number.isNaN(values[i]) ? 0 : 1;
}

/** The byte that a character is told by; `noByte` for none. */
function byteOf(character: string | undefined): number {
  return character?.charCodeAt(0) ?? noByte;
}

/** Writes the description of a step; see `Step` in `assembly/lines.ts`. */
function describe(target: Buffer, { kind, text, field }: KernelStep, found: readonly (FoundText | FoundNumber | undefined)[]): void {
  const words = new DataView(target.buffer, target.byteOffset, stepBytes);
  const bytes = Buffer.from(text);
  words.setUint32(0, kind, true);
  words.setUint32(4, field?.length ?? 0, true);
  words.setUint32(8, bytes.length, true);
  words.setUint32(12, byteOf(field?.nothing), true);
  for (const [i, byte] of bytes.entries()) {
    target[16 + i] = byte;
    target[24 + i] = 0xff;
  }
  const [method, path, protocol] = kind === kinds.request ? found : [undefined, found[0], undefined];
  for (const [i, each] of [path, method, protocol].entries()) words.setUint32(32 + i * 4, each?.offsets?.byteOffset ?? 0, true);
  // Numbers whose texts nobody wants are read on the way.
  if (path !== undefined && 'values' in path && path.offsets === undefined) words.setUint32(44, path.values.byteOffset, true);
}
