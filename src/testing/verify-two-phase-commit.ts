/**
 * Tries whether a sink is exactly once: random lives of it, with crashes at any point, must leave every record once where others see it.
 */

import { callable, checkOptions, flag, type OptionRules, optional, wholeNumber } from '../base/options.ts';
import { seededRandom } from '../base/random.ts';
import type { TwoPhaseCommitSink } from '../graph/sink.ts';
import { type RunCounts, TwoPhaseCommitRun, WrongOutput } from './two-phase-commit-run.ts';
import { VerificationError } from './verify-operator.ts';

/** What a sink writes to, from outside. */
export interface TransactionalTarget<T> {
  /** Makes the sink, as a process does that starts: of earlier ones nothing is left but what is in the target. */
  createSink(): TwoPhaseCommitSink<T>;
  /** The records that others see, in any order. */
  visible(): readonly T[] | Promise<readonly T[]>;
  /**
   * The process is killed, or the machine: what nobody made durable may be gone. With this method writers are not always closed before,
   * as a killed process closes none.
   */
  crash?(): void;
  /** Whether an error is one that the target made up: then the run goes on with a crash. */
  isInjected?(error: unknown): boolean;
}

export interface TwoPhaseCommitVerification<T> {
  /** Opens a target of its own for each run: nothing is in it. */
  readonly open: (seed: number) => TransactionalTarget<T>;
  /** A record, different for each index. */
  readonly record: (index: number) => T;
  /**
   * Whether records before a checkpoint may become visible with a later one, as those of a file that is not full, unless the job is
   * stopped with it; by default all of them must be visible when it is committed.
   */
  readonly holdsBack?: boolean;
  /** Records of a run; 40 by default. */
  readonly records?: number;
  /** 50 by default. */
  readonly runs?: number;
  /** Of the first run; 1 by default. */
  readonly seed?: number;
}

const rules: OptionRules<TwoPhaseCommitVerification<never>> = {
  open: { expected: 'a function that opens a target', accepts: callable.accepts },
  record: { expected: 'a function that makes the record of an index', accepts: callable.accepts },
  holdsBack: optional(flag),
  records: optional(wholeNumber(1)),
  runs: optional(wholeNumber(1)),
  seed: optional(wholeNumber()),
};

/**
 * Runs a two-phase-commit sink through random lives: subtasks write, see barriers and commit in any order; checkpoints complete, fail or
 * are not heard of; everything crashes, goes on from the last complete checkpoint, with two subtasks, with one, with three; transactions
 * are committed twice. Each time the records that others see must be those before the last complete checkpoint, in the end all: none
 * twice, none missing.
 *
 * @returns how much was tried
 * @throws VerificationError with the seed of the run
 * @example await verifyTwoPhaseCommitSink({ open: () => new Ledger(), record: (index) => `entry ${index}` })
 */
export async function verifyTwoPhaseCommitSink<T>(verification: TwoPhaseCommitVerification<T>): Promise<RunCounts> {
  const {
    open,
    record,
    holdsBack = false,
    records = 40,
    runs = 50,
    seed = 1,
  } = checkOptions<TwoPhaseCommitVerification<T>>(verification, rules, 'verifyTwoPhaseCommitSink');
  const total: RunCounts = { crashes: 0, checkpoints: 0, commits: 0 };
  for (let each = seed; each < seed + runs; each++) {
    const run = new TwoPhaseCommitRun({ target: open(each), record, records, holdsBack, random: seededRandom(each) });
    await named(each, () => (each % 10 === 0 ? run.runWithoutCheckpoints() : run.run()));
    total.crashes += run.counts.crashes;
    total.checkpoints += run.counts.checkpoints;
    total.commits += run.counts.commits;
  }
  return total;
}

async function named(seed: number, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof WrongOutput)) throw error;
    throw new VerificationError(`verifyTwoPhaseCommitSink: with seed ${seed}, ${error.message}`, error);
  }
}
