/** The pump: when it works, turns the event loop, sleeps, and what wakes it. On a manual clock and a real doorbell. */

import { describe, expect, test } from 'vitest';
import { type Limits, limitsWith } from '../../src/base/limits.ts';
import { Doorbell, doorbellBytes } from '../../src/channel/doorbell.ts';
import { Pump } from '../../src/runtime/pump.ts';
import { manualClock, turn, turnsUntil } from './support.ts';

/** A pump with nothing to do, unless the test brings work; every call of something outside comes past `onCall`. */
class Bench {
  readonly clock = manualClock();
  readonly memory = new SharedArrayBuffer(doorbellBytes);
  readonly word = new Int32Array(this.memory);
  readonly limits: Limits;
  readonly pump: Pump;
  rounds = 0;
  /** Rounds that have something to do. */
  work = 0;
  deadline = Number.POSITIVE_INFINITY;
  calls = 0;
  onCall: (call: number) => void = () => {};
  ended: 'no' | 'resolved' | unknown = 'no';

  constructor(limits: Partial<Limits> = {}) {
    this.limits = limitsWith({ idleRounds: 2, ...limits });
    const { clock } = this;
    const called = <R>(result: R): R => {
      this.onCall(this.calls++);
      return result;
    };
    this.pump = new Pump({
      round: () => {
        this.rounds++;
        const worked = this.work > 0;
        if (worked) this.work--;
        return called(worked);
      },
      deadline: () => called(this.deadline),
      clock: { now: () => clock.now(), monotonic: () => called(clock.monotonic()) },
      timers: {
        after: (delayMs, callback) => called(clock.after(delayMs, callback)),
        soon: (callback) => called(clock.soon(callback)),
      },
      doorbell: new Doorbell(this.memory),
      limits: this.limits,
    });
  }

  start(): void {
    this.pump.run().then(
      () => {
        this.ended = 'resolved';
      },
      (error) => {
        this.ended = error;
      },
    );
  }

  get asleep(): boolean {
    return this.word[0] === 1 && Number.isFinite(this.clock.nextTimer);
  }

  async fallAsleep(): Promise<void> {
    await turnsUntil(() => this.asleep, 'the pump falls asleep');
    const { rounds } = this;
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(this.rounds).toBe(rounds);
  }

  /** Another thread has published work, and rings. */
  ring(): void {
    this.work++;
    new Doorbell(this.memory).ring();
  }

  async stop(): Promise<void> {
    this.onCall = () => {};
    this.pump.stop();
    await turnsUntil(() => this.ended !== 'no', 'the pump ends');
    expect(this.ended).toBe('resolved');
    expect(this.word[0]).toBe(0);
    expect(this.clock.nextTimer).toBe(Number.POSITIVE_INFINITY);
  }
}

async function sleepingBench(limits?: Partial<Limits>): Promise<Bench> {
  const bench = new Bench(limits);
  bench.start();
  await bench.fallAsleep();
  return bench;
}

describe('a pump without work', () => {
  test.each([1, 2, 7])('sleeps after %i turns of the event loop, and one last look', async (idleRounds) => {
    const bench = await sleepingBench({ idleRounds });
    // The one before each turn, the one after the last of them, and the look behind the announcement.
    expect(bench.rounds).toBe(idleRounds + 2);
    await bench.stop();
  });

  test.each([1, 2, 7])('looks around after %i ms of sleep', async (sleepMs) => {
    const bench = await sleepingBench({ sleepMs });
    expect(bench.clock.nextTimer).toBe(sleepMs);
    const { rounds } = bench;
    bench.clock.advance(sleepMs);
    await turnsUntil(() => bench.rounds > rounds, 'another round');
    await bench.stop();
  });

  test('sleeps no longer than to its deadline', async () => {
    const bench = new Bench();
    bench.deadline = 30;
    bench.start();
    await bench.fallAsleep();
    expect(bench.clock.nextTimer).toBe(30);
    const { rounds } = bench;
    bench.clock.advance(29);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(bench.rounds).toBe(rounds);
    bench.clock.advance(1);
    await turnsUntil(() => bench.rounds > rounds, 'a round at the deadline');
    bench.deadline = Number.POSITIVE_INFINITY;
    await bench.stop();
  });

  test('does not sleep when its deadline is over', async () => {
    const bench = new Bench();
    bench.deadline = 0;
    bench.start();
    await turnsUntil(() => bench.rounds > 20, 'many rounds');
    expect(bench.word[0]).toBe(0);
    await bench.stop();
  });
});

describe('a pump that sleeps', () => {
  test('is woken by its own thread', async () => {
    const bench = await sleepingBench();
    const { rounds } = bench;
    bench.pump.wake();
    await turnsUntil(() => bench.rounds > rounds, 'another round');
    await bench.fallAsleep();
    await bench.stop();
  });

  test('is woken by another thread, and does all that there is', async () => {
    const bench = await sleepingBench();
    bench.work = 4;
    bench.ring();
    await turnsUntil(() => bench.work === 0, 'the work is done');
    await bench.fallAsleep();
    await bench.stop();
  });

  test('ends when it is stopped', async () => {
    const bench = await sleepingBench();
    const { rounds } = bench;
    await bench.stop();
    expect(bench.rounds).toBe(rounds);
  });
});

/** Tries something at each call of anything outside, up to the timer of the sleep itself. */
async function atEveryCall(attempt: (bench: Bench, at: number) => Promise<void>): Promise<void> {
  const { calls, stop } = await sleepingBench().then((bench) => ({ calls: bench.calls, stop: () => bench.stop() }));
  await stop();
  expect(calls).toBeGreaterThan(8);
  for (let at = 0; at < calls; at++) await attempt(new Bench(), at);
}

describe('at every call on the way into sleep', () => {
  test('work that another thread brings is done', () =>
    atEveryCall(async (bench, at) => {
      bench.onCall = (call) => {
        if (call === at) bench.ring();
      };
      bench.start();
      // Nothing else would wake it: no time passes.
      await turnsUntil(() => bench.calls > at && bench.work === 0, `the work of call ${at} is done`);
      await bench.fallAsleep();
      await bench.stop();
    }));

  test('a wake of the own thread leads to another round', () =>
    atEveryCall(async (bench, at) => {
      let before = Number.POSITIVE_INFINITY;
      bench.onCall = (call) => {
        if (call !== at) return;
        before = bench.rounds;
        bench.pump.wake();
      };
      bench.start();
      await turnsUntil(() => bench.rounds > before, `another round behind call ${at}`);
      await bench.stop();
    }));

  test('a stop ends it', () =>
    atEveryCall(async (bench, at) => {
      bench.onCall = (call) => {
        if (call === at) bench.pump.stop();
      };
      bench.start();
      await turnsUntil(() => bench.ended !== 'no', `the pump ends at call ${at}`);
      expect(bench.ended).toBe('resolved');
      expect(bench.word[0]).toBe(0);
    }));
});

describe('a pump with work', () => {
  test.each([1, 2, 7])('lets the event loop turn after %i ms of it', async (eventLoopMs) => {
    const bench = new Bench({ eventLoopMs });
    bench.work = 100;
    const worked: number[] = [];
    const { soon } = bench.clock;
    bench.clock.soon = (callback) => {
      worked.push(100 - bench.work);
      soon.call(bench.clock, callback);
    };
    let rounds = 0;
    bench.onCall = () => {
      if (bench.rounds === rounds) return;
      rounds = bench.rounds;
      bench.clock.advance(1);
    };
    bench.start();
    await turnsUntil(() => bench.work === 0, 'the work is done');
    expect(worked.slice(0, 3)).toEqual([eventLoopMs, 2 * eventLoopMs, 3 * eventLoopMs]);
    await bench.stop();
  });

  test('is stopped in the middle of it', async () => {
    const bench = new Bench();
    bench.work = 100;
    bench.onCall = () => {
      if (bench.rounds === 3) bench.pump.stop();
    };
    bench.start();
    await turnsUntil(() => bench.ended !== 'no', 'the pump ends');
    expect(bench.rounds).toBe(3);
  });

  test('does nothing when it was stopped before', async () => {
    const bench = new Bench();
    bench.pump.stop();
    bench.start();
    await turnsUntil(() => bench.ended !== 'no', 'the pump ends');
    expect(bench.rounds).toBe(0);
  });

  test('fails with what a round throws', async () => {
    const bench = new Bench();
    const error = new Error('from a round');
    bench.onCall = () => {
      if (bench.rounds === 2) throw error;
    };
    bench.start();
    await turnsUntil(() => bench.ended !== 'no', 'the pump ends');
    expect(bench.ended).toBe(error);
  });
});
