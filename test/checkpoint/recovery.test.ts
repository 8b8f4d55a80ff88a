/** Which checkpoint a job goes on from. */

import { describe, expect, test } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { manifestPath } from '../../src/checkpoint/layout.ts';
import type { CheckpointKind } from '../../src/checkpoint/manifest.ts';
import { chooseCheckpoint, type ManifestReading, nextCheckpointId } from '../../src/checkpoint/recovery.ts';
import { manifest } from './manifests.ts';

function good(id: number, kind: CheckpointKind = 'checkpoint'): ManifestReading {
  return { entry: { id, kind, path: manifestPath({ id, kind }) }, manifest: manifest({ id, kind }) };
}

function bad(id: number): ManifestReading {
  const path = manifestPath({ id, kind: 'checkpoint' });
  return { entry: { id, kind: 'checkpoint', path }, error: new MillraceError('CHECKPOINT_CORRUPT', `manifest '${path}' is broken`) };
}

describe('a job', () => {
  test('without checkpoints starts afresh', () => {
    expect(chooseCheckpoint([], '/state')).toEqual({ kind: 'fresh' });
  });

  test.each([
    ['the newest', [good(3), good(2), good(1)], 3, []],
    ['the newest, in whatever order they come', [good(1), good(3), good(2)], 3, []],
    ['a savepoint that is the newest', [good(4, 'savepoint'), good(3)], 4, []],
    [
      'the one before one that is broken',
      [bad(3), good(2), good(1)],
      2,
      [
        "checkpoint 3 is passed over for an older one: manifest 'checkpoint-000003.manifest' is broken",
        'what exactly-once sinks have committed behind checkpoint 2 is written and committed once more',
      ],
    ],
    [
      'the newest that is not broken',
      [good(1), bad(2), bad(3)],
      1,
      [expect.stringContaining('checkpoint 3'), expect.stringContaining('checkpoint 2'), expect.stringContaining('behind checkpoint 1')],
    ],
    ['the newest, whatever older ones are', [good(3), bad(2)], 3, []],
  ])('goes on from %s', (_, readings, id, warnings) => {
    expect(chooseCheckpoint(readings, '/state')).toEqual({ kind: 'restore', manifest: expect.objectContaining({ id }), warnings });
  });

  test('does not start over in silence', () => {
    expect(chooseCheckpoint([bad(1)], '/state')).toMatchObject({
      kind: 'refuse',
      error: {
        code: 'CHECKPOINT_CORRUPT',
        message:
          "the only checkpoint in /state cannot be used: manifest 'checkpoint-000001.manifest' is broken; restore the files, start from a " +
          'savepoint (--from), or start over without state (--fresh)',
      },
    });
    const { error } = chooseCheckpoint([bad(1), bad(2)], '/state') as { error: Error };
    expect(error.message).toMatch(/^none of the 2 checkpoints in \/state can be used: manifest 'checkpoint-000002/);
  });
});

test('ids go on behind the highest', () => {
  expect([nextCheckpointId([]), nextCheckpointId([1]), nextCheckpointId([3, 9, 2])]).toEqual([1, 2, 10]);
});
