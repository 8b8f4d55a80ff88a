/**
 * The strings of one column as bytes, as whoever fills a batch by columns writes them. ASCII is Latin-1.
 *
 * @hotpath
 */

/** Bytes behind the last string that can be read as well, so that strings can be taken by words. */
const slackBytes = 8;
const initialBytes = 4096;

export class Latin1Strings {
  /** Row i is from `offsets[i]` to `offsets[i + 1]`. The first is 0 unless it is set. */
  readonly offsets: Int32Array;
  /** What the offsets are about: memory of its own, which `reserve` makes, or any other. */
  bytes: Buffer = Buffer.allocUnsafeSlow(initialBytes);
  /** Of a nullable column: see `ColumnBatch.validity`. */
  readonly validity: Uint8Array | null;

  constructor(rows: number, nullable: boolean) {
    this.offsets = new Int32Array(rows + 1);
    this.validity = nullable ? new Uint8Array(rows).fill(1) : null;
  }

  /** Makes room for so many bytes in all; what was written stays. Returns `bytes`, which is another one where it has grown. */
  reserve(length: number): Buffer {
    if (length + slackBytes <= this.bytes.length) return this.bytes;
    const grown = Buffer.allocUnsafeSlow(Math.max(length + slackBytes, this.bytes.length * 2));
    grown.set(this.bytes);
    this.bytes = grown;
    return grown;
  }
}
