// A query of Nexmark over generated events, as tests want it. `env.args`: `query`, `workload`, `sideInput`; `directory` for the files of its
// rows, without which they go to the host; `checkpoint`, its interval; `hold`, see held.mjs.
import { join } from 'node:path';
import { files, restart, StreamEnvironment, watermarks } from 'millrace';
import { loadQuery } from '../../../benchmarks/nexmark/queries.mjs';
import { nexmark } from '../../../benchmarks/nexmark/source.mjs';
import { held } from '../held.mjs';

const { args } = new StreamEnvironment();
const { query, workload, sideInput, parallelism, directory, checkpoint, hold } = args;
const { build, sink = (path) => files.sink(path, { format: 'json', rolling: { onCheckpoint: true } }) } = await loadQuery(query);

const env = new StreamEnvironment({
  parallelism,
  runtimeMode: 'streaming',
  ...(directory === undefined ? {} : { stateDir: join(directory, 'state') }),
  ...(checkpoint === undefined ? {} : { checkpoint: { interval: checkpoint }, restart: restart.fixedDelay({ attempts: 1, delay: 1 }) }),
  limits: { checkpointPercentMax: 100 },
});
const source = nexmark(workload);
const events = env.fromSource(hold === undefined ? source : held(source, hold), {
  uid: 'events',
  watermarks: watermarks.boundedOutOfOrderness('4s', { timestamp: 'dateTime' }),
});
const rows = build(events, { sideInput });
if (directory === undefined) rows.toHost('rows');
else rows.sinkTo(sink(join(directory, 'out'))).uid('rows');
await env.execute(query);
