/**
 * The real parts that a harness drives: a job of the operator under test between inputs and outputs of the harness, planned,
 * compiled and built as in a worker, with parallelism 1. Runs on the calling thread.
 */

import { DataStream } from '../api/data-stream.ts';
import { edgeFrom } from '../api/graph-builder.ts';
import { type Limits, limitsWith } from '../base/limits.ts';
import { seededRandom } from '../base/random.ts';
import { LocalChannel } from '../channel/local-channel.ts';
import type { Operator } from '../compiler/operator.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { createCounterMemory, SubtaskCounters } from '../metrics/counters.ts';
import type { OutputTag } from '../operators/process/context.ts';
import { nodeSystem } from '../platform/node-system.ts';
import type { ChainedOperator } from '../runtime/chained-operator.ts';
import { createAlignmentMemories, planDescription, subtaskCount, subtaskNumber } from '../runtime/plan.ts';
import { buildSlot, type SlotOptions, type SlotSubtask, type Wiring } from '../runtime/slot.ts';
import { withoutCheckpoints } from '../runtime/without-checkpoints.ts';
import { HarnessFeed, HarnessOutput, StutteringChannel } from './harness-channels.ts';
import type { Wired } from './harness-subject.ts';
import type { ManualClock } from './manual-clock.ts';
import { TestEnvironment } from './test-environment.ts';

export interface HarnessSlotOptions {
  readonly wired: Wired;
  readonly clock: ManualClock;
  readonly runtimeMode: 'streaming' | 'batch';
  readonly limits: Partial<Limits>;
  readonly sideOutputs: readonly OutputTag<unknown>[];
  readonly slowOutput: boolean;
  readonly seed: number;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
  readonly warn: (message: string) => void;
}

/** An operator under test. */
export interface HarnessOperator {
  readonly name: string;
  readonly kind: string;
  readonly instance: ChainedOperator['instance'];
  readonly keyed: ChainedOperator['keyed'];
  readonly failure: ChainedOperator['failure'];
}

export interface HarnessSlot {
  readonly feeds: readonly HarnessFeed[];
  readonly tasks: readonly SlotSubtask['task'][];
  readonly operators: readonly HarnessOperator[];
  readonly main: HarnessOutput;
  /** By id of the side output. */
  readonly sides: ReadonlyMap<string, HarnessOutput>;
  readonly counters: readonly SubtaskCounters[];
  /** How often an output refused an element although there was room. */
  refusals(): number;
}

/** Where records enter: hands them on as they are, through an exchange, which finds their type and key as for any others. */
const entry: Operator = {
  kind: 'harness-input',
  title: 'input',
  functions: {},
  retains: false,
  create: () => ({ generate: (_code, row, emit) => emit(row) }),
};

const inputPrefix = '$in';
const outputPrefix = '$out';

export function buildHarnessSlot(options: HarnessSlotOptions): HarnessSlot {
  const { wired, runtimeMode, limits, sideOutputs, slowOutput, clock } = options;
  const env = new TestEnvironment({ parallelism: 1, bufferTimeout: 0, runtimeMode, limits });
  const inputs = Array.from({ length: wired.inputs }, () => env.addEndpoint('input', inputPrefix, []));
  const streams = inputs.map((input) => {
    const draft = env.builder.add(entry, [edgeFrom(input)]);
    return new DataStream<unknown>(env, [edgeFrom(draft)], draft).disableChaining();
  });
  const built = wired.build(streams);
  const endpoints = [built, ...sideOutputs.map((tag) => built.getSideOutput(tag))].map((stream) =>
    env.addEndpoint('output', outputPrefix, stream.edges),
  );
  const job = env.describe('harness');
  const plan = planDescription(job);
  const feeds = inputs.map(() => new HarnessFeed());
  const stutters = new Set<StutteringChannel>();
  const changed = limitsWith(job.limits);
  const channels = plan.channels.map(({ exchange }) => {
    const { from, to } = plan.job.exchanges[exchange] as PhysicalPlan['job']['exchanges'][number];
    const input = inputs.findIndex(({ id }) => id === from.operator.id);
    if (input >= 0) return (feeds[input] as HarnessFeed).channel;
    if (!slowOutput || !endpoints.some(({ id }) => id === to.operator.id)) return new LocalChannel(changed.localQueueBatches);
    const channel = new StutteringChannel();
    stutters.add(channel);
    return channel;
  });
  const outputs = endpoints.map(({ id }) => {
    const channel = plan.channels.findIndex(({ exchange }) => plan.job.exchanges[exchange]?.to.operator.id === id);
    return new HarnessOutput(channels[channel] as LocalChannel);
  });
  const wiring: Wiring = { writer: (channel) => channels[channel] as LocalChannel, reader: (channel) => channels[channel] as LocalChannel };
  const memory = createCounterMemory(subtaskCount(plan));
  const counters = (stage: number, subtask: number) => new SubtaskCounters(memory, subtaskNumber(plan, stage, subtask));
  const storage = nodeSystem().storage;
  const slotOptions: SlotOptions = {
    plan,
    slot: 0,
    jobName: job.name,
    bufferTimeoutMs: job.bufferTimeoutMs,
    limits: changed,
    system: { clock, timers: clock, random: seededRandom(options.seed), storage },
    wiring,
    counters,
    alignments: createAlignmentMemories(plan),
    ...withoutCheckpoints,
    checkpoints: { exactlyOnce: true, incremental: true, stateDir: '' },
    requestSplit: () => {},
    wake: options.wake,
    fail: options.fail,
    warn: options.warn,
    countBad: () => {},
  };
  const entries = new Set(plan.job.stages.filter(({ operators }) => operators[0]?.spec === entry).map(({ id }) => id as number));
  const subtasks = buildSlot(slotOptions).filter(({ stage }) => !slowOutput || entries.has(stage));
  // What the slow output is filled by is one row; what the operator takes in still comes in batches.
  if (slowOutput)
    subtasks.push(...buildSlot({ ...slotOptions, limits: { ...changed, batchRows: 1 } }).filter(({ stage }) => !entries.has(stage)));
  const operators = subtasks.flatMap(({ stage, task }) =>
    entries.has(stage)
      ? []
      : task.operators.map(({ instance, keyed, failure }, i): HarnessOperator => {
          const operator = plan.job.stages[stage]?.operators[i] as PhysicalPlan['job']['stages'][number]['operators'][number];
          return { name: operator.name, kind: operator.spec.kind, instance, keyed, failure };
        }),
  );
  return {
    feeds,
    tasks: subtasks.map(({ task }) => task),
    operators,
    main: outputs[0] as HarnessOutput,
    sides: new Map(sideOutputs.map(({ id }, i) => [id, outputs[i + 1] as HarnessOutput])),
    counters: subtasks.map(({ stage, subtask }) => counters(stage, subtask)),
    refusals: () => [...stutters].reduce((sum, { refusals }) => sum + refusals, 0),
  };
}
