/**
 * Where the first record begins of a range in the midst of a file, for formats of which not every line is a record of its own: the file's
 * head is read, and what stands around tells whether the range begins within quotes. Where that does not tell, the file is gone
 * through from its beginning: once for all ranges that a reader is given, since these mostly come in order.
 */

import { MillraceError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { ReadableFile } from '../../base/system.ts';
import type { ParserInput, RecordParser, RecordStarts } from '../../formats/parser.ts';
import { readBlock } from './file-records.ts';
import type { FileSplit } from './file-split.ts';

/** Bytes on both sides of the beginning of a range that are looked at: some hundred lines, and a small share of a split. */
const lookBytes = 64 * 1024;
const byteOrderMarkBytes = 3;
/** Bytes of a file in which its head is looked for at first. */
const headBytes = 4096;

export interface RecordStartOptions {
  readonly parser: RecordParser;
  readonly byteOrderMark: boolean;
  readonly limits: Pick<Limits, 'readBytes' | 'lineBytes'>;
  /** Bytes that are looked at on both sides; for tests. */
  readonly lookBytes?: number;
}

/** A place in a file up to which it was gone through. */
interface KnownPlace {
  readonly path: string;
  readonly identity: string;
  readonly offset: number;
  readonly state: number;
}

export class RecordStartFinder {
  readonly #options: RecordStartOptions;
  readonly #lookBytes: number;
  #known: KnownPlace | undefined;

  constructor(options: RecordStartOptions) {
    this.#options = options;
    this.#lookBytes = options.lookBytes ?? lookBytes;
  }

  /** The split with the file's head, and beginning where a record does, as far as the format wants that; otherwise as it is. */
  settle(split: FileSplit, file: ReadableFile): FileSplit {
    if (split.start === 0) return split;
    const { parser } = this.#options;
    const headed = this.#withHead(split, file);
    if (parser.starts === undefined || headed.atRecord === true) return headed;
    parser.begin?.(false, headed.head);
    return { ...headed, start: this.#find(headed, file, parser.starts), atRecord: true };
  }

  #withHead(split: FileSplit, file: ReadableFile): FileSplit {
    const { parser, limits } = this.#options;
    if (parser.readHead === undefined || split.head !== undefined) return split;
    for (let length = headBytes; length <= limits.lineBytes * 2; length *= 2) {
      const input = this.#front(file, split.path, length);
      parser.begin?.(true);
      parser.readHead(input);
      if (parser.head !== undefined) return { ...split, head: parser.head };
      if (input.ended) return split;
    }
    throw new MillraceError('MALFORMED_RECORD', `'${split.path}': its first line is longer than ${limits.lineBytes} bytes; is this text?`);
  }

  #front(file: ReadableFile, path: string, length: number): ParserInput {
    const bytes = Buffer.alloc(length + this.#options.parser.delimiter.length);
    const filled = readFully(file, path, bytes.subarray(0, length), 0);
    bytes.set(this.#options.parser.delimiter, filled);
    const start = this.#markBytes(bytes.subarray(0, filled));
    return { bytes, start, filled, startsBefore: Number.POSITIVE_INFINITY, ended: filled < length, origin: 0, searched: 0 };
  }

  #markBytes(front: Buffer): number {
    const marked = this.#options.byteOrderMark && front[0] === 0xef && front[1] === 0xbb && front[2] === 0xbf;
    return marked ? byteOrderMarkBytes : 0;
  }

  /** The first record that begins behind the byte in front of the range: an end of one there says that one begins with the range. */
  #find(split: FileSplit, file: ReadableFile, starts: RecordStarts): number {
    const { path, end } = split;
    let position = split.start - 1;
    if (!this.#lookAround(split, file, starts)) this.#goThrough(split, file, starts);
    const block = Buffer.allocUnsafe(this.#options.limits.readBytes);
    while (position < end) {
      const filled = readFully(file, path, block, position);
      const at = starts.next(block.subarray(0, filled));
      if (at >= 0) return position + at;
      if (filled === 0) break;
      position += filled;
    }
    return Math.max(position, end);
  }

  /** Goes to the byte in front of the range, by what stands around it. */
  #lookAround({ path, start }: FileSplit, file: ReadableFile, starts: RecordStarts): boolean {
    const before = this.#lookBytes;
    const from = start - 1 - before;
    // What is so near to the beginning is gone through as fast.
    if (from <= byteOrderMarkBytes) return false;
    const block = Buffer.allocUnsafe(before * 2);
    const filled = readFully(file, path, block, from);
    return filled > before && starts.guess(block.subarray(0, filled), before, filled < block.length);
  }

  /** Goes through the file up to the byte in front of the range. */
  #goThrough(split: FileSplit, file: ReadableFile, starts: RecordStarts): void {
    const { path } = split;
    const target = split.start - 1;
    const block = Buffer.allocUnsafe(this.#options.limits.readBytes);
    let position = this.#resume(path, file.identity, target, starts);
    while (position < target) {
      const bytes = block.subarray(0, readFully(file, path, block.subarray(0, Math.min(block.length, target - position)), position));
      if (bytes.length === 0) break;
      starts.pass(position === 0 ? bytes.subarray(this.#markBytes(bytes)) : bytes);
      position += bytes.length;
    }
    this.#known = { path, identity: file.identity, offset: position, state: starts.state };
  }

  #resume(path: string, identity: string, target: number, starts: RecordStarts): number {
    const known = this.#known;
    const goesOn = known !== undefined && known.path === path && known.identity === identity && known.offset <= target;
    starts.begin(goesOn ? known.state : undefined);
    return goesOn ? known.offset : 0;
  }
}

/** Reads until the target is full, or the file at its end. */
function readFully(file: ReadableFile, path: string, target: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < target.length) {
    const read = readBlock(file, path, { target, offset: filled, length: target.length - filled, position: position + filled });
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
