/**
 * Lines at the bottom of a terminal that are drawn anew in place. What the process writes to the terminal elsewhere appears above them:
 * they are erased before and drawn again behind. A status line below them (`../status-line.ts`) was there first.
 */

import type { Stream } from '../status-line.ts';

export class LiveArea {
  readonly #terminal: Stream;
  readonly #other: Stream;
  #lines: readonly string[] = [];
  /** The other stream's `write` before and since it steps aside; undefined while nothing was shown. */
  #patched: { readonly before: Stream['write']; readonly own: Stream['write'] } | undefined;

  /** @param other a stream that may lead to the same terminal */
  constructor(terminal: Stream, other: Stream) {
    this.#terminal = terminal;
    this.#other = other;
  }

  show(lines: readonly string[]): void {
    this.#stepAside();
    const erase = this.#eraseText();
    this.#lines = lines;
    this.#terminal.write(`${erase}${this.#text()}`);
  }

  /** Leaves the lines where they are, and the other stream as it was. */
  close(): void {
    if (this.#patched !== undefined && this.#other.write === this.#patched.own) this.#other.write = this.#patched.before;
    this.#patched = undefined;
    this.#lines = [];
  }

  #stepAside(): void {
    const other = this.#other;
    if (this.#patched !== undefined || other.isTTY !== true) return;
    const before = other.write;
    const own: Stream['write'] = (chunk, ...rest) => {
      if (this.#lines.length === 0) return before.call(other, chunk, ...rest);
      this.#terminal.write(this.#eraseText());
      const room = before.call(other, chunk, ...rest);
      this.#terminal.write(this.#text());
      return room;
    };
    this.#patched = { before, own };
    other.write = own;
  }

  #eraseText(): string {
    return this.#lines.length === 0 ? '' : `\u001b[${this.#lines.length}A\r\u001b[J`;
  }

  #text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }
}
