/**
 * Strings that many batches share: a column of them is one of numbers. Entries are only ever added.
 *
 * What came as bytes stays bytes until somebody asks for a JavaScript string: most keys are only ever hashed, compared and copied.
 *
 * @hotpath
 */

import { fold, hashString, mix, scramble, tailMasks } from '../base/hash.ts';
import { nonAsciiBits } from './byte-words.ts';

/** Strings that there is room for at first, and bytes. */
const initialStrings = 64;
const initialBytes = 1 << 10;
/** Bytes that are written behind a string, and are then those of the next one. */
const slackBytes = 4;

export class StringDictionary {
  /** By id; longer than there are strings. */
  hashes = new Int32Array(initialStrings);
  /** Latin-1. */
  bytes: Buffer = Buffer.allocUnsafeSlow(initialBytes);
  #view = new DataView(this.bytes.buffer);
  /** By id: where in `bytes` a string begins, and with the next one's where it ends. Those that came as JavaScript strings have none there. */
  starts = new Int32Array(initialStrings + 1);
  /** By id; undefined for what nobody has asked for. */
  readonly #strings: (string | undefined)[] = [];

  /** How many strings there are: ids are from 0 to one less. */
  get size(): number {
    return this.#strings.length;
  }

  /** Adds a string, which there must not be yet, and returns its id: the next number. */
  add(value: string): number {
    const id = this.#take(value);
    this.hashes[id] = hashString(value);
    this.starts[id + 1] = this.starts[id] as number;
    return id;
  }

  /**
   * Adds the string of `bytes[start, end)`, behind which three more can be read.
   *
   * @param view of `bytes`
   * @param utf8 whether they are valid UTF-8; otherwise they are Latin-1
   */
  addBytes(bytes: Buffer, view: DataView, start: number, end: number, utf8: boolean): number {
    const length = end - start;
    const from = this.starts[this.size] as number;
    if (from + length + slackBytes > this.bytes.length) this.#grow(from + length + slackBytes);
    const to = this.#view;
    const behind = from - start;
    let hash = 0;
    let all = 0;
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const word = view.getInt32(i, true);
      all |= word;
      hash = fold(hash, word);
      to.setInt32(i + behind, word, true);
    }
    if (i < end) {
      const word = view.getInt32(i, true) & (tailMasks[end - i] as number);
      all |= word;
      hash ^= scramble(word);
      to.setInt32(i + behind, word, true);
    }
    if (utf8 && (all & nonAsciiBits) !== 0) return this.add(bytes.utf8Slice(start, end));
    const id = this.#take(undefined);
    this.hashes[id] = mix(hash ^ length);
    this.starts[id + 1] = from + length;
    return id;
  }

  /** Whether a string is in `bytes`; of the others, it is only known as a JavaScript string. */
  hasBytes(id: number): boolean {
    return this.starts[id + 1] !== this.starts[id];
  }

  /** The string with an id. */
  at(id: number): string {
    const known = this.#strings[id];
    if (known !== undefined) return known;
    const string = this.bytes.latin1Slice(this.starts[id], this.starts[id + 1]);
    this.#strings[id] = string;
    return string;
  }

  /** The strings from one id to before another one. */
  slice(from: number, to = this.size): string[] {
    return Array.from({ length: to - from }, (_, i) => this.at(from + i));
  }

  #take(value: string | undefined): number {
    const id = this.#strings.push(value) - 1;
    if (id === this.hashes.length) {
      this.hashes = grown(this.hashes, id * 2);
      this.starts = grown(this.starts, id * 2 + 1);
    }
    return id;
  }

  #grow(needed: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

function grown(numbers: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length);
  longer.set(numbers);
  return longer;
}
