/** Files that are followed, as a source: an input without an end. */

import type { Storage } from '../../../base/system.ts';
import type { Source, SourceReader } from '../../../graph/source.ts';
import { formatDetails, type ParsingOptions, parsedType } from '../../lines/parsing.ts';
import { compressionOf, signatureBytes } from '../decompression.ts';
import { openFile, readBlock } from '../file-records.ts';
import { findFiles } from './file-watch.ts';
import type { Following } from './follow-options.ts';
import { FollowReader } from './follow-reader.ts';
import type { FoundFile } from './followed-file.ts';
import { type FollowedSplit, type FollowSplit, followSplit } from './followed-split.ts';

export interface FollowSourceOptions {
  readonly patterns: readonly string[];
  readonly name: string;
  readonly following: Following;
  readonly parsing: ParsingOptions;
}

export function followSource<T>(options: FollowSourceOptions): Source<T, FollowSplit | FollowedSplit> {
  const { patterns, name, following, parsing } = options;
  return {
    name,
    bounded: false,
    type: parsedType(parsing),
    hasAnyFields: parsing.format.hasAnyFields === true,
    parallelismMax: 1,
    details: { follow: true, from: following.from, ...formatDetails(parsing.format) },
    enumerate: async ({ system }) => [followSplit(following.from === 'start' ? [] : await endsOfFiles(patterns, system.storage))],
    divideAgain: (splits) => [followSplit(splits)],
    createReader: (context) => new FollowReader(context, patterns, following, parsing) as SourceReader<T, FollowSplit | FollowedSplit>,
    project: (fields, _, members) => followSource({ ...options, parsing: { ...parsing, fields, members } }),
  };
}

/** The files that there are, each as if it had been read up to its last line feed. Empty ones have nothing that could be passed over. */
async function endsOfFiles(patterns: readonly string[], storage: Storage): Promise<FollowedSplit[]> {
  const found = await findFiles(patterns, storage);
  return found.filter(({ size }) => size > 0).map((each) => endOf(each, storage));
}

/** Bytes that are looked at at once, from the end of a file to its front. */
const lookBytes = 64 * 1024;

function endOf({ path, identity, size }: FoundFile, storage: Storage): FollowedSplit {
  const file = openFile(path, storage);
  try {
    const block = Buffer.allocUnsafe(lookBytes);
    const read = (position: number, length: number): Buffer =>
      block.subarray(0, readBlock(file, path, { target: block, offset: 0, length, position }));
    const compression = compressionOf(path, read(0, signatureBytes));
    if (compression !== undefined) return { id: identity, path, offset: 0, compression, complete: true };
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - lookBytes);
      const at = read(start, end - start).lastIndexOf(10);
      if (at >= 0) return { id: identity, path, offset: start + at + 1 };
      end = start;
    }
    return { id: identity, path, offset: 0 };
  } finally {
    file.close();
  }
}
