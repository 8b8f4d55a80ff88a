/** What must hold of a running job's metrics, looked at again and again: watermarks never go back, and queues have bounds. */

import type { JobClient } from '../../api/job-client.ts';

/** More elements than any queue of a simulation holds with all channels of a subtask. */
const queuedMax = 64;

export class SteadyProgress {
  readonly #watermarks = new Map<string, number>();

  /** @throws Error */
  look(job: Pick<JobClient, 'metrics' | 'status'>): void {
    if (job.status() !== 'running') return;
    for (const [stage, { name, subtasks }] of job.metrics().stages.entries()) {
      for (const [subtask, { watermark, queuedIn }] of subtasks.entries()) {
        const place = `${stage}.${subtask}`;
        const before = this.#watermarks.get(place) ?? Number.NEGATIVE_INFINITY;
        if (watermark < before) throw new Error(`the watermark of '${name}' (${subtask}) went back from ${before} to ${watermark}`);
        this.#watermarks.set(place, watermark);
        if (queuedIn > queuedMax) throw new Error(`${queuedIn} elements wait in front of '${name}' (${subtask})`);
      }
    }
  }
}
