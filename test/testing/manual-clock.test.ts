import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/testing/index.ts';

describe('manual clock', () => {
  test('stands still until it is moved', () => {
    const clock = new ManualClock(1_700_000_000_000);
    expect([clock.now(), clock.monotonic()]).toEqual([1_700_000_000_000, 0]);
    clock.advance(1500);
    expect([clock.now(), clock.monotonic()]).toEqual([1_700_000_001_500, 1500]);
    clock.advance(0);
    expect(clock.monotonic()).toBe(1500);
    expect(() => clock.advance(-1)).toThrow('time does not go back');
  });

  test('calls timers in the order of their times, then of their making, each at its own time', () => {
    const clock = new ManualClock(100);
    const calls: string[] = [];
    for (const [name, delayMs] of [
      ['c', 20],
      ['a', 10],
      ['d', 20],
      ['b', 10.5],
    ] as const) {
      clock.after(delayMs, () => calls.push(`${name} ${clock.monotonic()} ${clock.now()}`));
    }
    expect(clock.nextTimer).toBe(10);
    clock.advance(15);
    expect(calls).toEqual(['a 10 110', 'b 10.5 110.5']);
    expect(clock.nextTimer).toBe(20);
    clock.advance(100);
    expect(calls.slice(2)).toEqual(['c 20 120', 'd 20 120']);
    expect([clock.monotonic(), clock.nextTimer]).toEqual([115, Number.POSITIVE_INFINITY]);
  });

  test('calls timers that are due just now, once', () => {
    const clock = new ManualClock();
    let calls = 0;
    clock.after(10, () => calls++);
    clock.advance(9.999);
    expect(calls).toBe(0);
    clock.advance(0.001);
    clock.advance(10);
    expect(calls).toBe(1);
  });

  test('calls timers that timers set, where they are due as well', () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const again = (): void => {
      times.push(clock.monotonic());
      if (times.length < 10) clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
  });

  test('forgets cancelled timers, and cancels twice without harm', () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    const first = clock.after(10, () => calls.push('first'));
    const third = clock.after(30, () => calls.push('third'));
    clock.after(20, () => {
      calls.push('second');
      third.cancel();
    });
    first.cancel();
    first.cancel();
    clock.advance(100);
    expect(calls).toEqual(['second']);
    first.cancel();
  });

  test('lets a timer move time itself', () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    clock.after(10, () => clock.advance(50));
    clock.after(40, () => calls.push(`at ${clock.monotonic()}`));
    clock.advance(20);
    expect(calls).toEqual(['at 40']);
    expect(clock.monotonic()).toBe(60);
  });

  test('is where it should be after a timer has thrown', () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    clock.after(10, () => {
      throw new Error('broken');
    });
    clock.after(20, () => calls.push('later'));
    expect(() => clock.advance(30)).toThrow('broken');
    expect(clock.monotonic()).toBe(10);
    clock.advance(10);
    expect(calls).toEqual(['later']);
  });

  test('runs what comes soon when it is moved next, even by nothing', () => {
    const clock = new ManualClock();
    const calls: string[] = [];
    clock.soon(() => calls.push('first'));
    clock.soon(() => calls.push('second'));
    expect(calls).toEqual([]);
    clock.advance(0);
    expect(calls).toEqual(['first', 'second']);
  });

  test('runs what comes soon when it is told to', () => {
    const turns: (() => void)[] = [];
    const clock = new ManualClock(0, (callback) => turns.push(callback));
    const calls: string[] = [];
    clock.soon(() => calls.push('soon'));
    clock.advance(1000);
    expect(calls).toEqual([]);
    for (const turn of turns) turn();
    expect(calls).toEqual(['soon']);
  });
});
