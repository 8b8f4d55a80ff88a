// Tells what keeps each of the worker threads busy: timers, sockets, files.
import { StreamEnvironment } from '../../../dist/index.js';

const env = new StreamEnvironment();
env.generate({ count: env.parallelism, create: () => process.getActiveResourcesInfo().sort() }).toHost('out');
await env.execute('resources');
