// One operator of each kind; the one that `env.args.where` names fails at the record 7, or where it has none, when it is called.
import { StreamEnvironment } from '../../../dist/index.js';

const env = new StreamEnvironment({ parallelism: 2, maxParallelism: 16, runtimeMode: 'streaming' });
const { where } = env.args;

const failAt = (place) => (value) => {
  if (place === where && (value === undefined || value === 7)) throw new RangeError(`broken ${place}`);
  return value;
};
const create = failAt('create');
const map = failAt('map');
const filter = failAt('filter');
const flatMap = failAt('flatMap');
const process = failAt('process');
const reduce = failAt('reduce');
const key = failAt('key');
const custom = failAt('custom');
const write = failAt('write');
const writeAsync = failAt('writeAsync');

const sink = {
  name: 'drain',
  createWriter() {
    failAt('createWriter')();
    return {
      write: (record) => void write(record),
      flush: () => void failAt('flush')(),
      finish: () => void failAt('finish')(),
      close: () => void failAt('closeSink')(),
    };
  },
};
const asyncSink = {
  name: 'drainAsync',
  createWriter: () => ({
    write: async (record) => void writeAsync(record),
    flush: async () => void failAt('flushAsync')(),
    finish: async () => void failAt('finishAsync')(),
  }),
};

const numbers = env
  .generate({ name: 'numbers', count: 20, create: (index) => create(index) })
  .map((value) => map(value))
  .name('mapper')
  .filter((value) => filter(value) !== undefined)
  .name('sieve')
  .flatMap((value) => [flatMap(value)])
  .name('splitter')
  .process({
    open: () => void failAt('open')(),
    processElement: (value, _context, out) => out(process(value)),
    close: () => void failAt('close')(),
  })
  .name('processor');

numbers
  .keyBy((value) => key(value) % 1)
  .reduce((_, next) => reduce(next))
  .name('reducer')
  .sinkTo(sink)
  .name('store');
numbers
  .partitionCustom(
    (value, subtasks) => custom(value) % subtasks,
    (value) => value,
  )
  .map((value) => value)
  .name('behind')
  .sinkTo(asyncSink)
  .name('asyncStore');

await env.execute('failing');
