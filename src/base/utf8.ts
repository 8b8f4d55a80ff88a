/**
 * Valid UTF-8 as UTF-16 code units.
 *
 * @hotpath
 */

/** Puts the code units of valid UTF-8 bytes into `units`, which has room for one a byte, and says how many they are. */
export function unitsOfUtf8(bytes: Uint8Array, start: number, end: number, units: Uint16Array): number {
  let count = 0;
  for (let i = start; i < end; ) {
    const lead = bytes[i] as number;
    if (lead < 0x80) {
      units[count++] = lead;
      i += 1;
    } else if (lead < 0xe0) {
      units[count++] = ((lead & 0x1f) << 6) | ((bytes[i + 1] as number) & 0x3f);
      i += 2;
    } else if (lead < 0xf0) {
      units[count++] = ((lead & 0x0f) << 12) | (((bytes[i + 1] as number) & 0x3f) << 6) | ((bytes[i + 2] as number) & 0x3f);
      i += 3;
    } else {
      const high = ((lead & 0x07) << 18) | (((bytes[i + 1] as number) & 0x3f) << 12);
      const point = high | (((bytes[i + 2] as number) & 0x3f) << 6) | ((bytes[i + 3] as number) & 0x3f);
      units[count++] = 0xd7c0 + (point >> 10);
      units[count++] = 0xdc00 | (point & 0x3ff);
      i += 4;
    }
  }
  return count;
}
