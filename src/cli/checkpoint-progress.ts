/** What people want to know of a running job's checkpoints, from what it tells of them: pure, with the times handed in. */

import type { CheckpointInfo } from '../api/job-client.ts';
import { ageText, bytesText, durationText } from './quantities.ts';

export class CheckpointProgress {
  #last: CheckpointInfo | undefined;
  #failed = 0;
  #restarts = 0;

  ended(checkpoint: CheckpointInfo): void {
    if (checkpoint.status === 'failed') this.#failed++;
    else if (checkpoint.savepoint === undefined) this.#last = checkpoint;
  }

  restarted(): void {
    this.#restarts++;
  }

  /** The last checkpoint that the job has completed. */
  get last(): CheckpointInfo | undefined {
    return this.#last;
  }

  /** Pieces of the line of progress. @param now milliseconds since 1970 */
  parts(now: number): string[] {
    const parts: string[] = [];
    if (this.#last !== undefined) {
      const { id, triggeredAt, durationMs, bytes } = this.#last;
      parts.push(`checkpoint ${id}, ${ageText(now - triggeredAt)} ago, ${durationText(durationMs)}, ${bytesText(bytes)}`);
    }
    if (this.#failed > 0) parts.push(`${this.#failed} failed`);
    if (this.#restarts > 0) parts.push(`${this.#restarts} ${this.#restarts === 1 ? 'restart' : 'restarts'}`);
    return parts;
  }
}
