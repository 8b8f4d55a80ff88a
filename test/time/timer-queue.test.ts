import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimerQueue } from '../../src/time/timer-queue.ts';

interface Timer {
  readonly time: number;
  readonly slot: number;
  readonly namespace: number;
}

type Command =
  | ({ readonly kind: 'register' | 'delete' } & Timer)
  | { readonly kind: 'advance'; readonly until: number; readonly again: readonly Timer[]; readonly gone: readonly Timer[] };

/** Timers in a list: the definition. */
class Oracle {
  timers: Timer[] = [];

  register(timer: Timer): boolean {
    if (this.#indexOf(timer) >= 0) return false;
    // Behind all that are not later.
    const at = this.timers.findIndex(({ time }) => time > timer.time);
    // −0 is 0.
    this.timers.splice(at < 0 ? this.timers.length : at, 0, { ...timer, time: timer.time + 0 });
    return true;
  }

  delete(timer: Timer): boolean {
    const at = this.#indexOf(timer);
    if (at >= 0) this.timers.splice(at, 1);
    return at >= 0;
  }

  pop(until: number): Timer | undefined {
    const first = this.timers[0];
    return first !== undefined && first.time <= until ? this.timers.shift() : undefined;
  }

  countOf(slot: number): number {
    return this.timers.filter((timer) => timer.slot === slot).length;
  }

  #indexOf({ time, slot, namespace }: Timer): number {
    return this.timers.findIndex((each) => each.time === time && each.slot === slot && each.namespace === namespace);
  }
}

const infinite = fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);

/** Times that collide, times of today, negative ones, fractions, and the ends of the range. */
const times = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -5, max: 40 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 100_000 }).map((ms) => 1_700_000_000_000 + ms) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: infinite },
);

/** Few slots, one of which often comes: its timers move from the list into the table. */
const timers = fc.record({
  time: times,
  slot: fc.oneof(fc.constant(3), fc.integer({ min: 0, max: 5 }), fc.constant(200)),
  namespace: fc.constantFrom(0, 1, -7, 1.5, 1_700_000_000_000),
});

const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: timers.map((timer) => ({ kind: 'register' as const, ...timer })) },
  { weight: 3, arbitrary: timers.map((timer) => ({ kind: 'delete' as const, ...timer })) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      until: times,
      again: fc.array(timers, { maxLength: 3 }),
      gone: fc.array(timers, { maxLength: 3 }),
    }),
  },
);

function contentOf(queue: TimerQueue): Timer[] {
  const found: Timer[] = [];
  queue.forEach((time, slot, namespace) => {
    found.push({ time, slot, namespace });
  });
  // Stable: those of one time stay as they came.
  return found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** The first timer that fires registers some and deletes others, as `onTimer` may. */
function advance(queue: TimerQueue, oracle: Oracle, { until, again, gone }: Command & { kind: 'advance' }): void {
  let first = true;
  for (;;) {
    const expected = oracle.pop(until);
    expect(queue.pop(until)).toBe(expected !== undefined);
    if (expected === undefined) break;
    expect({ time: queue.time, slot: queue.slot, namespace: queue.namespace }).toEqual(expected);
    if (first) {
      for (const timer of again) expect(queue.register(timer.time, timer.slot, timer.namespace)).toBe(oracle.register(timer));
      for (const timer of gone) expect(queue.delete(timer.time, timer.slot, timer.namespace)).toBe(oracle.delete(timer));
    }
    first = false;
  }
  const earliest = oracle.timers[0]?.time ?? Number.POSITIVE_INFINITY;
  // A bound alone where its timer was deleted and is not due: whoever asks for that time hears that there is none.
  if (until < queue.next && queue.next < earliest) expect(queue.pop(queue.next)).toBe(false);
  // No longer a bound alone. Neither side tells −0 from 0.
  expect(queue.next + 0).toBe(earliest + 0);
}

/** While a timer fires, the earliest of those that are not due is registered and deleted. */
const deletedAhead: Command[] = [
  { kind: 'register', time: 0, slot: 3, namespace: 0 },
  {
    kind: 'advance',
    until: 0,
    again: [
      { time: 37, slot: 200, namespace: 0 },
      { time: 36, slot: 200, namespace: 1.5 },
    ],
    gone: [{ time: 36, slot: 200, namespace: 1.5 }],
  },
];

function run(commandList: readonly Command[]): { queue: TimerQueue; oracle: Oracle } {
  const queue = new TimerQueue();
  const oracle = new Oracle();
  for (const command of commandList) {
    if (command.kind === 'advance') advance(queue, oracle, command);
    else {
      const { time, slot, namespace } = command;
      expect(queue[command.kind](time, slot, namespace)).toBe(oracle[command.kind]({ time, slot, namespace }));
    }
    expect(queue.size).toBe(oracle.timers.length);
    expect(queue.next <= (oracle.timers[0]?.time ?? Number.POSITIVE_INFINITY)).toBe(true);
    if (queue.size === 0) expect(queue.next).toBe(Number.POSITIVE_INFINITY);
    for (const slot of [0, 3, 200, 10_000]) expect(queue.countOf(slot)).toBe(oracle.countOf(slot));
  }
  return { queue, oracle };
}

describe('TimerQueue', () => {
  test('is a sorted list', () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 120 }), (list) => {
        const { queue, oracle } = run(list);
        expect(contentOf(queue)).toEqual(oracle.timers);
        advance(queue, oracle, { kind: 'advance', until: Number.POSITIVE_INFINITY, again: [], gone: [] });
        expect(queue.size).toBe(0);
      }),
      { numRuns: 500, examples: [[[{ kind: 'register', time: -0, slot: 200, namespace: 0 }]]] },
    );
  });

  test('comes back from what forEach tells', () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const { queue, oracle } = run(list);
        const restored = new TimerQueue();
        queue.forEach((time, slot, namespace) => expect(restored.register(time, slot, namespace)).toBe(true));
        advance(restored, oracle, { kind: 'advance', until: Number.POSITIVE_INFINITY, again: [], gone: [] });
      }),
      { examples: [[deletedAhead]] },
    );
  });

  test('fires timers that are registered while it fires, by their times', () => {
    const queue = new TimerQueue();
    for (const time of [10, 20, 30]) queue.register(time, 0, 0);
    const fired: number[] = [];
    while (queue.pop(25)) {
      fired.push(queue.time);
      if (queue.time === 20 && queue.slot === 0) for (const time of [5, 20, 22, 26]) queue.register(time, 1, 0);
    }
    expect(fired).toEqual([10, 20, 5, 20, 22]);
    expect(queue.next).toBe(26);
  });

  test('sweeps out what was deleted: a timer that is moved on and on takes no memory', () => {
    const queue = new TimerQueue();
    for (let slot = 0; slot < 100; slot++) queue.register(1000 + slot, slot, 0);
    for (let round = 1; round <= 2000; round++) {
      for (let slot = 0; slot < 100; slot++) {
        queue.delete(999 + round + slot, slot, 0);
        queue.register(1000 + round + slot, slot, 0);
      }
      expect(queue.size).toBe(100);
    }
    expect(queue.bytes).toBeLessThan(200_000);
    expect(queue.pop(2999)).toBe(false);
    expect(queue.next).toBe(3000);
  });

  test('gives the memory of timers back that have fired', () => {
    const queue = new TimerQueue();
    for (let i = 0; i < 50_000; i++) queue.register(i % 977, i % 5000, i);
    const full = queue.bytes;
    let fired = 0;
    for (let last = -1; queue.pop(976) && queue.time >= last; last = queue.time) fired++;
    expect(fired).toBe(50_000);
    expect(queue.bytes).toBeLessThan(full / 10);
    for (let slot = 0; slot < 5000; slot += 77) expect(queue.countOf(slot)).toBe(0);
  });

  test('takes many timers of one key', () => {
    const queue = new TimerQueue();
    const all = Array.from({ length: 3000 }, (_, i) => i);
    const odd = all.filter((i) => i % 2 === 1);
    expect(all.filter((i) => queue.register(i, 7, 0))).toEqual(all);
    expect(all.filter((i) => queue.register(i, 7, 0))).toEqual([]);
    expect(odd.filter((i) => queue.delete(i - 1, 7, 0))).toEqual(odd);
    expect(queue.countOf(7)).toBe(1500);
    const fired: number[] = [];
    while (queue.pop(3000)) fired.push(queue.time);
    expect(fired).toEqual(odd);
    expect(queue.register(1, 7, 0)).toBe(true);
  });

  test('refuses NaN', () => {
    const queue = new TimerQueue();
    expect(() => queue.register(Number.NaN, 0, 0)).toThrow(/not NaN/);
    expect(() => queue.register(0, 0, Number.NaN)).toThrow(/not NaN/);
    queue.register(0, 0, 0);
    expect(queue.pop(Number.NaN)).toBe(false);
  });
});
