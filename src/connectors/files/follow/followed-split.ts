/** Positions in files that are followed: what checkpoints keep of them. Plain data. */

import type { Split } from '../../../graph/source.ts';
import type { Compression } from '../compression.ts';
import type { Fingerprint } from './fingerprint.ts';

/** A file, and how far it was read. Its id is its identity: the inode, and when that was made. */
export interface FollowedSplit extends Split {
  /** Its name when it was last seen. */
  readonly path: string;
  /** Offset behind the records that were handed out; in a compressed file, of its content. */
  readonly offset: number;
  /** Of its content; absent until something was read. */
  readonly fingerprint?: Fingerprint;
  readonly compression?: Compression;
  /** Whether it has got another name since it was found: nobody is expected to write to it for much longer. */
  readonly rotated?: boolean;
  /** Whether all of a compressed file was read. */
  readonly complete?: boolean;
  /** Whether a record begins at `offset`, where that is known. */
  readonly atRecord?: boolean;
  /** What the format wants to know of the file's beginning. */
  readonly head?: string;
}

/** All files that are followed: one reader has them, since only who knows all of them can tell a new file from one that was renamed. */
export interface FollowSplit extends Split {
  readonly files: readonly FollowedSplit[];
}

/** What the one reader begins with, or goes on from. */
export function followSplit(splits: readonly (FollowSplit | FollowedSplit)[]): FollowSplit {
  return { id: 'followed files', files: splits.flatMap((split) => ('files' in split ? split.files : [split])) };
}
