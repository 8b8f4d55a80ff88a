import { describe, expect, test } from 'vitest';
import { KnownSegments } from '../../src/runtime/known-segments.ts';
import type { SegmentHandle, StateHandle } from '../../src/wire/state-handles.ts';

function handleOf(name: string): StateHandle {
  return { kind: 'file', path: name, offset: 0, length: 0, checksum: 0 };
}

function segmentOf(id: string): SegmentHandle {
  return { id, bytes: handleOf(id), entries: 100, stale: [], schema: null };
}

const nothingStale = new Map();

describe('the known segments of a state', () => {
  test('are those that are needed, with what was added', () => {
    const known = new KnownSegments();
    known.next({ added: segmentOf('a'), stale: nothingStale, needed: new Set() }, false);
    known.next({ added: segmentOf('b'), stale: nothingStale, needed: new Set(['a']) }, false);
    const ids = known.next({ added: undefined, stale: nothingStale, needed: new Set(['b']) }, false).map(({ id }) => id);
    expect(ids).toEqual(['b']);
  });

  test('get a list for each snapshot that made entries stale, and one of all when there are many', () => {
    const known = new KnownSegments();
    let segments = known.next({ added: segmentOf('a'), stale: nothingStale, needed: new Set() }, false);
    const stale = new Set<number>();
    for (let round = 0; round < 50; round++) {
      const { ordinals, all } = known.toWrite('a', Uint32Array.of(round * 2, round * 2 + 1));
      if (all) stale.clear();
      for (const ordinal of ordinals) stale.add(ordinal);
      // What the lists say together is always everything so far.
      expect([...stale].sort((x, y) => x - y)).toEqual(Array.from({ length: round * 2 + 2 }, (_, i) => i));
      segments = known.next(
        { added: undefined, stale: new Map([['a', { ordinals, all, list: handleOf(`list ${round}`) }]]), needed: new Set(['a']) },
        false,
      );
      expect(segments[0]?.stale.length).toBeLessThanOrEqual(8);
    }
  });

  test('go on from those of an earlier run with their lists', () => {
    const lists = Array.from({ length: 8 }, (_, i) => Uint32Array.of(i));
    const known = new KnownSegments([{ handle: { ...segmentOf('a'), stale: lists.map((_, i) => handleOf(`list ${i}`)) }, lists }]);
    expect(known.toWrite('a', Uint32Array.of(9))).toEqual({ ordinals: Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 9), all: true });
  });

  test('do not remember a full snapshot', () => {
    const known = new KnownSegments();
    known.next({ added: segmentOf('a'), stale: nothingStale, needed: new Set() }, false);
    expect(known.next({ added: segmentOf('full'), stale: nothingStale, needed: new Set() }, true).map(({ id }) => id)).toEqual(['full']);
    expect(known.next({ added: undefined, stale: nothingStale, needed: new Set(['a']) }, false).map(({ id }) => id)).toEqual(['a']);
  });
});

test('segments that were files already are known with the entries that did not count', () => {
  const known = new KnownSegments();
  const file = { handle: { ...segmentOf('a/0'), stale: [handleOf('list')] }, lists: [Uint32Array.of(3)] };
  const segments = known.next({ added: segmentOf('a'), files: [file], stale: nothingStale, needed: new Set() }, false);
  expect(segments.map(({ id }) => id)).toEqual(['a', 'a/0']);
  for (let i = 0; i < 7; i++) {
    const entries = { ...known.toWrite('a/0', Uint32Array.of(10 + i)), list: handleOf(`list ${i}`) };
    known.next({ added: undefined, stale: new Map([['a/0', entries]]), needed: new Set(['a/0']) }, false);
  }
  expect(known.toWrite('a/0', Uint32Array.of(20))).toEqual({ ordinals: Uint32Array.of(3, 10, 11, 12, 13, 14, 15, 16, 20), all: true });
});
