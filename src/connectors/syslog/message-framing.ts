/**
 * Takes the messages of one syslog connection out of its bytes, as RFC 6587 frames them: each with its length in front (octet counting,
 * §3.4.1), or with a line feed behind it (§3.4.2). What the first byte is tells which: a digit, or anything else.
 */

const lineFeed = 10;
const space = 32;
const zero = 48;
const nine = 57;
/** Digits of the largest length that is looked at. */
const digitsMax = 9;
const nothing = Buffer.alloc(0);

/** What a sender does wrong: nothing behind it can be read. */
export class FramingError extends Error {}

export class MessageFraming {
  readonly #bytesMax: number;
  readonly #take: (message: Buffer) => void;
  /** What was left of a message that is not complete. */
  #rest = nothing;
  #counts: boolean | undefined;

  /**
   * @param bytesMax of a message
   * @param take gets each message, without what frames it; its bytes are its own only during the call
   */
  constructor(bytesMax: number, take: (message: Buffer) => void) {
    this.#bytesMax = bytesMax;
    this.#take = take;
  }

  /** @throws FramingError when the bytes are not framed, or a message is too long: nothing behind can be read */
  add(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#counts ??= isDigit(bytes[0]);
    let at = 0;
    for (let next = this.#next(bytes, at); next > at; next = this.#next(bytes, at)) at = next;
    // A copy: a chunk is part of a larger piece of memory, which must not be kept for a few bytes.
    this.#rest = at === bytes.length ? nothing : Buffer.from(bytes.subarray(at));
    if (this.#rest.length > this.#bytesMax + digitsMax + 1) throw this.#tooLong();
  }

  /** The connection has been closed: what has no line feed behind it is a message. Returns the bytes of one that was cut off. */
  end(): number {
    const { length } = this.#rest;
    if (this.#counts === true || length === 0) return length;
    this.#take(this.#rest);
    return 0;
  }

  /** Takes the message at an offset, and returns the offset behind it: the same where it is not complete. */
  #next(bytes: Buffer, at: number): number {
    if (this.#counts === true) return this.#nextCounted(bytes, at);
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0) return at;
    if (end - at > this.#bytesMax) throw this.#tooLong();
    this.#take(bytes.subarray(at, end));
    return end + 1;
  }

  #nextCounted(bytes: Buffer, at: number): number {
    let length = 0;
    let start = at;
    while (isDigit(bytes[start]) && start - at < digitsMax) length = length * 10 + (bytes[start++] as number) - zero;
    if (start === bytes.length) return at;
    if (start === at || bytes[start] !== space) throw new FramingError('a message does not begin with its length');
    if (length > this.#bytesMax) throw this.#tooLong();
    const end = start + 1 + length;
    if (end > bytes.length) return at;
    this.#take(bytes.subarray(start + 1, end));
    return end;
  }

  #tooLong(): FramingError {
    return new FramingError(`a message is longer than ${this.#bytesMax} bytes`);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}
