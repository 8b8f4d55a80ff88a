/** A sink that tells the program of the job, on its thread, how late records are and what its own thread keeps in memory. */
import { BroadcastChannel } from 'node:worker_threads';
import { LatencyHistogram } from '../runner/latency-histogram.mjs';
import { nowMs } from './clock.mjs';

/**
 * @typedef {object} Observation of one subtask since its last
 * @property {number} subtask
 * @property {Float64Array} latencies counts of a `LatencyHistogram`
 * @property {number} heapBytes
 * @property {number} externalBytes array buffers and what else is outside of V8's heap
 */

export const observationChannel = `millrace-soak-${process.pid}`;

/**
 * @param {{ everyMs: number, leakBytes: number }} options `leakBytes`: kept with every observation and never given back, to see whether that is noticed
 * @returns {import('millrace').Sink<{ at: number }>}
 */
export function observer({ everyMs, leakBytes }) {
  return {
    name: 'observer',
    retains: false,
    createWriter({ subtask }) {
      const channel = new BroadcastChannel(observationChannel);
      channel.unref();
      const latencies = new LatencyHistogram();
      /** @type {Buffer[]} */
      const leaked = [];
      let due = nowMs() + everyMs;
      return {
        write({ at }) {
          const now = nowMs();
          latencies.record(now - at);
          if (now < due) return;
          due = now + everyMs;
          if (leakBytes > 0) leaked.push(Buffer.alloc(leakBytes, 1));
          const { heapUsed, external } = process.memoryUsage();
          channel.postMessage({ subtask, latencies: latencies.counts, heapBytes: heapUsed, externalBytes: external });
          latencies.clear();
        },
        close: () => channel.close(),
      };
    },
  };
}
