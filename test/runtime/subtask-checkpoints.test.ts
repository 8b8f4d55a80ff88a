/** The snapshots of one subtask: what is let go of when a checkpoint is given up, or cannot be begun. */

import { expect, test } from 'vitest';
import type { StateStorage, StateWriter } from '../../src/checkpoint/checkpoint-storage.ts';
import type { ChainedOperator } from '../../src/runtime/chained-operator.ts';
import { SubtaskCheckpoints } from '../../src/runtime/subtask-checkpoints.ts';
import type { KeyedContents } from '../../src/state/keyed-contents.ts';
import { StateLog } from '../../src/state/state-log.ts';
import { manualClock } from './support.ts';

/** A storage that has all the time in the world. */
class SlowStorage implements StateStorage {
  aborted = 0;

  write(): StateWriter {
    return {
      bytes: 0,
      write() {},
      endPiece: () => ({ kind: 'inline', bytes: new Uint8Array(), checksum: 0 }),
      close: () => new Promise(() => {}),
      abort: () => void this.aborted++,
    };
  }

  read(): Uint8Array {
    throw new Error('nothing is read');
  }
}

function checkpointsOf(operators: readonly ChainedOperator[], storage = new SlowStorage()) {
  const declined: number[] = [];
  const checkpoints = new SubtaskCheckpoints({
    name: '0-0',
    operators,
    storage: () => storage,
    restoreFrom: undefined,
    owns: () => true,
    clock: manualClock(),
    units: 1,
    acknowledge: () => {},
    decline: (checkpoint) => void declined.push(checkpoint),
    wake: () => {},
  });
  const take = (checkpoint: number, savepoint?: string): void => {
    const trigger = { checkpoint, suspends: false, ...(savepoint === undefined ? {} : { savepoint }) };
    checkpoints.triggered(trigger);
    checkpoints.take({ trigger, splits: [], watermark: 0, alignmentMs: 0, since: 0, drained: false, takesAlong: false });
    while (checkpoints.advance());
  };
  return { checkpoints, storage, declined, take };
}

test('a savepoint that is given up holds nothing up, a checkpoint is stored all the same', () => {
  const { checkpoints, storage, take } = checkpointsOf([]);
  take(1, '/saved');
  checkpoints.abort(7);
  expect(checkpoints.isStoring).toBe(true);
  checkpoints.abort(1);
  expect([checkpoints.isStoring, storage.aborted]).toEqual([false, 1]);
  take(2);
  checkpoints.abort(2);
  expect([checkpoints.isStoring, storage.aborted]).toEqual([true, 1]);
});

test('where the second state of an operator cannot be begun with, the first can be with the next checkpoint', () => {
  const contents = { schema: null, hash: () => 0, write() {}, read: () => 0 } as unknown as KeyedContents;
  const log = new StateLog(contents, { tracks: true, segmentsMax: 4 });
  let fails = true;
  const failing = new StateLog(contents, { tracks: true, segmentsMax: 4 });
  const begin = failing.begin.bind(failing);
  failing.begin = (full) => {
    if (fails) throw new Error('for once');
    return begin(full);
  };
  const keyed = new Map([
    ['first', { contents, log }],
    ['second', { contents, log: failing }],
  ]);
  const operator = { instance: {}, parent: undefined, failure: (error: unknown) => error, keyed } as unknown as ChainedOperator;
  const { take, declined, checkpoints } = checkpointsOf([operator]);
  take(1);
  expect([declined, checkpoints.isStoring]).toEqual([[1], false]);
  fails = false;
  take(2);
  expect([declined, checkpoints.isStoring]).toEqual([[1], true]);
});
