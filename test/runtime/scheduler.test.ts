/** The scheduler, over the real subtasks of a job, on a manual clock and a real doorbell. */

import { describe, expect, test } from 'vitest';
import { Doorbell, doorbellBytes } from '../../src/channel/doorbell.ts';
import { callback } from '../../src/index.ts';
import { Scheduler } from '../../src/runtime/scheduler.ts';
import { TestEnvironment, type TestEnvironmentConfig } from '../../src/testing/index.ts';
import { buildOnlySlot, HandFedSource, manualClock, type Slot, turn, turnsUntil } from './support.ts';

/** A job of two stages, source and sink, under a scheduler. */
class Run {
  readonly source = new HandFedSource();
  readonly clock = manualClock();
  readonly seen: unknown[] = [];
  readonly memory = new SharedArrayBuffer(doorbellBytes);
  slot: Slot | undefined;
  scheduler: Scheduler | undefined;
  ended: 'no' | 'resolved' | unknown = 'no';

  async start(config: TestEnvironmentConfig = {}, sink: (record: unknown) => void | Promise<void> = () => {}): Promise<void> {
    const env = new TestEnvironment({ chaining: false, limits: { idleRounds: 1 }, ...config });
    env.fromSource(this.source).sinkTo(
      callback((record) => {
        this.seen.push(record);
        return sink(record);
      }),
    );
    this.slot = await buildOnlySlot(env, this.clock, () => this.scheduler?.wake());
    this.scheduler = new Scheduler({
      subtasks: this.slot.subtasks,
      clock: this.clock,
      timers: this.clock,
      doorbell: new Doorbell(this.memory),
      limits: this.slot.limits,
    });
    this.scheduler.run().then(
      () => {
        this.ended = 'resolved';
      },
      (error) => {
        this.ended = error;
      },
    );
  }

  get asleep(): boolean {
    return new Int32Array(this.memory)[0] === 1 && Number.isFinite(this.clock.nextTimer);
  }

  async fallAsleep(): Promise<void> {
    await turnsUntil(() => this.asleep, 'the scheduler falls asleep');
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(this.asleep).toBe(true);
  }

  async end(): Promise<void> {
    this.source.end();
    await turnsUntil(() => this.ended !== 'no', 'the scheduler ends');
  }
}

async function started(...options: Parameters<Run['start']>): Promise<Run> {
  const run = new Run();
  await run.start(...options);
  return run;
}

describe('a scheduler', () => {
  test('resolves when all subtasks have finished', async () => {
    const run = await started();
    run.source.feed(1, 2, 3);
    await run.end();
    expect(run.ended).toBe('resolved');
    expect(run.seen).toEqual([1, 2, 3]);
    expect(run.slot?.subtasks.map((task) => task.phase)).toEqual(['finished', 'finished']);
  });

  test('has nothing to do without subtasks', async () => {
    const clock = manualClock();
    const { limits } = await buildOnlySlot(emptyJob(), clock);
    const doorbell = new Doorbell(new SharedArrayBuffer(doorbellBytes));
    await new Scheduler({ subtasks: [], clock, timers: clock, doorbell, limits }).run();
  });

  test('sleeps while a source has nothing, and goes on when it has', async () => {
    const run = await started({ bufferTimeout: 0 });
    await run.fallAsleep();
    run.source.feed('a');
    await turnsUntil(() => run.seen.length === 1, 'the record is there');
    await run.fallAsleep();
    await run.end();
  });

  test('lets a part-filled batch go when its time has come', async () => {
    const run = await started({ bufferTimeout: 30 });
    await run.fallAsleep();
    run.clock.advance(5);
    run.source.feed('a');
    await run.fallAsleep();
    expect(run.seen).toEqual([]);
    expect(run.clock.nextTimer).toBe(35);
    run.clock.advance(29);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(run.seen).toEqual([]);
    run.clock.advance(1);
    await turnsUntil(() => run.seen.length === 1, 'the record is there');
    await run.end();
  });

  test('waits for a sink that is at work, and gives it the next record then', async () => {
    let go: () => void = () => {};
    const run = await started(
      { bufferTimeout: 0 },
      () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    );
    run.source.feed(1, 2);
    await run.fallAsleep();
    expect(run.seen).toEqual([1]);
    go();
    await turnsUntil(() => run.seen.length === 2, 'the second record is there');
    await run.fallAsleep();
    go();
    await run.end();
    expect(run.ended).toBe('resolved');
  });

  test('ends when it is stopped in its sleep, and leaves the subtasks as they are', async () => {
    const run = await started();
    await run.fallAsleep();
    run.scheduler?.stop();
    await turnsUntil(() => run.ended !== 'no', 'the scheduler ends');
    expect(run.ended).toBe('resolved');
    expect(run.slot?.subtasks.map((task) => task.phase)).toEqual(['running', 'running']);
  });

  test('ends when a step stops it', async () => {
    const run = new Run();
    await run.start({ bufferTimeout: 0 }, () => run.scheduler?.stop());
    run.source.feed(1);
    await turnsUntil(() => run.ended !== 'no', 'the scheduler ends');
    expect(run.seen).toEqual([1]);
  });

  test('fails with what a step throws', async () => {
    const run = await started({ bufferTimeout: 0 }, () => {
      throw new Error('from the sink');
    });
    run.source.feed(1);
    await turnsUntil(() => run.ended !== 'no', 'the scheduler ends');
    expect(run.ended).toMatchObject({ code: 'USER_FUNCTION', message: expect.stringContaining('from the sink') });
  });
});

function emptyJob(): TestEnvironment {
  const env = new TestEnvironment();
  env.fromData([]).sinkTo(callback(() => {}));
  return env;
}
