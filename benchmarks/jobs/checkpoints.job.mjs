/**
 * Keyed state of many keys, a part of which changes all the time. `env.args` are those of checkpoints.mjs. A value has its key in it: divided by
 * the number of keys it leaves the key. To read what was restored, the keys come in turn, and nothing changes any more.
 */
import { StreamEnvironment, valueState } from 'millrace';

/**
 * @typedef {{ keys: number, changedPercent: number, valueBytes: number, interval: string, stateDir: string, reads?: boolean }} StateArgs
 * @typedef {{ key: number, owner: number, characters: number }} Held what was restored of a key: whose value it is, and its length as text
 */

const { keys, changedPercent, valueBytes, interval, stateDir, reads = false } = /** @type {StateArgs} */ (new StreamEnvironment().args);
const part = Math.max(1, Math.floor((keys * changedPercent) / 100));
const digits = 8;
/** The numbers of so many digits, as many for each key. */
const textNumbers = 10 ** digits - (10 ** digits % keys);
const filling = 'x'.repeat(Math.max(0, valueBytes - digits));

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
      if (reads) return { key: i % keys, value: i };
      const x = Math.imul(i ^ (i >>> 15), 2654435761) >>> 0;
      const key = (partBegin() + (x % part)) % keys;
      return { key, value: i - (i % keys) + key };
    },
  })
  .keyBy('key')
  .process({
    state: { latest: valueState() },
    processElement({ value }, ctx, /** @type {(held: Held) => void} */ out) {
      if (reads) out(held(ctx.key, ctx.state.latest.value));
      else ctx.state.latest.update(valueBytes > digits ? String(value % textNumbers).padStart(digits, '0') + filling : value);
    },
  })
  .toHost('held');

/**
 * @param {number} key
 * @param {number | string | undefined} value
 * @returns {Held}
 */
function held(key, value) {
  const isText = typeof value === 'string';
  return { key, owner: Number(isText ? value.slice(0, digits) : value) % keys, characters: isText ? value.length : 0 };
}

await job.execute('checkpoints');
