/** The memory that the threads of one attempt at a job share, and the host's ends of the channels in it. */

import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import { Doorbell, doorbellBytes } from '../channel/doorbell.ts';
import { RingChannelReader, RingChannelWriter } from '../channel/ring-channel.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { createCounterMemory } from '../metrics/counters.ts';
import { createAlignmentMemories, createRings, subtaskCount } from '../runtime/plan.ts';
import type { Wiring } from '../runtime/slot.ts';
import type { SharedJobMemory } from '../wire/messages.ts';

/** A ring for every channel that leaves its thread. */
export function createJobMemory(plan: PhysicalPlan, limits: Limits): SharedJobMemory {
  return {
    rings: createRings(plan, limits),
    alignments: createAlignmentMemories(plan),
    doorbells: Array.from({ length: plan.slots }, () => new SharedArrayBuffer(doorbellBytes)),
    hostDoorbell: new SharedArrayBuffer(doorbellBytes),
    counters: createCounterMemory(subtaskCount(plan)),
  };
}

/** The ends of the channels between the workers and the host. */
export function hostWiring({ rings, doorbells }: SharedJobMemory, plan: PhysicalPlan, limits: Limits, { waits }: System): Wiring {
  const bell = (slot: number): (() => void) => {
    const doorbell = new Doorbell(doorbells[slot] as SharedArrayBuffer, waits);
    return () => doorbell.ring();
  };
  return {
    writer: (channel) =>
      new RingChannelWriter(rings[channel] as SharedArrayBuffer, bell(plan.channels[channel]?.toSlot as number), limits.pooledBatches),
    reader: (channel) => new RingChannelReader(rings[channel] as SharedArrayBuffer, bell(plan.channels[channel]?.fromSlot as number)),
  };
}
