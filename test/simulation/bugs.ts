/**
 * Bugs, put into the engine on purpose: by messages that are not what was sent, a disk that does not do what it says, or methods that are
 * replaced while a simulation runs.
 */

import type { Storage, WritableFile } from '../../src/base/system.ts';
import type { OperatorManifest } from '../../src/checkpoint/manifest.ts';
import { CheckpointStore } from '../../src/cluster/checkpoint-store.ts';
import { HostEndpoints } from '../../src/cluster/host-endpoints.ts';
import { HostInput } from '../../src/cluster/host-input.ts';
import { JobAttempt } from '../../src/cluster/job-attempt.ts';
import { SplitAssigner } from '../../src/cluster/split-assigner.ts';
import { disk, heap } from '../../src/index.ts';
import { SinkCommitter } from '../../src/operators/sink-committer.ts';
import { PlaceIndex } from '../../src/state/disk/place-index.ts';
import { StateLog } from '../../src/state/state-log.ts';
import type { SimulationPlan } from '../../src/testing/index.ts';
import { Ledger } from '../../src/testing/simulation/ledger.ts';
import type { SimulationOptions } from '../../src/testing/simulation/simulate.ts';
import { noSavepoints } from '../../src/testing/simulation/simulation-plan.ts';
import type { HostMessage, WorkerMessage } from '../../src/wire/messages.ts';
import type { OperatorState, SubtaskState } from '../../src/wire/state-handles.ts';
import type { JobName } from './jobs.ts';

type Tamper = NonNullable<SimulationOptions['tamper']>;

export interface Bug {
  readonly name: string;
  /** A job that it does harm to. */
  readonly job: JobName;
  readonly tamper?: Tamper;
  /** Replaces a method. Returns what puts it back. */
  readonly replace?: () => () => void;
  /** Circumstances in which it soon does harm. */
  readonly plan?: (plan: SimulationPlan) => SimulationPlan;
  /** The seed that is tried first: one with which it was noticed, where that took many. */
  readonly from?: number;
}

/** Replaces a method of a class, or of an object, by what is made of it. */
function replaced<O extends object, M extends keyof O>(owner: O, method: M, make: (original: O[M]) => O[M]): () => void {
  const original = owner[method];
  owner[method] = make(original);
  return () => {
    owner[method] = original;
  };
}

/** Changes what subtasks say of their state. */
function states(change: (state: SubtaskState) => SubtaskState): Tamper {
  return {
    message: (message) => {
      const sent = message as WorkerMessage;
      if (sent.type !== 'checkpoint-acknowledged' || sent.state === 'finished') return message;
      return { ...sent, state: change(sent.state) };
    },
  };
}

const operators = (change: (operator: OperatorState) => OperatorState): Tamper =>
  states((state) => ({ ...state, operators: state.operators.map(change) }));

function without<V>(record: Readonly<Record<string, V>>, names: readonly string[]): Record<string, V> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

/** Changes the files that are written. */
function files(change: (file: WritableFile, path: string) => WritableFile): Tamper {
  return {
    storage: (storage) => ({
      ...storage,
      create: (path) => change(storage.create(path), path),
      createNew: (path) => change(storage.createNew(path), path),
      append: (path, length) => change(storage.append(path, length), path),
    }),
  };
}

const unsynced = (file: WritableFile): WritableFile => ({ ...file, sync: () => {}, syncSoon: async () => {} });

const often =
  (faults: Partial<SimulationPlan['faults']>) =>
  (plan: SimulationPlan): SimulationPlan => ({
    ...plan,
    safetySteps: 800,
    config: { ...plan.config, stateBackend: heap() },
    checkpoint: { interval: 5, tolerableFailures: 100, maxConcurrent: plan.checkpoint.maxConcurrent ?? 1, incremental: true },
    faults: { ...plan.faults, diskFailure: 0, diskFull: 0, ledgerFailure: 0, damage: 0, processDeath: 0.01, ...faults },
    savepoints: noSavepoints,
    sink: 'ledger',
  });

const crashes = often({ machineCrash: 1 });
const restarts = often({ machineCrash: 0, workerDeath: 0.01 });

/** With other parallelisms at each start. */
const rescales = (plan: SimulationPlan): SimulationPlan => ({ ...restarts(plan), parallelisms: [2, 3, 1] });

/** Several channels into each subtask. */
const several = (plan: SimulationPlan): SimulationPlan => ({ ...restarts(plan), parallelisms: [3] });

function offsetOfNext(state: SubtaskState): SubtaskState {
  const splits = state.splits.map((split) => {
    const { next, last } = split as { readonly next: number; readonly last: number };
    return next > 0 && next < last ? { ...(split as object), next: next - 1 } : split;
  });
  return { ...state, splits };
}

/** Removes the files of state of earlier checkpoints as soon as one is complete, whoever names them. */
function removing(storage: Storage): Storage {
  return {
    ...storage,
    rename(from, to) {
      storage.rename(from, to);
      const id = /checkpoint-(\d+)\.manifest$/.exec(to)?.[1];
      if (id === undefined) return;
      for (const name of storage.entries('/state/state')) if (name.slice(0, 6) < id) storage.remove(`/state/state/${name}`);
    },
  };
}

const inFiles = (plan: SimulationPlan): SimulationPlan => ({
  ...crashes(plan),
  config: { ...plan.config, stateBackend: heap(), limits: { ...plan.config.limits, inlineStateBytes: 1 } },
});

const onDisk = (plan: SimulationPlan): SimulationPlan => ({
  ...restarts(plan),
  config: { ...plan.config, stateBackend: disk({ memory: 1 }) },
});

const damages = (plan: SimulationPlan): SimulationPlan => {
  const { checkpoint, faults, ...often } = inFiles(plan);
  return { ...often, checkpoint: { ...checkpoint, retain: 3 }, faults: { ...faults, machineCrash: 0, damage: 1 } };
};

/** Somebody stops the job, which now and then does not hear that something is committed. */
const stops = (plan: SimulationPlan): SimulationPlan => ({
  ...often({ processDeath: 0, workerDeath: 0, ledgerFailure: 0.2 })(plan),
  parallelisms: [3],
  savepoints: { taken: 0, stops: 0.05, returns: 0 },
});

/** Somebody takes savepoints, and goes back to them. */
const returns = (plan: SimulationPlan): SimulationPlan => ({ ...restarts(plan), savepoints: { taken: 0.1, stops: 0, returns: 0.02 } });

function withoutTransactions(operator: OperatorManifest): OperatorManifest {
  const subtasks = operator.subtasks.map((subtask) => ({ ...subtask, parts: without(subtask.parts, ['transactions']) }));
  return { ...operator, subtasks };
}

type Acknowledged = Extract<WorkerMessage, { type: 'checkpoint-acknowledged' }>;

/** By subtask, what it acknowledged last, and in which deployment. */
const acknowledged = new Map<string, { readonly sent: Acknowledged; readonly deployment: number }>();
let deployments = 0;

/** The first acknowledgement of a subtask in an attempt is the last of the attempt before. */
function earlierInstead(message: WorkerMessage | HostMessage): unknown {
  if (message.type === 'deploy') deployments++;
  if (message.type !== 'checkpoint-acknowledged') return message;
  const place = `${message.stage}.${message.subtask}`;
  const before = acknowledged.get(place);
  acknowledged.set(place, { sent: message, deployment: deployments });
  if (before === undefined || before.deployment === deployments) return message;
  return { ...before.sent, checkpoint: message.checkpoint };
}

/** Units that have been marked before. */
const seen = new WeakMap<StateLog, Set<number>>();

export const bugs: readonly Bug[] = [
  {
    name: 'barriers are not aligned',
    job: 'counting',
    plan: several,
    tamper: {
      message: (message) => {
        const { checkpoints } = message as Extract<HostMessage, { type: 'deploy' }>;
        return message.type === 'deploy' ? { ...message, checkpoints: { ...checkpoints, exactlyOnce: false } } : message;
      },
    },
  },
  {
    name: 'a dirty mark is forgotten now and then',
    job: 'counting',
    plan: restarts,
    from: 30,
    replace: () =>
      replaced(
        StateLog.prototype,
        'touch',
        (touch) =>
          function (this: StateLog, unit) {
            // Its first mark it gets, or it would not be there at all.
            const marked = (seen.get(this) ?? new Set<number>()).has(unit);
            seen.set(this, (seen.get(this) ?? new Set<number>()).add(unit));
            if (!marked || unit % 2 === 0) touch.call(this, unit);
          },
      ),
  },
  {
    name: 'what a key leaves is not released',
    job: 'timers',
    plan: restarts,
    replace: () => replaced(StateLog.prototype, 'release', () => () => {}),
  },
  {
    name: 'a manifest gets its name before it is on the disk',
    job: 'counting',
    plan: crashes,
    tamper: files((file, path) => (path.endsWith('.unfinished') ? unsynced(file) : file)),
  },
  {
    name: 'files of state are not made durable',
    job: 'counting',
    plan: inFiles,
    tamper: files((file, path) => (path.endsWith('.state') ? unsynced(file) : file)),
  },
  {
    name: 'names of files of state are not made durable',
    job: 'counting',
    plan: inFiles,
    tamper: { storage: (storage) => ({ ...storage, syncDirectory: async () => {} }) },
  },
  {
    name: 'timers are not in the snapshot',
    job: 'timers',
    plan: restarts,
    tamper: operators((operator) => ({ ...operator, keyed: without(operator.keyed, ['event-timers']) })),
  },
  {
    name: 'a transaction is committed twice',
    job: 'counting',
    plan: restarts,
    replace: () => replaced(Ledger.prototype, 'isCommitted', () => () => false),
  },
  {
    name: 'transactions are committed before their checkpoint is complete',
    job: 'counting',
    plan: restarts,
    replace: () =>
      replaced(
        SinkCommitter.prototype,
        'prepare',
        (prepare) =>
          async function (this: SinkCommitter, checkpoint, isLast) {
            await prepare.call(this, checkpoint, isLast);
            if (checkpoint !== undefined) await this.commit(checkpoint);
          },
      ),
  },
  {
    name: 'pending transactions are dropped at a restore',
    job: 'counting',
    plan: restarts,
    replace: () => replaced(SinkCommitter.prototype, 'commitRestored', () => () => {}),
  },
  { name: 'the offset of a source is one too low', job: 'counting', plan: restarts, tamper: states(offsetOfNext) },
  {
    name: 'lists of stale entries are forgotten',
    job: 'counting',
    plan: restarts,
    tamper: operators((operator) => ({
      ...operator,
      keyed: Object.fromEntries(
        Object.entries(operator.keyed).map(([name, segments]) => [name, segments.map((segment) => ({ ...segment, stale: [] }))]),
      ),
    })),
  },
  {
    name: 'a split is handed out twice after a recovery',
    job: 'counting',
    plan: restarts,
    replace: () =>
      replaced(SplitAssigner, 'enumerate', (enumerate) => (plan, context, left) => {
        const twice =
          left === undefined ? undefined : new Map([...left].map(([stage, splits]) => [stage, [...splits, ...splits.slice(0, 1)]]));
        return enumerate.call(SplitAssigner, plan, context, twice);
      }),
  },
  {
    name: 'splits of a dead attempt are not handed out again',
    job: 'counting',
    plan: restarts,
    replace: () => {
      const assigners = new Map<unknown, SplitAssigner>();
      return replaced(SplitAssigner, 'enumerate', (enumerate) => async (plan, context, left) => {
        const assigner = assigners.get(plan) ?? (await enumerate.call(SplitAssigner, plan, context, left));
        assigners.set(plan, assigner);
        return assigner;
      });
    },
  },
  {
    name: 'the watermark is not restored',
    job: 'lateness',
    plan: restarts,
    from: 17,
    tamper: operators((operator) => ({
      ...operator,
      parts: without(operator.parts, ['$watermark', 'time', 'event-time', 'watermark', 'splits']),
    })),
  },
  {
    name: 'files of old checkpoints are removed too early',
    job: 'counting',
    plan: inFiles,
    tamper: { storage: removing },
  },
  {
    name: 'after rescaling, subtasks take entries of keys that others own',
    job: 'timers',
    plan: rescales,
    replace: () =>
      replaced(
        StateLog.prototype,
        'read',
        (read) =>
          function (this: StateLog, segment, _owns, adopts) {
            read.call(this, segment, () => true, adopts);
          },
      ),
  },
  {
    name: 'word of a completed checkpoint comes before its manifest is there',
    job: 'counting',
    plan: crashes,
    replace: () =>
      replaced(
        JobAttempt.prototype,
        'hasPassed',
        (hasPassed) =>
          function (this: JobAttempt, checkpoint) {
            const passed = hasPassed.call(this, checkpoint);
            // It is asked right before the manifest is written.
            if (passed) this.completed(checkpoint);
            return passed;
          },
      ),
  },
  {
    name: 'names of directories above that of the checkpoints are not made durable',
    job: 'counting',
    plan: inFiles,
    from: 17,
    tamper: {
      storage: (storage) => ({ ...storage, syncDirectory: async (path) => (path === '/' ? undefined : storage.syncDirectory(path)) }),
    },
  },
  {
    name: 'a checkpoint of which files are damaged is gone on from again and again',
    job: 'counting',
    plan: damages,
    replace: () => replaced(CheckpointStore.prototype, 'distrust', () => () => {}),
  },
  {
    name: 'what is in a savepoint to be committed is forgotten',
    job: 'counting',
    plan: returns,
    replace: () =>
      replaced(
        CheckpointStore.prototype,
        'readFrom',
        (readFrom) =>
          function (this: CheckpointStore, path) {
            const { manifest, directory } = readFrom.call(this, path);
            return { manifest: { ...manifest, operators: manifest.operators.map(withoutTransactions) }, directory };
          },
      ),
  },
  {
    name: 'a job that has ended with a savepoint, and failed, goes on from the checkpoint before',
    job: 'clocked',
    plan: stops,
    replace: () => replaced(CheckpointStore.prototype, 'suspended', () => () => {}),
  },
  {
    name: 'records of the host are acknowledged when a checkpoint begins',
    job: 'hosted',
    plan: restarts,
    replace: () =>
      replaced(
        HostEndpoints.prototype,
        'barrier',
        (barrier) =>
          function (this: HostEndpoints, checkpoint) {
            const records = barrier.call(this, checkpoint);
            this.checkpointed(checkpoint);
            return records;
          },
      ),
  },
  {
    name: 'of the records of the host that are to be sent again the first is not',
    job: 'hosted',
    plan: restarts,
    replace: () =>
      replaced(
        HostInput.prototype,
        'rewire',
        (rewire) =>
          function (this: HostInput, writers, sent) {
            rewire.call(this, writers, sent + 1);
          },
      ),
  },
  {
    name: 'a job that goes on does not say which records of the host it has',
    job: 'hosted',
    plan: restarts,
    replace: () => replaced(HostEndpoints.prototype, 'startFrom', () => () => {}),
  },
  {
    name: 'records whose calls are on their way are not in the snapshot',
    job: 'asynchronous',
    plan: restarts,
    tamper: operators((operator) => ({ ...operator, parts: without(operator.parts, ['records']) })),
  },
  {
    name: 'timers of processing time are not in the snapshot',
    job: 'clocked',
    plan: restarts,
    tamper: operators((operator) => ({ ...operator, keyed: without(operator.keyed, ['processing-timers']) })),
  },
  {
    name: 'what a key has on disk is not found when it comes again',
    job: 'counting',
    plan: onDisk,
    replace: () => replaced(PlaceIndex.prototype, 'find', () => () => -1),
  },
  {
    name: 'what a dead attempt has acknowledged is taken for the present one',
    job: 'counting',
    plan: restarts,
    tamper: { message: (message) => earlierInstead(message as WorkerMessage | HostMessage) },
  },
];
