/**
 * How bytes become records: a parser fills batches from a run of bytes that somebody else holds. Parsers know nothing of files and
 * sockets; whoever reads those knows nothing of what their bytes mean.
 */

import type { RecordBatch } from '../batch/record-batch.ts';
import type { MembersRead } from '../graph/source.ts';
import type { RecordType } from '../schema/type.ts';

/** How text is stored. In `latin1` every byte is the character with its number. */
export type TextEncoding = 'utf8' | 'latin1';

/** The bytes that a parser takes records from. Offsets are places in `bytes`. */
export interface ParserInput {
  readonly bytes: Buffer;
  /** A record begins here: the first byte that was not taken. */
  readonly start: number;
  /** Behind the last byte. The parser's delimiter stands there, although it does not belong to the input. */
  readonly filled: number;
  /** Records that begin here or behind are not to be taken. */
  readonly startsBefore: number;
  /** Whether nothing follows: what is left is the last record, delimited or not. */
  readonly ended: boolean;
  /** Offset in the whole input of the first of `bytes`. */
  readonly origin: number;
  /** The parser's own note, 0 at first: no record ends before. It keeps a long record from being searched with every read. */
  searched: number;
}

export interface RecordParser {
  /** Of the batches that it fills: of the next one, where `parse` may give them another. */
  readonly type: RecordType;
  /** What ends a record. */
  readonly delimiter: Buffer;
  /**
   * Fills an empty batch with the next records, and says where the last of them ends: `start` when there is no record, or none that is
   * complete. The batch may point into the bytes, and the parser may change those of the records that it took.
   */
  parse(batch: RecordBatch, input: ParserInput): number;
  /**
   * Begins with another input, or at another place of one.
   *
   * @param atStart whether the input's first byte comes next
   * @param head the head of the input, where it was read before
   */
  begin?(atStart: boolean, head?: string): void;
  /** Text at the front of the input without which its records cannot be read, such as a header, once it was read. */
  readonly head?: string | undefined;
  /** Reads the head, and says where it ends: `start` while it is not complete. Where an input has a head, `begin` wants it. */
  readonly readHead?: ((input: ParserInput) => number) | undefined;
  /**
   * Where a record may have several lines, of which each tells whether it continues one: passes over those at the front of the input that do,
   * and says where it got to, and whether a record begins there for sure.
   */
  skipContinuations?(input: ParserInput): { readonly at: number; readonly isRecord: boolean };
  /** Memory into which input is best read, undefined where it does not matter: for one input at a time. */
  inputMemory?(length: number): Buffer | undefined;
  /** Milliseconds of silence after which the last record of an input that may go on is complete; absent where its delimiter says so. */
  readonly completeAfterMs?: number | undefined;
  /** Finds records in the midst of an input; absent where a record begins behind every delimiter. */
  readonly starts?: RecordStarts | undefined;
}

/**
 * Finds where records begin, for formats of which a record may hold the delimiter. It goes through an input from its beginning, or from a
 * place of which `guess` could tell what it is.
 */
export interface RecordStarts {
  /** What is known at the place it has got to, to begin there again. */
  readonly state: number;
  /** Goes to the beginning of an input, or to a place with a known state. */
  begin(state?: number): void;
  /**
   * Goes to a place in the midst of an input, by what stands around it.
   *
   * @param at the place in the bytes
   * @param ended whether nothing follows behind the bytes
   * @returns false where the bytes do not tell
   */
  guess(bytes: Buffer, at: number, ended: boolean): boolean;
  /** Passes over bytes. */
  pass(bytes: Buffer): void;
  /** Passes over bytes up to the next beginning of a record, and returns its offset, which may be their end; −1 when there is none. */
  next(bytes: Buffer): number;
}

/** A record that is not what its format says. */
export interface BadRecord {
  /** What is wrong with it, the same for all records with which the same is wrong. */
  readonly reason: string;
  /** Offset of its first byte in the whole input. */
  readonly offset: number;
  /** The beginning of its text. */
  readonly text: string;
  /** Whether nothing of the input can be read because of it. */
  readonly fatal?: boolean;
}

export interface ParserOptions {
  /** Rows of a batch. */
  readonly batchRows: number;
  /** The fields that are asked for, in any order; all when undefined. */
  readonly fields: readonly string[] | undefined;
  /** Those of them that records are grouped by: it helps whoever groups them if equal strings are told apart from others once. */
  readonly keys?: readonly string[] | undefined;
  /** What is read of the values of the fields, of a format that has any; all where absent. */
  readonly members?: MembersRead | undefined;
  readonly encoding: TextEncoding;
  /** Told of the first byte that is not valid UTF-8, by its offset in the input; such bytes become U+FFFD. */
  readonly onInvalid: (offset: number) => void;
  /** Told of records that are left out; may throw. */
  readonly onBad: (record: BadRecord) => void;
  /** Epoch milliseconds, for times that do not say their year. */
  readonly now?: () => number;
}
