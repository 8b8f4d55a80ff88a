/** What a slot is built with where no state is stored or read: for looking at its code, and for tests of other things. */

import type { SlotOptions } from './slot.ts';

type CheckpointOptions = Pick<
  SlotOptions,
  'checkpoints' | 'stateStorage' | 'acknowledge' | 'decline' | 'requestFinalCheckpoint' | 'restore' | 'restoreFrom'
>;

const nothing = (): void => {};

export const withoutCheckpoints: CheckpointOptions = {
  checkpoints: undefined,
  stateStorage: () => {
    throw new Error('no state is stored here');
  },
  acknowledge: nothing,
  decline: nothing,
  requestFinalCheckpoint: nothing,
  restore: [],
  restoreFrom: undefined,
};
