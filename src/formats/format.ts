/** What a format is to those who read it. */

import type { RecordType } from '../schema/type.ts';
import type { ParserOptions, RecordParser } from './parser.ts';
import { lineType, TextParser } from './text-parser.ts';

declare const recordOf: unique symbol;

/** What the bytes of an input mean: `formats.combinedLog()`, `formats.json({ … })`. Its records are of the type `T`. */
export interface Format<T> {
  readonly name: string;
  /** The type of whole records. */
  readonly type: RecordType;
  /** What makes it another format than others of its name, as plain data. */
  readonly details?: Readonly<Record<string, unknown>>;
  /**
   * Whether a line of the input may be read without those before it, so that a file can be divided. Where it is false, a file is read as a
   * whole.
   */
  readonly divisible: boolean;
  /**
   * Where it is complete only when its input was looked at: the format of an input that begins like this.
   *
   * @param of what the sample is of, for errors
   * @internal
   */
  resolve?(sample: { readonly bytes: Buffer; readonly ended: boolean }, of: string): Format<T>;
  /** @internal */
  createParser(options: ParserOptions): RecordParser;
  readonly [recordOf]?: T;
}

/** The type of the records of a format. */
export type RecordOf<F> = F extends Format<infer T> ? T : never;

/** Lines as strings. */
export function text(): Format<string> {
  return { name: 'text', type: lineType, divisible: true, createParser: (options) => new TextParser(options) };
}
