/** What a format is to those who read it. */

import { checkOptions, type OptionRules, objectLike, optional } from '../base/options.ts';
import type { RecordType } from '../schema/type.ts';
import { type MultilineOptions, MultilineParser, multilineOf } from './multiline-parser.ts';
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
   * Whether records are objects of whatever fields: a parser can be asked for any names, and gives undefined where a record has no such field.
   *
   * @internal
   */
  readonly hasAnyFields?: boolean;
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

export interface TextOptions {
  /** Which lines belong together, where a record may have several; by default each is a record. */
  readonly multiline?: MultilineOptions | undefined;
}

const textRules: OptionRules<TextOptions> = { multiline: optional(objectLike({ continuation: /^\s/ })) };

/**
 * Lines as strings. With `multiline` lines that belong together are one: `{}` joins lines that begin with white space to the one before.
 *
 * @throws MillraceError INVALID_OPTION
 * @example formats.text({ multiline: { start: /^\d{4}-/ } })
 */
export function text(options: TextOptions = {}): Format<string> {
  const { multiline: given } = checkOptions<TextOptions>(options, textRules, 'formats.text');
  if (given === undefined) return { name: 'text', type: lineType, divisible: true, createParser: (of) => new TextParser(of) };
  const multiline = multilineOf(given, 'formats.text: multiline');
  const { continuation, start, maxLines } = given;
  return {
    name: 'text',
    type: lineType,
    // Where the number of lines ends a record, only who has counted them knows where the next one begins.
    divisible: maxLines === undefined,
    details: { multiline: { continuation: continuation?.toString(), start: start?.toString(), maxLines } },
    createParser: (of) => new MultilineParser(multiline, of),
  };
}
