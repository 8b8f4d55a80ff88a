/** What the records of a sample show of a field. Pure. */

import type { FieldKind } from './fields.ts';

type ValueKind = 'string' | 'float64' | 'bigint64' | 'bool' | 'any';

/** Digits that a float64 always gives back. */
const exactDigits = 15;
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const isoTime = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;
const httpTime = /^\[?\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]?$/;

/** Objects in objects are looked into so far; nobody asks for more, and somebody may send it. */
const levelsMax = 16;

export class SeenField {
  readonly #isJson: boolean;
  readonly #level: number;
  readonly #members = new Map<string, SeenField>();
  #kind: ValueKind | undefined;
  #values = 0;
  #objects = 0;
  #arrays = 0;
  #areWhole = true;
  /** Values that are times, by what they are. */
  readonly #times = { time: 0, seconds: 0, millis: 0 };

  /**
   * @param isJson whether values have kinds of their own; otherwise they are texts, and true for what has none
   * @param level how many objects it lies in
   */
  constructor(isJson: boolean, level = 0) {
    this.#isJson = isJson;
    this.#level = level;
  }

  /** The fields of records, in the order in which they come up. */
  static of(records: readonly object[], isJson: boolean): ReadonlyMap<string, SeenField> {
    const fields = new Map<string, SeenField>();
    for (const record of records) seeMembers(record, fields, () => new SeenField(isJson));
    return fields;
  }

  /** What is in those values that are objects, in the order in which it comes up. */
  get members(): ReadonlyMap<string, SeenField> {
    return this.#members;
  }

  /** Knows better than the values what holds them. */
  holding(type: ValueKind): this {
    this.#kind = type;
    return this;
  }

  /** The type that holds all values, as `t` names it. */
  get type(): ValueKind {
    return this.#kind ?? (this.#isJson ? 'any' : 'string');
  }

  get kind(): FieldKind {
    const { type } = this;
    if (this.#kind === undefined && this.#isJson) return 'null';
    if (type === 'any') return this.#only(this.#objects) ? 'object' : this.#only(this.#arrays) ? 'array' : 'any';
    return type === 'float64' ? 'number' : type === 'bigint64' ? 'bigint' : type;
  }

  /** How the values tell a time; undefined where they do not. */
  get timeKind(): 'time' | 'seconds' | 'millis' | undefined {
    const { time, seconds, millis } = this.#times;
    if (this.#only(time)) return 'time';
    if (this.type !== 'float64') return undefined;
    if (this.#only(seconds)) return 'seconds';
    return this.#only(millis) ? 'millis' : undefined;
  }

  /** Whether so many values are all that there are. */
  #only(count: number): boolean {
    return count > 0 && count === this.#values;
  }

  see(value: unknown): void {
    const kind = this.#isJson ? kindOfValue(value) : kindOfText(value);
    if (kind === undefined) return;
    this.#values++;
    this.#areWhole &&= Number.isInteger(value);
    if (kind === 'any') this.#seeInside(value as object);
    if (typeof value === 'string' && (isoTime.test(value) || (!this.#isJson && httpTime.test(value)))) this.#times.time++;
    // Between the years 2001 and 2286: other numbers are rarely times.
    const number = kind === 'float64' ? Number(value) : 0;
    if (number >= 1e9 && number < 1e10) this.#times.seconds++;
    if (number >= 1e12 && number < 1e13) this.#times.millis++;
    this.#kind = this.#together(kind);
  }

  #seeInside(value: object): void {
    if (Array.isArray(value)) this.#arrays++;
    else if (this.#level < levelsMax) {
      this.#objects++;
      seeMembers(value, this.#members, () => new SeenField(this.#isJson, this.#level + 1));
    }
  }

  /** The kind that takes what was seen so far, and another value. */
  #together(kind: ValueKind): ValueKind {
    const seen = this.#kind ?? kind;
    if (seen === kind) return kind;
    const isNumber = (each: ValueKind): boolean => each === 'float64' || each === 'bigint64';
    if (isNumber(seen) && isNumber(kind)) return !this.#isJson ? 'string' : this.#areWhole ? 'bigint64' : 'float64';
    return this.#isJson ? 'any' : 'string';
  }
}

function seeMembers(value: object, fields: Map<string, SeenField>, create: () => SeenField): void {
  for (const [name, each] of Object.entries(value)) {
    const field = fields.get(name) ?? create();
    fields.set(name, field);
    field.see(each);
  }
}

/** A whole number that a float64 may not hold is a bigint of 64 bits. */
function kindOfValue(value: unknown): ValueKind | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || !Number.isInteger(value) || Math.abs(value) >= 2 ** 63 ? 'float64' : 'bigint64';
  return typeof value === 'boolean' ? 'bool' : 'any';
}

function kindOfText(value: unknown): ValueKind | undefined {
  if (value === true || value === false) return 'bool';
  if (typeof value === 'number') return 'float64';
  if (typeof value !== 'string' || value === '' || value === '-') return undefined;
  return plainNumber.test(value) && value.replace(/\D/g, '').length <= exactDigits ? 'float64' : 'string';
}
