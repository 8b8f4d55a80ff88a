/** Gathers what is watched while the job runs: from its subtasks, from the process, and from its checkpoints. */
import { BroadcastChannel } from 'node:worker_threads';
import { LatencyHistogram } from '../runner/latency-histogram.mjs';
import { nowMs } from './clock.mjs';
import { observationChannel } from './observer.mjs';

/**
 * @typedef {import('./observer.mjs').Observation} Observation
 * @typedef {import('./verdict.mjs').WatchedName} WatchedName
 * @typedef {import('../runner/drift.mjs').Measured} Measured
 */

export class Observing {
  /** @type {Record<WatchedName, Measured[]>} */
  series = { rss: [], heap: [], external: [], p50: [], p99: [], checkpointMs: [], checkpointMegabytes: [] };
  /** Checkpoints that failed, and failures of the job. @type {string[]} */
  faults = [];
  /** Of the whole run. */
  latencies = new LatencyHistogram();
  /** The latest of each subtask, until all have said something. @type {Map<number, Observation>} */
  #waiting = new Map();
  #channel = new BroadcastChannel(observationChannel);
  #subtasks;
  #onSample;

  /**
   * @param {number} subtasks
   * @param {() => void} onSample called after each sample
   */
  constructor(subtasks, onSample) {
    this.#subtasks = subtasks;
    this.#onSample = onSample;
    this.#channel.onmessage = (event) => this.#observation(/** @type {{ data: Observation }} */ (event).data);
  }

  /** @param {import('millrace').JobClient} job */
  watch(job) {
    job.on('failure', (error) => this.faults.push(`the job failed: ${error.message}`));
    job.on('checkpoint', ({ id, status, reason, durationMs, bytes }) => {
      // What the end of the job overtakes is no fault; that the job fails is told besides.
      if (reason?.startsWith('the job ended') === true) return;
      if (status === 'failed') this.faults.push(`checkpoint ${id} failed: ${reason}`);
      else this.#measured({ checkpointMs: durationMs, checkpointMegabytes: bytes / 1e6 });
    });
  }

  /** @param {Observation} observation */
  #observation(observation) {
    this.#waiting.set(observation.subtask, observation);
    if (this.#waiting.size < this.#subtasks) return;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    const latencies = new LatencyHistogram();
    for (const each of all) latencies.add(each.latencies);
    this.latencies.add(latencies.counts);
    const { rss, heapUsed, external } = process.memoryUsage();
    this.#measured({
      rss: rss / 1e6,
      heap: all.reduce((sum, { heapBytes }) => sum + heapBytes, heapUsed) / 1e6,
      external: all.reduce((sum, { externalBytes }) => sum + externalBytes, external) / 1e6,
      p50: latencies.quantile(0.5),
      p99: latencies.quantile(0.99),
    });
    this.#onSample();
  }

  /** @param {Partial<Record<WatchedName, number>>} values */
  #measured(values) {
    const at = nowMs();
    for (const [name, value] of Object.entries(values)) this.series[/** @type {WatchedName} */ (name)].push({ at, value });
  }

  close() {
    this.#channel.close();
  }
}
