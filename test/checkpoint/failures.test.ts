/** How many failed checkpoints a job bears. */

import { describe, expect, test } from 'vitest';
import { afterFailure, afterSuccess, type CheckpointFailure, type FailedCheckpoint, noFailures } from '../../src/checkpoint/failures.ts';

function failed(id: number, changes: Partial<FailedCheckpoint> = {}): FailedCheckpoint {
  return { id, asked: false, failure: 'declined', reason: "'count words' threw", ...changes };
}

/** 's' for a success, else a failure; the ids count on. Returns the index at which the job fails. */
function failsAt(events: readonly string[], tolerable: number): number | undefined {
  let count = noFailures;
  for (const [index, event] of events.entries()) {
    if (event === 's') {
      count = afterSuccess(index + 1);
      continue;
    }
    const decision = afterFailure(count, failed(index + 1, { failure: event as CheckpointFailure }), tolerable);
    if (decision.error !== undefined) return index;
    count = decision.count;
  }
  return undefined;
}

describe('a job', () => {
  test.each([
    [0, ['declined'], 0],
    [0, ['timed-out'], 0],
    [0, ['not-stored'], 0],
    [0, ['overtaken', 'job-ended', 's'], undefined],
    [1, ['declined'], undefined],
    [1, ['declined', 'timed-out'], 1],
    [1, ['declined', 's', 'declined', 's', 'timed-out'], undefined],
    [1, ['declined', 'overtaken', 'declined'], 2],
    [2, ['declined', 'declined', 's', 'declined', 'declined', 'declined'], 5],
    [Number.MAX_SAFE_INTEGER, Array.from({ length: 50 }, () => 'declined'), undefined],
  ] as const)('that tolerates %d fails at %j: %s', (tolerable, events, index) => {
    expect(failsAt(events, tolerable)).toBe(index);
  });

  test('fails with what the last of them said', () => {
    const { error } = afterFailure(noFailures, failed(7), 0);
    expect(error).toMatchObject({
      code: 'CHECKPOINT_FAILED',
      retryable: true,
      message: "checkpoint 7 failed: 'count words' threw; it is more than the job tolerates (checkpoint.tolerableFailures: 0)",
    });
    expect(afterFailure({ inRow: 2, completed: 3 }, failed(7), 2).error?.message).toContain('; with it 3 in a row is more than');
  });

  test('does not fail for what a user asked for', () => {
    expect(afterFailure(noFailures, failed(7, { asked: true }), 0)).toEqual({ count: noFailures });
  });

  test('does not fail for one that a newer one has made good already', () => {
    const count = afterSuccess(8);
    expect(afterFailure(count, failed(7, { failure: 'timed-out' }), 0)).toEqual({ count });
    expect(afterFailure(count, failed(9), 0).error).toBeDefined();
  });
});
