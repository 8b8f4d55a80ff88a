/**
 * Memory for records with their times, by place: numbers side by side in one typed array, whatever else they have in one plain
 * array. The collector of garbage has nothing to do with numbers, and a record is a JavaScript object only where somebody wants it
 * to be.
 *
 *     numbers   time  a  b │ time  a  b │ …       the fields that are numbers, behind the time
 *     values         c     │      c     │ …       the others
 *
 * @hotpath
 */

import { localField, type Row } from '../../compiler/row.ts';
import type { LayoutField, RowLayout } from './row-layout.ts';

/** Room for so many records at first. */
const initialCapacity = 256;

export class RowStore {
  readonly layout: RowLayout;
  /** Elements of `numbers` and of `values` that a record takes. */
  readonly numberWidth: number;
  readonly valueWidth: number;
  numbers: Float64Array;
  values: unknown[] = [];
  #capacity: number;
  /** By field: where it is among the numbers or the values of a record. */
  readonly #offsets: readonly number[];

  constructor(layout: RowLayout, capacity = initialCapacity) {
    this.layout = layout;
    let [numbers, values] = [1, 0];
    this.#offsets = layout.fields.map(({ isNumber }) => (isNumber ? numbers++ : values++));
    this.numberWidth = numbers;
    this.valueWidth = values;
    this.#capacity = capacity;
    this.numbers = new Float64Array(capacity * this.numberWidth);
    this.#fillValues();
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room for places below `capacity`, and some more. */
  grow(capacity: number): void {
    this.#capacity = Math.max(capacity, this.#capacity * 2);
    const numbers = new Float64Array(this.#capacity * this.numberWidth);
    numbers.set(this.numbers);
    this.numbers = numbers;
    this.#fillValues();
  }

  /** One by one, for V8 makes a table of an array that begins with many elements. */
  #fillValues(): void {
    const length = this.#capacity * this.valueWidth;
    while (this.values.length < length) this.values.push(undefined);
  }

  move(from: number, to: number): void {
    const { numbers, values, numberWidth, valueWidth } = this;
    for (let i = 0; i < numberWidth; i++) numbers[to * numberWidth + i] = numbers[from * numberWidth + i] as number;
    for (let i = 0; i < valueWidth; i++) values[to * valueWidth + i] = values[from * valueWidth + i];
  }

  /** Keeps nothing alive any more of what was at a place. */
  forget(place: number): void {
    const { values, valueWidth } = this;
    for (let i = 0; i < valueWidth; i++) values[place * valueWidth + i] = undefined;
  }

  time(place: number): number {
    return this.numbers[place * this.numberWidth] as number;
  }

  setTime(place: number, time: number): void {
    this.numbers[place * this.numberWidth] = time;
  }

  /** The record at a place, a new one where it has fields. */
  record(place: number): unknown {
    const { form, fields } = this.layout;
    const read = fields.map((_, i) => this.#read(place, i));
    if (form === 'unknown' || form === 'scalar') return read[0];
    return form === 'tuple' ? read : Object.fromEntries(fields.map(({ name }, i) => [name, read[i]]));
  }

  /** Puts a record that the layout takes at a place. */
  put(place: number, record: unknown): void {
    const { form, fields } = this.layout;
    const isWhole = form === 'unknown' || form === 'scalar';
    for (let i = 0; i < fields.length; i++)
      this.#write(place, i, isWhole ? record : (record as Record<string, unknown>)[(fields[i] as LayoutField).name]);
  }

  #read(place: number, field: number): unknown {
    const offset = this.#offsets[field] as number;
    return this.layout.fields[field]?.isNumber === true
      ? this.numbers[place * this.numberWidth + offset]
      : this.values[place * this.valueWidth + offset];
  }

  #write(place: number, field: number, value: unknown): void {
    const offset = this.#offsets[field] as number;
    if (this.layout.fields[field]?.isNumber === true) this.numbers[place * this.numberWidth + offset] = value as number;
    else this.values[place * this.valueWidth + offset] = value;
  }

  /** The record as generated code reads and writes it: its fields are expressions that can be assigned to. `store` and `place` are expressions. */
  row(store: string, place: string): Row {
    const { form, fields } = this.layout;
    const numberAt = (offset: number): string => `${store}.numbers[${place} * ${this.numberWidth} + ${offset}]`;
    const valueAt = (offset: number): string => `${store}.values[${place} * ${this.valueWidth} + ${offset}]`;
    const row = { timestamp: numberAt(0), key: undefined };
    if (form === 'unknown') return { ...row, form, fields: [], value: valueAt(0) };
    const named = fields.map(({ name, isNumber }, i) =>
      isNumber ? localField(name, numberAt(this.#offsets[i] as number), 'float64') : localField(name, valueAt(this.#offsets[i] as number)),
    );
    return { ...row, form, fields: named, value: undefined };
  }
}
