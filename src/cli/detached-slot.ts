/** A slot of a job on this thread, to look at: what it is given leads nowhere, and nothing of it runs. */

import { limitsWith } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import { LocalChannel } from '../channel/local-channel.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { createCounterMemory, SubtaskCounters } from '../metrics/counters.ts';
import { createAlignmentMemories, planDescription, subtaskCount } from '../runtime/plan.ts';
import type { SlotOptions } from '../runtime/slot.ts';
import { withoutCheckpoints } from '../runtime/without-checkpoints.ts';

export function detachedSlot(job: JobDescription, slot: number, system: System): SlotOptions {
  const plan = planDescription(job);
  const limits = limitsWith(job.limits);
  const nothing = (): void => {};
  const queue = new LocalChannel(limits.localQueueBatches);
  return {
    plan,
    slot,
    jobName: job.name,
    bufferTimeoutMs: job.bufferTimeoutMs,
    limits,
    system,
    wiring: { writer: () => queue, reader: () => queue },
    counters: () => new SubtaskCounters(createCounterMemory(subtaskCount(plan)), 0),
    alignments: createAlignmentMemories(plan),
    ...withoutCheckpoints,
    requestSplit: nothing,
    wake: nothing,
    fail: nothing,
    countBad: () => {},
    warn: nothing,
  };
}
