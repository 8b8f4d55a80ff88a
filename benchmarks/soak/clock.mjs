/** One clock for all threads of the process that never jumps: `performance.now()` begins with its thread, `Date.now()` may be set. */

const sinceBoot = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds, with fractions, since a time that all threads of the machine agree on. */
export function nowMs() {
  return performance.now() + sinceBoot;
}
