// A function that harms its worker in the way that `env.args.how` names, at the record 7 of an endless stream.
import { StreamEnvironment } from '../../../dist/index.js';

const { args } = new StreamEnvironment();
const env = new StreamEnvironment({ parallelism: 2, limits: args.limits ?? {} });

const kept = [];
const ways = {
  exit: () => process.exit(3),
  exitWell: () => process.exit(),
  reject: () => void Promise.reject(new RangeError('nobody waits for this')),
  throwLater() {
    setTimeout(() => {
      throw new RangeError('thrown by a timer');
    }, 1);
  },
  throwText() {
    throw 'just a text';
  },
  throwObject() {
    throw { status: 500 };
  },
  throwNothing() {
    throw undefined;
  },
  loop() {
    Atomics.store(args.looping, 0, 1);
    for (;;);
  },
  objects() {
    for (;;) kept.push({ index: kept.length, text: `object ${kept.length}` });
  },
  array() {
    for (;;) kept.push(kept.length + 0.5);
  },
};

env
  .generate({ ratePerSecond: 2000, create: (index) => index })
  .map((value) => {
    if (value === 7) ways[args.how]();
    return value;
  })
  .name('harm')
  .toHost('out');

await env.execute('misbehaving');
