/** From a job's description to its physical plan: the same on the host and on every worker. */

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
