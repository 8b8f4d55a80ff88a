/** From a job's description to its physical plan: the same on the host and on every worker. */

import { type Limits, ringBytesFor } from '../base/limits.ts';
import { createRingMemory } from '../channel/ring.ts';
import { planJob } from '../graph/job.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { resolveRuntimeMode } from '../graph/logical.ts';
import { type PhysicalPlan, planPhysical } from '../graph/physical.ts';

export function planDescription(job: JobDescription): PhysicalPlan {
  const mode = resolveRuntimeMode(job.graph, job.mode);
  return planPhysical(planJob(job.graph, { mode, localAggregation: job.localAggregation, chaining: job.chaining }));
}

/** Numbers the subtasks of a plan: where their counters lie. */
export function subtaskNumber(plan: PhysicalPlan, stage: number, subtask: number): number {
  let number = subtask;
  for (const each of plan.job.stages) if (each.id < stage) number += each.parallelism;
  return number;
}

export function subtaskCount(plan: PhysicalPlan): number {
  return plan.job.stages.reduce((sum, stage) => sum + stage.parallelism, 0);
}

/** A ring for every channel that leaves its slot; undefined for one within it. */
export function createRings(plan: PhysicalPlan, limits: Limits): (SharedArrayBuffer | undefined)[] {
  const channels = new Map<number, number>();
  for (const { exchange } of plan.channels) channels.set(exchange, (channels.get(exchange) ?? 0) + 1);
  return plan.channels.map(({ exchange, fromSlot, toSlot }) =>
    fromSlot === toSlot ? undefined : createRingMemory(ringBytesFor(limits, channels.get(exchange) as number)),
  );
}
