/** Real parts of a worker, put together by hand: the subtasks of a job's first slot, driven by the test, on a manual clock. */

import { type Limits, limitsWith } from '../../src/base/limits.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { System } from '../../src/base/system.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { SplitAssigner } from '../../src/cluster/split-assigner.ts';
import type { Source, SourceReaderContext } from '../../src/graph/source.ts';
import type { StreamEnvironment } from '../../src/index.ts';
import { createCounterMemory, SubtaskCounters } from '../../src/metrics/counters.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { createAlignmentMemories, planDescription, subtaskCount, subtaskNumber } from '../../src/runtime/plan.ts';
import { buildSlot, type Wiring } from '../../src/runtime/slot.ts';
import type { SourceInput } from '../../src/runtime/source-input.ts';
import type { Subtask } from '../../src/runtime/subtask.ts';
import { withoutCheckpoints } from '../../src/runtime/without-checkpoints.ts';
import { ManualClock } from '../../src/testing/index.ts';

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop turn until something holds. @throws when it does not come to hold in any number of turns that makes sense */
export async function turnsUntil(holds: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 10_000) throw new Error(`in vain: ${what}`);
    await turn();
  }
}

export function manualClock(): ManualClock {
  return new ManualClock(0, (callback) => void setImmediate(callback));
}

export function manualSystem(clock: ManualClock): System {
  return { clock, timers: clock, random: seededRandom(1), storage: nodeSystem().storage };
}

export interface Slot {
  readonly subtasks: readonly Subtask[];
  readonly limits: Limits;
  /** By index in the plan. */
  readonly channels: readonly LocalChannel[];
  readonly counters: readonly SubtaskCounters[];
  /** Errors that came outside of a step. */
  readonly failures: unknown[];
  wakes: number;
}

/** The subtasks of a job with parallelism 1, their operators opened. All channels are queues, those of the host too. */
export async function buildOnlySlot(env: StreamEnvironment, clock: ManualClock, wake: () => void = () => {}): Promise<Slot> {
  const job = env.describe('test');
  const plan = planDescription(job);
  const system = manualSystem(clock);
  const limits = limitsWith(job.limits);
  const channels = plan.channels.map(() => new LocalChannel(limits.localQueueBatches, limits.pooledBatches));
  const wiring: Wiring = { writer: (channel) => channels[channel] as LocalChannel, reader: (channel) => channels[channel] as LocalChannel };
  const splits = await SplitAssigner.enumerate(plan, { system, limits });
  const memory = createCounterMemory(subtaskCount(plan));
  const failures: unknown[] = [];
  const built = buildSlot({
    plan,
    slot: 0,
    jobName: job.name,
    bufferTimeoutMs: job.bufferTimeoutMs,
    limits,
    system,
    wiring,
    counters: (stage, subtask) => new SubtaskCounters(memory, subtaskNumber(plan, stage, subtask)),
    alignments: createAlignmentMemories(plan),
    ...withoutCheckpoints,
    requestSplit: (stage) => {
      const input = built.find((each) => each.stage === stage)?.task.input as SourceInput;
      const split = splits.next(stage);
      if (split === undefined) input.noMoreSplits();
      else input.addSplit(split);
      slot.wakes++;
      wake();
    },
    wake: () => {
      slot.wakes++;
      wake();
    },
    fail: (error) => void failures.push(error),
    warn: () => {},
    countBad: () => {},
  });
  const slot: Slot = {
    subtasks: built.map(({ task }) => task),
    limits,
    channels,
    counters: built.map(({ stage, subtask }) => new SubtaskCounters(memory, subtaskNumber(plan, stage, subtask))),
    failures,
    wakes: 0,
  };
  for (const { task } of built) task.open();
  return slot;
}

/** A source whose records the test hands in, one batch a time. */
export class HandFedSource implements Source<unknown> {
  readonly name = 'by hand';
  readonly bounded: boolean;
  readonly parallelismMax = 1;
  readonly closes: number[] = [];
  #context: SourceReaderContext | undefined;
  #batches: unknown[][] = [];
  #ended = false;

  constructor(bounded = false) {
    this.bounded = bounded;
  }

  enumerate() {
    return [{ id: 'all' }];
  }

  createReader(context: SourceReaderContext) {
    this.#context = context;
    let hasSplit = false;
    return {
      addSplit: () => {
        hasSplit = true;
      },
      noMoreSplits: () => {},
      poll: () => {
        if (!hasSplit) return 'needs-split' as const;
        return this.#batches.shift() ?? (this.#ended ? ('end' as const) : ('pending' as const));
      },
      splits: () => [],
      close: () => void this.closes.push(1),
    };
  }

  feed(...records: unknown[]): void {
    this.#batches.push(records);
    this.#context?.wake();
  }

  end(): void {
    this.#ended = true;
    this.#context?.wake();
  }
}
