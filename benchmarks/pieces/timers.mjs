/**
 * Timers that fire and are registered again, of many keys: the engine's `TimerQueue` against a heap in typed arrays and a heap
 * of objects. All of them must fire the same timers in the same order.
 *
 *   node benchmarks/pieces/timers.mjs [ms]
 */
import { TimerIndex } from '../../dist/modules/time/timer-index.js';
import { TimerQueue } from '../../dist/modules/time/timer-queue.js';
import { ArrayHeap, ObjectHeap } from './timer-heaps.mjs';
import { report, time, timeOfArguments } from './timing.mjs';

/** A minute of the clock, which goes on by an interval of watermarks. */
const horizonMs = 60_000;
const stepMs = 200;
const start = 1_700_000_000_000;
/** A million for a real measurement; a run as a test is over before they were registered. */
const isReal = timeOfArguments() >= 100;
const sizes = isReal ? [10_000, 1_000_000] : [1000];
/** Timers that fire in a call: long enough for the clock. */
const count = isReal ? 20_000 : 1000;

/** When a timer is registered: at any time in the next minute, or a minute from now, as of records in order. */
const delays = {
  'at random': (/** @type {number} */ chance) => 1 + (chance % horizonMs),
  'in order': () => horizonMs,
};

const implementations = {
  TimerQueue: () => new TimerQueue(),
  'a heap in arrays': (/** @type {number} */ live) => new ArrayHeap(new TimerIndex(), live + 1),
  'a heap of objects': () => new ObjectHeap(),
};

/** Each key has one timer, and registers it again when it has fired. */
class Load {
  #timers;
  #delay;
  #now = start;
  #chance = 1;

  constructor(timers, live, delay) {
    this.#timers = timers;
    this.#delay = delay;
    for (let slot = 0; slot < live; slot++) timers.register(start + (this.#random() % horizonMs), slot, 0);
  }

  /** Lets time pass until enough have fired, and returns a hash of which. */
  run() {
    const timers = this.#timers;
    let hash = 0;
    for (let fired = 0; fired < count; ) {
      if (!timers.pop(this.#now)) {
        this.#now += stepMs;
        continue;
      }
      hash = (Math.imul(hash, 31) + timers.slot + (timers.time % horizonMs)) | 0;
      timers.register(timers.time + this.#delay(this.#random()), timers.slot, 0);
      fired++;
    }
    return hash;
  }

  /** Of a linear congruence; its low bits are left out. */
  #random() {
    this.#chance = (Math.imul(this.#chance, 1664525) + 1013904223) | 0;
    return this.#chance >>> 8;
  }
}

const alternatives = {};
const results = [];
for (const live of sizes) for (const name of Object.keys(delays)) addAlternatives(live, name);
const msOf = await time(alternatives);
const figures = sizes.flatMap((live) => Object.keys(delays).flatMap((name) => figuresOf(live, name)));
report('timers', { figures, results });

function addAlternatives(live, name) {
  const hashes = Object.entries(implementations).map(([implementation, create]) => {
    const timers = new Load(create(live), live, delays[name]);
    alternatives[`${live} ${name}: ${implementation}`] = () => timers.run();
    return timers.run();
  });
  if (new Set(hashes).size > 1) throw new Error(`${live} timers ${name} fire differently: ${hashes.join(', ')}`);
  results.push({ live, name, fired: hashes[0] });
}

/**
 * @param {number} live
 * @param {string} name
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf(live, name) {
  const [queue, arrays, objects] = Object.keys(implementations).map((implementation) => msOf(`${live} ${name}: ${implementation}`));
  return [
    { name: `${live} timers ${name}: fired and registered again`, value: (count * 1000) / queue, unit: 'timers/s', goal: '≥ 2 M' },
    { name: `${live} timers ${name}: as a multiple of a heap in arrays`, value: arrays / queue, unit: '×' },
    { name: `${live} timers ${name}: as a multiple of a heap of objects`, value: objects / queue, unit: '×' },
  ];
}
