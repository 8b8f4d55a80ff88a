/** Keyed state of many keys, a part of which changes all the time. `env.args` are those of checkpoints.mjs. */
import { callback, StreamEnvironment, valueState } from 'millrace';

/** @typedef {{ keys: number, changedPercent: number, valueBytes: number, interval: string, stateDir: string }} StateArgs */

const { keys, changedPercent, valueBytes, interval, stateDir } = /** @type {StateArgs} */ (new StreamEnvironment().args);
const part = Math.max(1, Math.floor((keys * changedPercent) / 100));
const filling = 'x'.repeat(Math.max(0, valueBytes - 8));

/** The keys that change in this second begin here; the next second has the next part of all keys. */
function partBegin() {
  return (Math.floor(Date.now() / 1000) * part) % keys;
}

// However much of the time checkpoints take, they come at the interval that is measured.
const limits = { checkpointPercentMax: 100 };
const job = new StreamEnvironment({ stateDir, limits, ...(interval === 'off' ? {} : { checkpoint: { interval } }) });
job
  .generate({
    create: (i) => {
      if (i < keys) return { key: i, value: i };
      const x = Math.imul(i ^ (i >>> 15), 2654435761) >>> 0;
      return { key: (partBegin() + (x % part)) % keys, value: i };
    },
  })
  .keyBy('key')
  .process({
    state: { latest: valueState() },
    processElement({ value }, ctx) {
      ctx.state.latest.update(valueBytes > 8 ? String(value % 1e8).padStart(8, '0') + filling : value);
    },
  })
  .sinkTo(callback(() => {}));

await job.execute('checkpoints');
