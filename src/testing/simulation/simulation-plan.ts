/** What chance decides about a simulation before it begins: how the job runs, and what is to go wrong. Pure. */

import type { CheckpointConfig } from '../../api/checkpoint-options.ts';
import type { EnvironmentConfig } from '../../api/options.ts';
import { disk } from '../../api/state-backend.ts';
import type { Limits } from '../../base/limits.ts';
import type { Random } from '../../base/system.ts';
import { type RestartStrategy, restart } from '../../checkpoint/restart.ts';

/** How often something goes wrong. Probabilities, mostly of a thing that happens. */
export interface SimulatedFaults {
  /** Of a worker's death: at anything that happens, at a reading of its clock in the middle of a step, at a call of the disk. */
  readonly workerDeath: number;
  /** Of the end of the whole process. */
  readonly processDeath: number;
  /** Share of the ends of the process that take the machine with them: what is not synchronized is lost. */
  readonly machineCrash: number;
  /** Of a call of a user function. */
  readonly userFunction: number;
  /** Of a call that changes the disk. */
  readonly diskFailure: number;
  /** Of the disk becoming full, and of room on it again. */
  readonly diskFull: number;
  /** Of a request to the ledger. */
  readonly ledgerFailure: number;
  /**
   * Share of the ends of the process that damage the newest checkpoint, its manifest or a file of state, where there is an older one:
   * rows may then come again.
   */
  readonly damage: number;
}

/** How often somebody takes a savepoint. Probabilities of a thing that happens. */
export interface SimulatedSavepoints {
  /** Of a savepoint of the job that goes on. */
  readonly taken: number;
  /** Of one that the job ends with, to be started from it. */
  readonly stops: number;
  /** Of going back to the last one, with the output as it was then. */
  readonly returns: number;
}

export const noSavepoints: SimulatedSavepoints = { taken: 0, stops: 0, returns: 0 };

export const noFaults: SimulatedFaults = {
  workerDeath: 0,
  processDeath: 0,
  machineCrash: 0,
  userFunction: 0,
  diskFailure: 0,
  diskFull: 0,
  ledgerFailure: 0,
  damage: 0,
};

export interface SimulationPlan {
  /** How much of the safety phase there is: things that happen. */
  readonly safetySteps: number;
  /** By start of the process, over and over. */
  readonly parallelisms: readonly number[];
  readonly config: EnvironmentConfig;
  readonly checkpoint: CheckpointConfig;
  readonly faults: SimulatedFaults;
  readonly savepoints: SimulatedSavepoints;
  readonly sink: 'ledger' | 'files';
  /** Milliseconds of time that a reading of the clock takes at most. */
  readonly readingMs: number;
  /** Milliseconds that a synchronization of the disk takes at most. */
  readonly syncMs: number;
  /** Milliseconds that a request to the ledger takes at most. */
  readonly requestMs: number;
  /** Share of threads that are slow. */
  readonly slowThreads: number;
}

/** Chooses by chance. */
class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  pick<E>(...elements: readonly E[]): E {
    return elements[Math.floor(this.#random.next() * elements.length)] as E;
  }

  /** One of `high` at most, small ones as often as large ones; none at all in some simulations. */
  rate(high: number, share = 0.5): number {
    return this.chance(share) ? high * 10 ** (-1.5 * this.#random.next()) : 0;
  }
}

const limitsOf = (dice: Dice): Partial<Limits> => ({
  batchRows: dice.pick(1, 2, 3, 7),
  ringBytes: dice.pick(256, 512, 1024, 4096),
  localQueueBatches: dice.pick(1, 2, 4),
  pooledBatches: dice.pick(1, 3, 6),
  idleRounds: dice.pick(1, 2),
  hostRows: dice.pick(1, 7, 64),
  snapshotUnits: dice.pick(1, 2, 7, 1024),
  stateSegments: dice.pick(1, 2, 4),
  inlineStateBytes: dice.pick(1, 64, 20_480),
  stateWriteBytes: dice.pick(16, 256, 65_536),
  sinkBytes: dice.pick(1, 40),
  cancelMs: dice.pick(5, 50),
  readBytes: dice.pick(64, 1024),
  splitBytes: dice.pick(256, 4096),
  splitBytesMin: dice.pick(64, 256),
  hostReplayRecords: dice.pick(3, 10, 100_000),
  diskSegmentBytes: dice.pick(64, 512, 65_536),
  diskSegmentFiles: dice.pick(1, 2, 8),
});

/** @param returns whether the output can be put back, and rows that come again can be told from others */
const savepointsOf = (dice: Dice, returns: boolean): SimulatedSavepoints => ({
  taken: dice.rate(0.1, 0.4),
  stops: dice.rate(0.05, 0.3),
  returns: returns ? dice.rate(0.1, 0.7) : 0,
});

const strategyOf = (dice: Dice): RestartStrategy =>
  dice.pick(
    restart.fixedDelay({ attempts: 100, delay: dice.pick(0, 1, 20) }),
    restart.fixedDelay({ attempts: 1, delay: 1 }),
    restart.exponentialDelay({ initial: 1, max: 50 }),
    restart.failureRate({ max: 3, interval: '1s', delay: 1 }),
    restart.none(),
  );

/** With a parallelism of 1 there may be fewer exchanges: rows that an unaligned checkpoint has taken along then find no way. */
function parallelismsOf(dice: Dice, overtakes: boolean): readonly number[] {
  const smallest = overtakes ? 2 : 1;
  return Array.from({ length: 3 }, () => dice.pick(smallest, 2, 3));
}

/** @param aligns whether no checkpoint is to be unaligned */
export function planSimulation(random: Random, { aligns }: { readonly aligns: boolean }): SimulationPlan {
  const dice = new Dice(random);
  const checkpoint: CheckpointConfig = {
    interval: dice.pick(2, 5, 10, 30),
    mode: dice.chance(0.9) ? 'exactly-once' : 'at-least-once',
    minPause: dice.pick(0, 0, 3),
    ...(dice.chance(0.3) ? { timeout: dice.pick(5, 20) } : {}),
    maxConcurrent: dice.pick(1, 1, 2, 3),
    tolerableFailures: dice.pick(0, 2, 100),
    retain: dice.pick(1, 1, 2),
    incremental: dice.chance(0.75),
  };
  const damage = dice.chance(0.05) ? 0.3 : 0;
  const overtakes = !aligns && checkpoint.mode === 'exactly-once' && checkpoint.maxConcurrent === 1 && dice.chance(0.4);
  const unaligned = overtakes ? dice.pick<CheckpointConfig['unaligned'] & {}>(true, { afterAlignmentTimeout: dice.pick(0, 1, 5) }) : false;
  const sink = dice.chance(0.75) ? 'ledger' : 'files';
  const rescales = dice.chance(0.5);
  const first = dice.pick(1, 2, 2, 3);
  return {
    safetySteps: dice.pick(100, 200, 500),
    parallelisms: rescales ? parallelismsOf(dice, unaligned !== false) : [first],
    checkpoint: { ...checkpoint, unaligned, ...(damage > 0 ? { retain: 3 } : {}) },
    config: {
      maxParallelism: dice.pick(3, 8, 128),
      bufferTimeout: dice.pick(0, 1, 5),
      autoWatermarkInterval: dice.pick(0, 1, 10),
      runtimeMode: 'streaming',
      localAggregation: dice.chance(0.5),
      chaining: dice.chance(0.8),
      restart: strategyOf(dice),
      limits: limitsOf(dice),
      ...(dice.chance(0.25) ? { stateBackend: disk({ memory: dice.pick(1, 2000, 100_000) }) } : {}),
    },
    faults: {
      workerDeath: dice.rate(0.01, 0.6),
      processDeath: dice.rate(0.01, 0.8),
      machineCrash: dice.pick(0, 0.5, 1),
      userFunction: dice.rate(0.01),
      diskFailure: dice.rate(0.05, 0.25),
      diskFull: dice.rate(0.01, 0.25),
      ledgerFailure: dice.rate(0.1, 0.3),
      damage,
    },
    savepoints: savepointsOf(dice, sink === 'ledger' && damage === 0),
    sink,
    readingMs: dice.pick(0.05, 0.2, 0.5),
    syncMs: dice.pick(0, 1, 20),
    requestMs: dice.pick(0, 1, 20),
    slowThreads: dice.pick(0, 0, 0.3),
  };
}
