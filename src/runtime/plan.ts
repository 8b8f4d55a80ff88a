/** From a job's description to its physical plan: the same on the host and on every worker. */

import type { OperatorId } from '../base/ids.ts';
import { type Limits, ringBytesFor } from '../base/limits.ts';
import { createRingMemory } from '../channel/ring.ts';
import { planJob } from '../graph/job.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { type OperatorSpec, resolveRuntimeMode } from '../graph/logical.ts';
import { type PhysicalPlan, planPhysical } from '../graph/physical.ts';
import type { AssignWatermarksOperator } from '../operators/assign-watermarks.ts';
import { AlignmentGroup, createAlignmentMemory } from '../time/alignment.ts';
import type { Alignment } from '../time/watermarks.ts';

export function planDescription(job: JobDescription): PhysicalPlan {
  const mode = resolveRuntimeMode(job.graph, job.mode);
  const { localAggregation, chaining, faultTolerance } = job;
  return planPhysical(planJob(job.graph, { mode, localAggregation, chaining, checkpoints: faultTolerance.checkpoints !== undefined }));
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

/** Memory in which the subtasks of the operators that are aligned tell each other their watermarks, by group. */
export type AlignmentMemory = Readonly<Record<string, SharedArrayBuffer>>;

/** Number of each aligned operator's first subtask in its group, by operator; and how many subtasks each group has. */
function alignmentGroups(plan: PhysicalPlan): { readonly first: Map<OperatorId, number>; readonly sizes: Map<string, number> } {
  const first = new Map<OperatorId, number>();
  const sizes = new Map<string, number>();
  for (const { id, spec, parallelism } of plan.job.stages.flatMap((stage) => stage.operators)) {
    const group = alignmentOf(spec)?.group;
    if (group === undefined) continue;
    first.set(id, sizes.get(group) ?? 0);
    sizes.set(group, (sizes.get(group) ?? 0) + parallelism);
  }
  return { first, sizes };
}

function alignmentOf(spec: OperatorSpec): Alignment | undefined {
  return (spec as Partial<AssignWatermarksOperator>).strategy?.alignment;
}

export function createAlignmentMemories(plan: PhysicalPlan): AlignmentMemory {
  return Object.fromEntries([...alignmentGroups(plan).sizes].map(([group, subtasks]) => [group, createAlignmentMemory(subtasks)]));
}

/** What a subtask of an aligned operator has of its group. */
export function joinAlignment(
  plan: PhysicalPlan,
  memory: AlignmentMemory,
  { operator, subtask, alignment }: { readonly operator: OperatorId; readonly subtask: number; readonly alignment: Alignment },
): AlignmentGroup {
  return new AlignmentGroup({
    memory: memory[alignment.group] as SharedArrayBuffer,
    subtask: (alignmentGroups(plan).first.get(operator) as number) + subtask,
    maxDriftMs: alignment.maxDriftMs,
    updateIntervalMs: alignment.updateIntervalMs,
  });
}
