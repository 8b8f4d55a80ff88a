/**
 * Text as an index keeps it: Latin-1 bytes where its units fit them, UTF-16LE bytes elsewhere. Of UTF-8 that is not ASCII it has to be
 * made; its memory serves for one text after the other.
 *
 * @hotpath
 */

export class CanonicalText {
  /** The bytes of the text that was made last. */
  bytes = new Uint8Array(128);
  length = 0;
  isWide = false;
  #units = new Uint16Array(64);

  /** Makes the text of valid UTF-8 bytes. */
  ofUtf8(bytes: Uint8Array, start: number, end: number): void {
    if (this.#units.length < end - start) this.#grow(end - start);
    const units = this.#units;
    let count = 0;
    let all = 0;
    for (let i = start; i < end; ) {
      const lead = bytes[i] as number;
      let unit = lead;
      if (lead < 0x80) i += 1;
      else if (lead < 0xe0) {
        unit = ((lead & 0x1f) << 6) | ((bytes[i + 1] as number) & 0x3f);
        i += 2;
      } else if (lead < 0xf0) {
        unit = ((lead & 0x0f) << 12) | (((bytes[i + 1] as number) & 0x3f) << 6) | ((bytes[i + 2] as number) & 0x3f);
        i += 3;
      } else {
        const high = ((lead & 0x07) << 18) | (((bytes[i + 1] as number) & 0x3f) << 12);
        const point = high | (((bytes[i + 2] as number) & 0x3f) << 6) | ((bytes[i + 3] as number) & 0x3f);
        units[count++] = 0xd7c0 + (point >> 10);
        unit = 0xdc00 | (point & 0x3ff);
        i += 4;
      }
      all |= unit;
      units[count++] = unit;
    }
    this.isWide = all > 0xff;
    this.length = this.isWide ? count * 2 : count;
    const own = this.bytes;
    if (this.isWide) {
      for (let i = 0; i < count; i++) {
        own[i * 2] = units[i] as number;
        own[i * 2 + 1] = (units[i] as number) >> 8;
      }
    } else for (let i = 0; i < count; i++) own[i] = units[i] as number;
  }

  #grow(units: number): void {
    this.#units = new Uint16Array(units * 2);
    this.bytes = new Uint8Array(units * 4);
  }
}
