// Follows the files of a log that is rotated, and writes their lines, exactly once. It runs until it is killed.
import { join } from 'node:path';
import { files, StreamEnvironment } from '../../../dist/index.js';

const directory = process.argv[2];
const env = new StreamEnvironment({
  parallelism: 2,
  stateDir: join(directory, 'state'),
  checkpoint: { interval: '20ms' },
  limits: { checkpointPercentMax: 100, backlogLookMs: 20 },
});
env
  .readTextFile(join(directory, 'app.log*'), { follow: { pollInterval: '5ms', closeInactive: '500ms' } })
  .rebalance()
  .sinkTo(files.sink(join(directory, 'lines'), { format: 'text', rolling: { onCheckpoint: true } }));
await env.execute('followed log');
