/**
 * A job for another program to run: payments come in from it, alerts go out to it. Each account alerts once, with the payment
 * that takes its total above the threshold.
 */
import { last, StreamEnvironment, sum } from 'millrace';

const env = new StreamEnvironment();
const { threshold } = env.args;

env
  .fromHost('payments')
  .keyBy('account')
  .aggregate({ total: sum('amount'), latest: last('amount') })
  .filter(({ total, latest }) => total > threshold && total - latest <= threshold)
  .map(({ key, total }) => ({ account: key, total }))
  .toHost('alerts');

await env.execute('alerts');
