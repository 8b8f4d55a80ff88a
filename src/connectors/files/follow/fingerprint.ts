/** The beginning of a file's content, by which it is known again: it stays the same while a file grows, and whatever it is called. */

/** Plain data. */
export interface Fingerprint {
  /** Bytes at the start of the file that it is of, at least 1. */
  readonly bytes: number;
  readonly hash: string;
}

/** The fingerprint of a file that begins like this; undefined for an empty one. */
export function fingerprintOf(front: Uint8Array): Fingerprint | undefined {
  return front.length === 0 ? undefined : { bytes: front.length, hash: hashOf(front) };
}

/** Whether a file that begins like this is one with the fingerprint. */
export function isOf({ bytes, hash }: Fingerprint, front: Uint8Array): boolean {
  return front.length >= bytes && hashOf(front.subarray(0, bytes)) === hash;
}

/** 128 bits: that two files of a machine have the same by chance need not be feared. */
function hashOf(bytes: Uint8Array): string {
  // Loaded where it is needed: it makes every thread start later.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}
