// A source that could make a hundred times as many records as its sink takes. Arguments: exchange, limits, delayMs.
import { StreamEnvironment } from '../../../dist/index.js';

const { args } = new StreamEnvironment();
const { exchange, limits, delayMs = 1 } = args;
const env = new StreamEnvironment({ parallelism: 1, limits });

const wait = () => new Promise((resolve) => setTimeout(resolve, delayMs));
const sink = { name: 'slow', createWriter: () => ({ write: () => wait() }) };

const records = env.generate({ ratePerSecond: 100_000, create: (index) => ({ index, text: `record ${index}` }) });
const exchanges = {
  chained: () => records,
  queue: () => records.disableChaining(),
  ring: () => records.map((record) => record).setParallelism(2),
};
exchanges[exchange]().sinkTo(sink).setParallelism(1);

await env.execute('slow sink');
