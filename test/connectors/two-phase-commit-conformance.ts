/** What every two-phase-commit sink must do. Each one runs this suite, and has tests of its own beside. */

import { describe, expect, test } from 'vitest';
import { type TransactionalTarget, verifyTwoPhaseCommitSink } from '../../src/testing/verify-two-phase-commit.ts';

export interface TwoPhaseCommitSubject<T> {
  readonly open: (seed: number) => TransactionalTarget<T>;
  readonly record: (index: number) => T;
  readonly holdsBack?: boolean;
  readonly runs?: number;
}

export function describeTwoPhaseCommitConformance<T>(
  name: string,
  { open, record, holdsBack = false, runs = 60 }: TwoPhaseCommitSubject<T>,
): void {
  describe(`two-phase-commit sink ${name}`, () => {
    test('leaves every record once, whatever crashes', async () => {
      const tried = await verifyTwoPhaseCommitSink({ open, record, holdsBack, runs });
      expect(Math.min(tried.crashes, tried.checkpoints, tried.commits)).toBeGreaterThan(runs / 2);
    }, 60_000);

    test('leaves every record once when there are few of them', async () => {
      for (const records of [1, 2, 7])
        await verifyTwoPhaseCommitSink({ open, record, holdsBack, records, runs: Math.ceil(runs / 4), seed: 1000 * records });
    }, 60_000);
  });
}
