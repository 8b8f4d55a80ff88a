// Payments in, alerts out: the running sum of each account, once it exceeds `env.args.threshold`.
import { StreamEnvironment } from '../../../dist/index.js';

const env = new StreamEnvironment({ parallelism: 2 });
const { threshold } = env.args;

env
  .fromHost('payments')
  .keyBy('account')
  .sum('amount')
  .filter(({ amount }) => amount > threshold)
  .toHost('alerts');

await env.execute('alerts');
