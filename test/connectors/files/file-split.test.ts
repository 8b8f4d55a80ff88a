/** Dividing files: every byte of a plain file is in one split, and there is enough for every reader. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideFiles, type FoundFile } from '../../../src/connectors/files/file-split.ts';

const kibibyte = 1024;

function plain(path: string, size: number): FoundFile {
  return { path, size, identity: 'i', compression: undefined };
}

describe('divideFiles', () => {
  it('covers each file, with no split above the limit', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 5 });
    const splitBytes = fc.integer({ min: 2 ** 32, max: 2 ** 38 });
    fc.assert(
      fc.property(sizes, splitBytes, fc.integer({ min: 1, max: 64 }), (all, limit, parallelism) => {
        const files = all.map((size, i) => plain(`/${i}`, size));
        const splits = divideFiles(files, { splitBytes: limit, splitBytesMin: 64 * kibibyte, parallelism, divisible: true });
        expect(new Set(splits.map((split) => split.id)).size).toBe(splits.length);
        for (const { path, size } of files) {
          const own = splits.filter((split) => split.path === path);
          const cuts = own.map((split) => split.start);
          expect(own.map((split) => split.end)).toEqual(size === 0 ? [] : [...cuts.slice(1), size]);
          expect(cuts).toEqual(size === 0 ? [] : [0, ...cuts.slice(1)]);
          for (const { start, end } of own) expect(end - start).toSatisfy((bytes: number) => bytes > 0 && bytes <= limit + 1);
        }
      }),
    );
  });

  it('gives one large file to all readers', () => {
    expect(
      divideFiles([plain('/a', 800 * kibibyte)], { splitBytes: 2 ** 24, splitBytesMin: 64 * kibibyte, parallelism: 8, divisible: true }),
    ).toHaveLength(8);
  });

  it('does not cut a small file into crumbs', () => {
    expect(
      divideFiles([plain('/a', 100 * kibibyte)], { splitBytes: 2 ** 24, splitBytesMin: 64 * kibibyte, parallelism: 8, divisible: true }),
    ).toHaveLength(2);
    expect(
      divideFiles([plain('/a', 1)], { splitBytes: 2 ** 24, splitBytesMin: 64 * kibibyte, parallelism: 8, divisible: true }),
    ).toHaveLength(1);
  });

  it('leaves many files whole', () => {
    const files = Array.from({ length: 100 }, (_, i) => plain(`/${i}`, 64 * kibibyte));
    expect(divideFiles(files, { splitBytes: 2 ** 24, splitBytesMin: 64 * kibibyte, parallelism: 8, divisible: true })).toHaveLength(100);
  });

  it('never divides a compressed file, and leaves out an empty one', () => {
    const files: FoundFile[] = [{ ...plain('/a.gz', 2 ** 30), compression: 'gzip' }, plain('/empty', 0)];
    expect(divideFiles(files, { splitBytes: 2 ** 20, splitBytesMin: 64 * kibibyte, parallelism: 8, divisible: true })).toEqual([
      { id: '/a.gz', path: '/a.gz', start: 0, end: 2 ** 30, size: 2 ** 30, identity: 'i', compression: 'gzip' },
    ]);
  });
});
