/**
 * What a file sink has prepared, or was writing, at a checkpoint that a job goes on from without that sink: told to people, and
 * committed as it was at the checkpoint, since nobody writes it again. The host's thread.
 */

import { join } from 'node:path';
import type { Storage } from '../../base/system.ts';
import type { FileSinkState, PartTransaction } from './file-writer.ts';
import { type PartPlace, writing } from './open-part.ts';
import { hiddenPath } from './part-names.ts';
import { commitParts, isMissing, isThere } from './written-parts.ts';

export interface LeftParts {
  /** Absolute. */
  readonly directory: string;
  /** Those without their names: path, and bytes that belong to the checkpoint. */
  readonly parts: readonly PartTransaction[];
}

/** Undefined where these are not the states of a file sink, or those of one of an earlier version. */
export function leftParts(storage: Storage, states: readonly unknown[], transactions: readonly unknown[]): LeftParts | undefined {
  const own = states as readonly (Partial<FileSinkState> | null | undefined)[];
  const directory = own.find((state) => typeof state?.directory === 'string')?.directory;
  if (directory === undefined) return undefined;
  const open = own.flatMap((state) => state?.open ?? []).map(({ path, length }) => ({ path, bytes: length }));
  const parts = [...(transactions as readonly PartTransaction[]), ...open];
  return { directory, parts: parts.filter(({ path }) => !isThere({ storage, directory }, path)) };
}

/** @throws MillraceError SINK_FAILED; SINK_CORRUPT where a part is not there, or was cut */
export async function commitLeftParts(storage: Storage, { directory, parts }: LeftParts): Promise<void> {
  const place = { storage, directory };
  for (const part of parts) cut(place, part);
  await commitParts(place, parts);
}

/** What was written behind the checkpoint is not part of it. */
function cut({ storage, directory }: PartPlace, { path, bytes }: PartTransaction): void {
  if (bytes === undefined) return;
  writing(join(directory, path), () => {
    try {
      const file = storage.append(join(directory, hiddenPath(path)), bytes);
      file.sync();
      file.close();
    } catch (error) {
      // Whether that is wrong is said where it is to get its name.
      if (!isMissing(error)) throw error;
    }
  });
}
