/**
 * Columns of a batch. A column is filled row by row by one subtask, then read by another; it never changes in between.
 * Its arrays are either its own, or views of the ring in which its frame lies.
 * @hotpath
 */

import type { ColumnType } from '../schema/type.ts';
import { AnyColumn } from './any-column.ts';
import { StringColumn } from './string-column.ts';

export type FixedValues = Float64Array | Int32Array | BigInt64Array | Uint8Array;

/**
 * Numbers, booleans and times: one element of a typed array a row, row 0 at index 0, wherever they lie: loops and aggregators have
 * one form. In a frame the array is made when somebody first asks for it.
 */
export class FixedColumn {
  readonly kind = 'fixed';
  readonly #create: FixedArray;
  #values: FixedValues | null;
  #validity: Uint8Array | null;
  /** Where the column lies in a frame, until its arrays are made. */
  #frame: FixedFrame | null = null;

  constructor(create: FixedArray, values: FixedValues | null, validity: Uint8Array | null) {
    this.#create = create;
    this.#values = values;
    this.#validity = validity;
  }

  /** Makes this the column that lies in a frame. */
  setFrame(frame: FixedFrame): void {
    this.#frame = frame;
    this.#values = null;
    this.#validity = null;
  }

  /** The values of the rows; whatever stands where there is null. */
  values(rows: number): FixedValues {
    if (this.#values === null) {
      const { buffer, valuesOffset } = this.#frame as FixedFrame;
      this.#values = new this.#create(buffer as ArrayBuffer, valuesOffset, rows);
    }
    return this.#values;
  }

  /** 1 where there is a value, 0 where there is null; null when no row is null. */
  validity(rows: number): Uint8Array | null {
    const frame = this.#frame;
    if (this.#validity === null && frame !== null && frame.validityOffset !== 0) {
      this.#validity = new Uint8Array(frame.buffer as ArrayBuffer, frame.validityOffset, rows);
    }
    return this.#validity;
  }
}

/** Where a fixed column lies in shared memory, in bytes; `validityOffset` 0 for none. */
export interface FixedFrame {
  readonly buffer: ArrayBufferLike;
  readonly valuesOffset: number;
  readonly validityOffset: number;
}

export type FixedArray = Float64ArrayConstructor | Int32ArrayConstructor | BigInt64ArrayConstructor | Uint8ArrayConstructor;

/** A column in which every row is null: it has no memory at all. */
export class NullColumn {
  readonly kind = 'null';
}

export type Column = FixedColumn | StringColumn | AnyColumn | NullColumn;

/** An empty column with room for `capacity` rows; a fixed one writes into `values` where it is given. */
export function createColumn(type: ColumnType, capacity: number, values?: FixedValues): Column {
  switch (type.kind) {
    case 'string':
      return new StringColumn(capacity);
    case 'any':
      return new AnyColumn(capacity);
    case 'null':
      return new NullColumn();
    default: {
      const create = fixedArrays[type.kind];
      return new FixedColumn(create, values ?? new create(capacity), type.nullable ? new Uint8Array(capacity) : null);
    }
  }
}

/** The typed array that holds each kind of value. */
const fixedArrays = {
  float64: Float64Array,
  timestamp: Float64Array,
  int32: Int32Array,
  bigint64: BigInt64Array,
  bool: Uint8Array,
} as const;
