/** What every storage of checkpoints must do. Each one runs this suite, and has tests of its own beside. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Limits } from '../../src/base/limits.ts';
import type { ManifestStore, StateStorage } from '../../src/checkpoint/checkpoint-storage.ts';
import { stateName } from '../../src/checkpoint/layout.ts';
import type { StateHandle } from '../../src/wire/state-handles.ts';
import { manifest, operator, part, segment, subtask } from './manifests.ts';

export type StorageLimits = Pick<Limits, 'inlineStateBytes' | 'stateWriteBytes'>;

export interface OpenStorage {
  readonly state: StateStorage;
  readonly manifests: ManifestStore;
  /** Flips a bit of the byte at a position in a piece, wherever it lies. Returns what to read it by. */
  flipBit(handle: StateHandle, position: number, bit: number): StateHandle;
}

const sizes: readonly StorageLimits[] = [
  ...[1, 2, 7].flatMap((inlineStateBytes) => [1, 2, 7].map((stateWriteBytes) => ({ inlineStateBytes, stateWriteBytes }))),
  { inlineStateBytes: 20 * 1024, stateWriteBytes: 256 * 1024 },
];

/** @param open a storage that has nothing yet, made anew for each test */
export function describeStorageConformance(name: string, open: (limits: StorageLimits) => OpenStorage): void {
  const usual = sizes.at(-1) as StorageLimits;

  describe(`storage ${name}`, () => {
    /** A piece as the writes that it comes in. */
    const pieces = fc.array(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 4 }), { maxLength: 6 });

    test.each(sizes)('gives every piece back, however it was written: %o', async (limits) => {
      await fc.assert(
        fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 3 }), async (writers) => {
          const { state, manifests } = open(limits);
          manifests.lock();
          const expected: Buffer[] = [];
          const handles: StateHandle[] = [];
          for (const [index, each] of writers.entries()) {
            const writer = state.write(stateName(1, `${index}`));
            const scratch = Buffer.alloc(12);
            for (const writes of each) {
              for (const bytes of writes) {
                scratch.set(bytes);
                writer.write(scratch.subarray(0, bytes.length));
                scratch.fill(0xee);
              }
              handles.push(writer.endPiece());
              expected.push(Buffer.concat(writes));
            }
            expect(writer.bytes).toBe(each.flat().reduce((sum, bytes) => sum + bytes.length, 0));
            await writer.close();
          }
          expect(handles.map((handle) => Buffer.from(state.read(handle)))).toEqual(expected);
        }),
        { numRuns: 30 },
      );
    });

    test('takes pieces of any size', async () => {
      const { state, manifests } = open(usual);
      manifests.lock();
      const writer = state.write(stateName(1, 'large'));
      const contents = [0, 1, 20 * 1024, 256 * 1024 - 1, 256 * 1024, 1024 * 1024 + 1, 3].map((size, i) => Buffer.alloc(size, i + 1));
      const handles = contents.map((content) => {
        writer.write(content);
        return writer.endPiece();
      });
      await writer.close();
      for (const [i, handle] of handles.entries()) expect(Buffer.compare(state.read(handle), contents[i] as Buffer)).toBe(0);
    });

    test('finds out that any bit of a piece has changed', async () => {
      for (const size of [1, 30, 100]) {
        const limits = { inlineStateBytes: 30, stateWriteBytes: 64 };
        for (let position = 0; position < size; position++) {
          const { state, manifests, flipBit } = open(limits);
          manifests.lock();
          const writer = state.write(stateName(1, 'a'));
          writer.write(Buffer.alloc(size, 'state'));
          const handle = writer.endPiece();
          await writer.close();
          const flipped = flipBit(handle, position, position % 8);
          expect(() => state.read(flipped)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
        }
      }
    });

    test('lets go of what was written so far, at any time', async () => {
      for (const writes of [0, 1, 3]) {
        for (const ends of [false, true]) {
          const { state, manifests } = open({ inlineStateBytes: 1, stateWriteBytes: 1 });
          manifests.lock();
          const writer = state.write(stateName(1, 'a'));
          for (let i = 0; i < writes; i++) writer.write(Buffer.from('abc'));
          if (ends) writer.endPiece();
          writer.abort();
          writer.abort();
          expect(manifests.files()).toEqual([]);
        }
      }
    });

    test('lets writers take turns', async () => {
      const { state, manifests } = open({ inlineStateBytes: 2, stateWriteBytes: 2 });
      manifests.lock();
      const writers = [0, 1, 2].map((index) => state.write(stateName(1, `${index}`)));
      for (let round = 0; round < 3; round++)
        for (const [index, writer] of writers.entries()) writer.write(Buffer.from(`${index}${round}`));
      const handles = writers.map((writer) => writer.endPiece());
      writers[1]?.abort();
      await Promise.all([writers[0]?.close(), writers[2]?.close()]);
      const read = [0, 2].map((index) => Buffer.from(state.read(handles[index] as StateHandle)).toString());
      expect(read).toEqual(['000102', '202122']);
    });

    test('keeps manifests, newest first', async () => {
      const { manifests } = open(usual);
      manifests.lock();
      expect(manifests.list()).toEqual([]);
      const given = [1, 2, 10, 1_000_000].map((id) =>
        manifest({ id, kind: id === 2 ? 'savepoint' : 'checkpoint', hostInputs: { in: id } }),
      );
      for (const each of given) expect(await manifests.writeManifest(each)).toMatchObject({ id: each.id, kind: each.kind });
      const entries = manifests.list();
      expect(entries.map(({ id, kind }) => [id, kind])).toEqual([
        [1_000_000, 'checkpoint'],
        [10, 'checkpoint'],
        [2, 'savepoint'],
        [1, 'checkpoint'],
      ]);
      expect(entries.map((entry) => manifests.readManifest(entry))).toEqual(given.reverse());
    });

    test('keeps manifests with all that can be in them', async () => {
      const { state, manifests } = open({ inlineStateBytes: 8, stateWriteBytes: 8 });
      manifests.lock();
      const writer = state.write(stateName(3, 'a'));
      const handles = ['few', 'more than a few bytes', ''].map((content) => {
        writer.write(Buffer.from(content));
        return writer.endPiece();
      });
      await writer.close();
      const keyed = { counts: handles.map((handle, i) => segment(`3-${i}`, handle, { stale: [...handles] })) };
      const operators = [
        operator({ subtasks: [subtask({ keyed, parts: { offsets: part('split', 2) } }), subtask()] }),
        operator({ stateId: 'lines', splits: [{ path: 'a', at: 1n }] }),
      ];
      const entry = await manifests.writeManifest(manifest({ id: 3, operators }));
      expect(manifests.readManifest(entry)).toEqual(manifest({ id: 3, operators }));
    });

    test('removes what it is told to, and does not mind what is not there', async () => {
      const { state, manifests } = open({ inlineStateBytes: 1, stateWriteBytes: 1 });
      manifests.lock();
      const handles = [];
      for (const id of [1, 2]) {
        const writer = state.write(stateName(id, 'a'));
        writer.write(Buffer.from(`state ${id}`));
        handles.push(writer.endPiece());
        await writer.close();
        await manifests.writeManifest(
          manifest({ id, operators: [operator({ subtasks: [subtask({ keyed: { s: [segment('1', handles[0])] } })] })] }),
        );
      }
      const [second, first] = manifests.list();
      const files = manifests.files();
      await manifests.remove([
        ...files.slice(0, 1),
        (first as { path: string }).path,
        'state/000009-gone.state',
        'checkpoint-000009.manifest',
      ]);
      expect(manifests.list()).toEqual([second]);
      expect(manifests.files()).toEqual(files.slice(1));
      expect(() => manifests.readManifest(first as never)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
    });

    test('is locked and unlocked any number of times', async () => {
      const { manifests } = open(usual);
      for (let i = 0; i < 2; i++) {
        manifests.unlock();
        manifests.lock();
        manifests.lock();
      }
      await manifests.writeManifest(manifest());
      manifests.unlock();
      manifests.unlock();
      expect(manifests.list()).toHaveLength(1);
    });
  });
}
