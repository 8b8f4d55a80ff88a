// A source, an exchange and a sink of many kinds. Arguments: source, sink, path, port, limits.
import { formats, StreamEnvironment, syslog } from '../../../dist/index.js';

const { args } = new StreamEnvironment();
const env = new StreamEnvironment({ parallelism: 2, limits: args.limits ?? {} });

const sources = {
  file: () => env.readTextFile(args.path),
  compressed: () => env.readTextFile(`${args.path}.gz`),
  followed: () => env.readTextFile(`${args.path}*`, { follow: { pollInterval: '1ms' } }),
  listening: () => env.fromSource(syslog.listen({ port: 0, format: formats.text() })),
  datagrams: () => env.fromSource(syslog.listen({ port: 0, protocol: 'udp', format: formats.text() })),
  socket: () => env.socketTextStream('127.0.0.1', args.port),
  paced: () => env.generate({ ratePerSecond: 5000, create: (index) => `line ${index}` }),
  fast: () => env.generate({ create: (index) => `line ${index}` }),
  host: () => env.fromHost('in'),
};

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sinks = {
  host: (lines) => lines.toHost('out'),
  slow: (lines) => lines.sinkTo({ name: 'slow', createWriter: () => ({ write: () => wait(5) }) }),
  never: (lines) => lines.sinkTo({ name: 'never', createWriter: () => ({ write: () => new Promise(() => {}) }) }),
  slowEnd: (lines) => lines.sinkTo({ name: 'slowEnd', createWriter: () => ({ write() {}, flush: () => wait(5), finish: () => wait(20) }) }),
};

const lines = sources[args.source]()
  .rebalance()
  .map((line) => line.toUpperCase());
sinks[args.sink](lines);

await env.execute('cancellable');
