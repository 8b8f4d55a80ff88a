// What the host writes to 'in' comes out at 'out', a pair [record, text]. Arguments: bufferTimeout, limits, failAt.
import { StreamEnvironment } from '../../../dist/index.js';

const { args } = new StreamEnvironment();
const { bufferTimeout = '10ms', limits = {}, failAt } = args ?? {};
const env = new StreamEnvironment({ parallelism: 1, bufferTimeout, limits });

env
  .fromHost('in')
  .map((record) => {
    if (record === failAt) throw new RangeError(`never ${record}`);
    return [record, `<${record}>`];
  })
  .name('echo')
  .toHost('out');

await env.execute('echo');
