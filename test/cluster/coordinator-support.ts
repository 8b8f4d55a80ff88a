/** The coordinator of checkpoints on a disk in memory, with the test in the place of the attempt and its workers. */

import { limitsWith } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import { CheckpointCoordinator, type CheckpointedAttempt } from '../../src/cluster/checkpoint-coordinator.ts';
import { CheckpointStore } from '../../src/cluster/checkpoint-store.ts';
import type { CheckpointConfig, CheckpointInfo } from '../../src/index.ts';
import { planDescription } from '../../src/runtime/plan.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { type CheckpointTrigger, noStatistics } from '../../src/wire/messages.ts';
import type { OperatorState, SubtaskState } from '../../src/wire/state-handles.ts';
import { VirtualDisk } from '../checkpoint/virtual-disk.ts';
import { manualClock } from '../runtime/support.ts';

export const stateDir = '/jobs/counts';

export interface CoordinatorBench {
  readonly disk: VirtualDisk;
  readonly clock: ReturnType<typeof manualClock>;
  readonly store: CheckpointStore;
  readonly coordinator: CheckpointCoordinator;
  /** What the attempt was told: `trigger 3`, `completed 3`, `aborted 3`, `fail …`. */
  readonly told: string[];
  readonly triggers: CheckpointTrigger[];
  readonly infos: CheckpointInfo[];
  readonly warnings: string[];
  /** The only subtask acknowledges a checkpoint. */
  acknowledge(checkpoint: number, operators?: readonly OperatorState[]): void;
}

/** Of a job with one subtask, which has begun to run. */
export function coordinatorBench(checkpoint: CheckpointConfig, disk = new VirtualDisk()): CoordinatorBench {
  const clock = manualClock();
  const env = new TestEnvironment({ checkpoint, stateDir });
  env.fromSequence(1, 3, { parallelism: 1 }).sinkTo({ name: 'nowhere', createWriter: () => ({ write() {} }) });
  const job = env.describe('counts');
  const plan = planDescription(job);
  const limits = limitsWith();
  const system = { clock, timers: clock, random: seededRandom(1), storage: disk.storage };
  const told: string[] = [];
  const triggers: CheckpointTrigger[] = [];
  const infos: CheckpointInfo[] = [];
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const store = new CheckpointStore({ faultTolerance: job.faultTolerance, system, limits, stateDir, warn });
  store.open();
  const coordinator = new CheckpointCoordinator({ job, plan, system, limits, store, warn, ended: (info) => void infos.push(info) });
  const attempt: CheckpointedAttempt = {
    trigger: (trigger) => {
      triggers.push(trigger);
      told.push(`trigger ${trigger.checkpoint}`);
      return { unassigned: new Map(), inOrder: (_, splits) => splits, hostInputs: {} };
    },
    overtake: () => [],
    completed: (id) => void told.push(`completed ${id}`),
    aborted: (id) => void told.push(`aborted ${id}`),
    hasPassed: () => true,
    hasBacklog: false,
    fail: (error) => void told.push(`fail ${error.message}`),
  };
  coordinator.begin(attempt);
  const nothing: readonly OperatorState[] = (plan.job.stages[0]?.operators ?? []).map(() => ({ keyed: {}, parts: {} }));
  const acknowledge = (id: number, operators = nothing): void => {
    const state: SubtaskState = { operators, splits: [], inFlight: [] };
    coordinator.acknowledge({ type: 'checkpoint-acknowledged', checkpoint: id, stage: 0, subtask: 0, state, statistics: noStatistics });
  };
  return { disk, clock, store, coordinator, told, triggers, infos, warnings, acknowledge };
}
