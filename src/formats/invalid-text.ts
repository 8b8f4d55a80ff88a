/** Where bytes stop being UTF-8. */

/** Where decoding first puts a U+FFFD that was not there: the bytes and those of the decoded text differ within it. */
export function firstInvalidByte(bytes: Buffer): number {
  const decoded = Buffer.from(bytes.utf8Slice(0, bytes.length));
  let at = 0;
  while (at < bytes.length && bytes[at] === decoded[at]) at++;
  // A cut character agrees with U+FFFD in its first bytes when these are EF BF.
  while (at > 0 && ((decoded[at] as number) & 0xc0) === 0x80) at--;
  return at;
}
