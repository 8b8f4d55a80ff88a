/** The metrics of a job as they stand, read from memory that its threads share: no thread is asked, and none waits. */

import type { JobMetrics, SubtaskMetrics } from '../api/job-client.ts';
import { ringBytesWaiting } from '../channel/ring.ts';
import type { Stage } from '../graph/job.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { type BadRecordCount, sumOfBadRecords } from '../metrics/bad-records.ts';
import { SubtaskCounters } from '../metrics/counters.ts';
import { subtaskCount, subtaskNumber } from '../runtime/plan.ts';
import type { SharedJobMemory } from '../wire/messages.ts';

export interface MeteredJob {
  readonly plan: PhysicalPlan;
  readonly memory: Pick<SharedJobMemory, 'rings' | 'counters'>;
  /** Bytes that the sources will read in all, where they know. */
  readonly inputBytes: number | undefined;
  /** What threads have told. */
  readonly badRecords: Iterable<BadRecordCount>;
}

export function jobMetrics(job: MeteredJob): JobMetrics {
  const stages = job.plan.job.stages.map((stage) => ({
    name: stage.operators.map((operator) => operator.name).join(' → '),
    subtasks: Array.from({ length: stage.parallelism }, (_, subtask) => subtaskMetrics(job, stage, subtask)),
  }));
  return { stages, inputBytes: job.inputBytes, badRecords: sumOfBadRecords(job.badRecords) };
}

/** Whether a source catches up with what was there before it came. */
export function hasBacklog({ plan, memory }: Pick<MeteredJob, 'plan' | 'memory'>): boolean {
  const subtasks = Array.from({ length: subtaskCount(plan) }, (_, number) => new SubtaskCounters(memory.counters, number).read());
  return subtasks.some(({ backlog }) => backlog > 0);
}

/** Its own counters, and the bytes in the rings on both sides of it. */
function subtaskMetrics({ plan, memory }: MeteredJob, stage: Stage, subtask: number): SubtaskMetrics {
  const { backlog: _, ...counters } = new SubtaskCounters(memory.counters, subtaskNumber(plan, stage.id, subtask)).read();
  let queuedBytesIn = 0;
  let queuedBytesOut = 0;
  for (const [index, channel] of plan.channels.entries()) {
    const ring = memory.rings[index];
    if (ring === undefined) continue;
    if (channel.to === subtask && stage.inputs.includes(channel.exchange)) queuedBytesIn += ringBytesWaiting(ring);
    if (channel.from === subtask && stage.outputs.includes(channel.exchange)) queuedBytesOut += ringBytesWaiting(ring);
  }
  return { ...counters, queuedBytesIn, queuedBytesOut };
}
