// Numbers from 1, doubled, to the host. Arguments: count (endless when absent), ratePerSecond, parallelism, bufferTimeout, limits.
import { StreamEnvironment } from '../../../dist/index.js';

const { args } = new StreamEnvironment();
const { count, ratePerSecond, parallelism = 1, bufferTimeout = '10ms', limits = {} } = args ?? {};
const env = new StreamEnvironment({ parallelism, bufferTimeout, limits });

const pace = ratePerSecond === undefined ? {} : { ratePerSecond };
const end = count === undefined ? {} : { count };
env
  .generate({ ...end, ...pace, create: (index) => index + 1 })
  .map((n) => n * 2)
  .toHost('out');

await env.execute('numbers');
