/** Names of files: made and read in one place. */

import { describe, expect, test } from 'vitest';
import { checkpointOf, manifestOf, manifestPath, savepointDirectory, stateName, statePath } from '../../src/checkpoint/layout.ts';

describe('names', () => {
  test.each([1, 999_999, 1_000_000, 2 ** 40])('tell the number of checkpoint %d', (id) => {
    for (const kind of ['checkpoint', 'savepoint'] as const) {
      const path = manifestPath({ kind, id });
      expect(manifestOf(path)).toEqual({ kind, id, path });
    }
    expect(checkpointOf(statePath(stateName(id, 'op-3.1')))).toBe(id);
  });

  test('of savepoints that nobody has named tell when they were taken', () => {
    expect(savepointDirectory(1_741_000_000_000)).toBe('savepoint-1741000000000');
  });

  test('sort by number', () => {
    const paths = [2, 10, 1].map((id) => manifestPath({ kind: 'checkpoint', id })).sort();
    expect(paths.map((path) => manifestOf(path)?.id)).toEqual([1, 2, 10]);
  });

  test.each([
    '',
    'lock',
    'checkpoint-7.manifest',
    'checkpoint-000007.manifest.unfinished',
    'Checkpoint-000007.manifest',
    'x/checkpoint-000007.manifest',
  ])('of a manifest are not %j', (name) => {
    expect(manifestOf(name)).toBeUndefined();
  });

  test.each([
    '',
    'state/',
    'state/7-a.state',
    'state/000007.state',
    '000007-a.state',
    'state/000007-a.state.tmp',
    'state/000007-a/b.state',
  ])('of state are not %j', (path) => {
    expect(checkpointOf(path)).toBeUndefined();
  });

  test('of state are those that were made for it', () => {
    expect(() => statePath('../../etc/passwd')).toThrow('is a name that stateName has made');
    expect(() => statePath(stateName(1, 'a/b'))).toThrow('is a name that stateName has made');
  });
});
