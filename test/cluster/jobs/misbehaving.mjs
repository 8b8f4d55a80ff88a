// A function that harms its worker in the way that `env.args.how` names, at the record 7 of an endless stream.
import { StreamEnvironment } from '../../../dist/index.js';

const { args } = new StreamEnvironment();
const env = new StreamEnvironment({ parallelism: 2, limits: args.limits ?? {} });

const kept = [];
const ways = {
  exit: () => process.exit(3),
  exitWell: () => process.exit(),
  reject: () => void Promise.reject(new RangeError('nobody waits for this')),
  throwLater: () => void setTimeout(() => { throw new RangeError('thrown by a timer'); }, 1),
  throwNothing: () => { throw undefined; },
  throwText: () => { throw 'just a text'; },
  throwObject: () => { throw { status: 500 }; },
  loop: () => { for (;;); },
  objects: () => { for (;;) kept.push({ index: kept.length, text: `object ${kept.length}` }); },
  array: () => { for (;;) kept.push(kept.length + 0.5); },
  map: () => { const map = new Map(); for (let i = 0; ; i++) map.set(i, i + 0.5); },
  strings: () => { for (let text = 'text'; ; text += text) kept.push(`${text}!`.split('')); },
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
