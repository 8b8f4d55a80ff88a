/** The end of a stream at barriers, complete checkpoints, recovery and the end: what it asks of the sink, and when. */

import { describe, expect, test } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { limitsWith } from '../../src/base/limits.ts';
import type { OperatorContext, OperatorInstance } from '../../src/compiler/operator.ts';
import type { LogicalOperator } from '../../src/graph/logical.ts';
import type { Sink, TwoPhaseCommitSink } from '../../src/graph/sink.ts';
import { sinkOperator } from '../../src/operators/sink.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { watermarks } from '../../src/time/watermarks.ts';
import type { SubtaskPart } from '../../src/wire/state-handles.ts';

interface Place {
  readonly subtask?: number;
  readonly parallelism?: number;
  readonly checkpoints?: boolean;
}

/** What the subtask was told. */
class Told {
  readonly failures: unknown[] = [];
  wakes = 0;

  context({ subtask = 0, parallelism = 1, checkpoints = true }: Place): OperatorContext {
    return {
      operator: { name: 'out' } as LogicalOperator,
      jobName: 'test',
      subtask,
      parallelism,
      mode: 'streaming',
      checkpoints,
      limits: limitsWith(),
      system: nodeSystem(),
      key: undefined,
      failure: (error) => (error instanceof MillraceError ? error : new MillraceError('USER_FUNCTION', String(error), { cause: error })),
      wake: () => {
        this.wakes += 1;
      },
      fail: (error) => {
        this.failures.push(error);
      },
      warn: () => {},
      keyedState: () => {
        throw new Error('a sink has no keyed state');
      },
      alignment: () => {
        throw new Error('a sink has no watermarks');
      },
      countLate: () => {},
    };
  }
}

/** What the generated code uses. */
type Instance = OperatorInstance & { waiting: unknown[] | null };

function create(sink: Sink<never>, place: Place = {}): { instance: Instance; told: Told } {
  const told = new Told();
  return { instance: sinkOperator(sink).create(told.context(place)) as Instance, told };
}

/** Something that takes its time: it is done when the test says so. */
class Gate {
  open: () => void = () => {};
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** A barrier, behind a record. */
async function prepare(one: Recorder, instance: Instance, checkpoint: number, row: string): Promise<void> {
  one.rows = [row];
  await instance.prepareSnapshot?.(checkpoint, false);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Parts of several subtasks together, as a restored one gets those of 'union'. */
function together(...snapshots: Readonly<Record<string, SubtaskPart>>[]): Record<string, unknown[]> {
  const names = new Set(snapshots.flatMap((parts) => Object.keys(parts)));
  return Object.fromEntries([...names].map((name) => [name, snapshots.flatMap((parts) => [...(parts[name]?.items ?? [])])]));
}

/** Hands over a transaction for each record, and notes what happens. */
class Recorder {
  readonly events: string[] = [];
  rows: string[] = [];
  commitGate: Gate | undefined;
  commitError: Error | undefined;
  async = false;

  readonly sink: TwoPhaseCommitSink<string, string, number> = {
    name: 'recorder',
    createWriter: (_context, restored) => {
      this.events.push(restored === undefined ? 'create' : `create from ${restored.states}`);
      return {
        write: (row) => {
          this.events.push(`write ${row}`);
          this.rows.push(row);
        },
        flush: () => (this.async ? turn() : undefined),
        finish: () => {
          this.events.push('finish');
        },
        prepareCommit: (checkpoint) => {
          this.events.push(`prepare ${checkpoint}`);
          const rows = this.rows;
          this.rows = [];
          return this.async ? turn().then(() => rows) : rows;
        },
        snapshot: () => 7,
        close: () => {
          this.events.push('close');
        },
      };
    },
    commit: (transactions) => {
      this.events.push(`commit ${transactions}`);
      if (this.commitError !== undefined) throw this.commitError;
      return this.commitGate?.passed;
    },
  };

  /** What happened since the last time. */
  take(): string[] {
    return this.events.splice(0);
  }
}

describe('a sink that takes no part in checkpoints', () => {
  test('is flushed before a barrier, and waited for', async () => {
    const gate = new Gate();
    const written: string[] = [];
    const { instance, told } = create({
      name: 'slow',
      createWriter: () => ({ write: (row: string) => void written.push(row), flush: () => gate.passed }),
    });
    instance.open?.();
    const prepared = instance.prepareSnapshot?.(1, false);
    expect(instance.isReady?.()).toBe(false);
    instance.waiting?.push('behind the barrier', undefined);
    gate.open();
    await prepared;
    expect({ written, ready: instance.isReady?.(), failures: told.failures }).toEqual({
      written: ['behind the barrier'],
      ready: true,
      failures: [],
    });
    expect(instance.snapshot).toBeUndefined();
    expect(instance.hasUncommitted).toBeUndefined();
  });

  test('is told whether only time asks it to flush: then it may hold on to what it has', async () => {
    const asked: (boolean | undefined)[] = [];
    const sink: Sink<never> = { name: 'lingering', createWriter: () => ({ write: () => {}, flush: (timed) => void asked.push(timed) }) };
    const { instance } = create(sink);
    instance.open?.();
    instance.flush?.();
    await instance.prepareSnapshot?.(1, false);
    await instance.finish?.();
    expect(asked).toEqual([true, undefined, undefined]);
  });

  test('fails the checkpoint, and does not go on, when it cannot be flushed', async () => {
    const { instance } = create({
      name: 'broken',
      createWriter: () => ({ write: () => {}, flush: () => Promise.reject(new Error('disk full')) }),
    });
    instance.open?.();
    await expect(instance.prepareSnapshot?.(1, false)).rejects.toThrow('disk full');
    expect(instance.isReady?.()).toBe(false);
  });

  test('stands nobody in the way when there is nothing to wait for', () => {
    const { instance } = create({ name: 'quick', createWriter: () => ({ write: () => {} }) });
    instance.open?.();
    expect(instance.prepareSnapshot?.(1, false)).toBeUndefined();
  });
});

describe.each([false, true])('a two-phase-commit sink, asynchronous: %s', (async) => {
  const recorder = (): Recorder => Object.assign(new Recorder(), { async });

  test('commits what was prepared when a checkpoint is complete, once and in order', async () => {
    const one = recorder();
    const { instance } = create(one.sink);
    instance.open?.();
    await prepare(one, instance, 1, 'a');
    await prepare(one, instance, 2, 'b');
    await prepare(one, instance, 3, 'c');
    expect(one.take()).toEqual(['create', 'prepare 1', 'prepare 2', 'prepare 3']);
    expect(instance.hasUncommitted).toBe(true);
    await instance.checkpointCompleted?.(2);
    expect(one.take()).toEqual(['commit a,b']);
    await instance.checkpointCompleted?.(2);
    expect(one.take()).toEqual([]);
    expect(together(instance.snapshot?.() ?? {})).toEqual({
      transactions: [{ subtask: 0, checkpoint: 3, transaction: 'c' }],
      writers: [{ subtask: 0, state: 7 }],
    });
    await instance.checkpointCompleted?.(3);
    expect([one.take(), instance.hasUncommitted]).toEqual([['commit c'], false]);
  });

  test('keeps what a checkpoint that failed held for the next one', async () => {
    const one = recorder();
    const { instance } = create(one.sink);
    instance.open?.();
    await prepare(one, instance, 1, 'a');
    await instance.prepareSnapshot?.(2, false);
    expect(together(instance.snapshot?.() ?? {})).toMatchObject({ transactions: [{ checkpoint: 1, transaction: 'a' }] });
    await instance.checkpointCompleted?.(2);
    expect(one.take()).toContain('commit a');
  });

  test('commits what it is restored with before the writer is made, each subtask its share', async () => {
    const snapshots = await Promise.all(
      [0, 1, 2].map(async (subtask) => {
        const before = recorder();
        const { instance } = create(before.sink, { subtask, parallelism: 3 });
        instance.open?.();
        before.rows = [`${subtask}a`];
        await instance.prepareSnapshot?.(1, false);
        before.rows = [`${subtask}b`];
        await instance.prepareSnapshot?.(2, false);
        return instance.snapshot?.() ?? {};
      }),
    );
    const parts = together(...snapshots);
    const restored = async (place: Place): Promise<string[]> => {
      const after = recorder();
      after.commitGate = async ? new Gate() : undefined;
      const { instance } = create(after.sink, place);
      instance.restore?.(parts);
      instance.open?.();
      expect(instance.isReady?.()).toBe(!async);
      if (async) expect(after.events).toHaveLength(after.events.length && 1);
      after.commitGate?.open();
      await turn();
      expect(instance.isReady?.()).toBe(true);
      return after.take();
    };
    expect(await restored({ subtask: 0, parallelism: 2 })).toEqual(['commit 0a,2a,0b,2b', 'create from 7,7']);
    expect(await restored({ subtask: 1, parallelism: 2 })).toEqual(['commit 1a,1b', 'create from 7']);
    expect(await restored({ subtask: 1, parallelism: 3 })).toEqual(['commit 1a,1b', 'create from 7']);
  });

  test('prepares at the end, and commits with the checkpoint that follows', async () => {
    const one = recorder();
    const { instance } = create(one.sink);
    instance.open?.();
    await prepare(one, instance, 1, 'a');
    one.rows = ['b'];
    await instance.finish?.();
    await instance.checkpointCompleted?.(1);
    expect(one.take()).toEqual(['create', 'prepare 1', 'finish', 'prepare undefined', 'commit a']);
    await instance.prepareSnapshot?.(2, false);
    expect(together(instance.snapshot?.() ?? {})).toMatchObject({ transactions: [{ checkpoint: 2, transaction: 'b' }] });
    expect(instance.hasUncommitted).toBe(true);
    await instance.checkpointCompleted?.(2);
    expect([one.take(), instance.hasUncommitted]).toEqual([['commit b'], false]);
  });

  test('commits at the end where there are no checkpoints, also behind a savepoint', async () => {
    const one = recorder();
    const { instance } = create(one.sink, { checkpoints: false });
    instance.open?.();
    await prepare(one, instance, 5, 'a');
    one.rows = ['b'];
    await instance.finish?.();
    expect(one.take()).toEqual(['create', 'prepare 5', 'finish', 'prepare undefined', 'commit a,b']);
    expect(instance.hasUncommitted).toBe(false);
  });
});

describe('a two-phase-commit sink', () => {
  test('commits one checkpoint after the other, and nothing when it is closed', async () => {
    const one = new Recorder();
    const gate = new Gate();
    one.commitGate = gate;
    const { instance } = create(one.sink);
    instance.open?.();
    for (const [i, row] of ['a', 'b', 'c'].entries()) {
      one.rows = [row];
      instance.prepareSnapshot?.(i + 1, false);
    }
    one.take();
    const commits = [1, 2].map((checkpoint) => instance.checkpointCompleted?.(checkpoint));
    await turn();
    expect(one.take()).toEqual(['commit a']);
    gate.open();
    await Promise.all(commits);
    expect(one.take()).toEqual(['commit b']);
    instance.close?.();
    await instance.checkpointCompleted?.(3);
    expect(one.take()).toEqual(['close']);
  });

  test('makes no writer when the job has ended before its transactions were committed', async () => {
    const one = new Recorder();
    one.commitGate = new Gate();
    const { instance, told } = create(one.sink);
    instance.restore?.({ transactions: [{ subtask: 0, checkpoint: 1, transaction: 'a' }] });
    instance.open?.();
    instance.close?.();
    one.commitGate.open();
    await turn();
    expect([one.take(), told.failures]).toEqual([['commit a'], []]);
  });

  test('fails with SINK_FAILED when it cannot commit, and keeps what it could not', async () => {
    const one = new Recorder();
    one.commitError = new Error('no connection');
    const { instance } = create(one.sink);
    instance.open?.();
    one.rows = ['a'];
    instance.prepareSnapshot?.(1, false);
    await expect(instance.checkpointCompleted?.(1)).rejects.toMatchObject({
      code: 'SINK_FAILED',
      retryable: true,
      message: expect.stringMatching(
        /^'out' cannot commit the transactions of checkpoint 1: Error: no connection; they are committed again/,
      ),
    });
    expect(instance.hasUncommitted).toBe(true);
    const { instance: next } = create(one.sink);
    next.restore?.(together(instance.snapshot?.() ?? {}));
    expect(() => next.open?.()).toThrow(/cannot commit the transactions of the checkpoint that the job goes on from: Error: no connection/);
  });

  test('knows that the job goes on, also where the checkpoint has nothing for it', () => {
    const one = new Recorder();
    const { instance } = create(one.sink);
    instance.restore?.({});
    instance.open?.();
    expect(one.take()).toEqual(['create from ']);
  });
});

test('writers are told the event time of records, also of those that waited', async () => {
  const seen: unknown[] = [];
  const sink: Sink<number> = {
    name: 'times',
    createWriter: () => ({
      write: (record, timestamp) => {
        seen.push([record, timestamp]);
        return record === 1 ? turn() : undefined;
      },
    }),
  };
  const env = new TestEnvironment();
  env
    .fromData([1, 2, 3])
    .assignTimestampsAndWatermarks(watermarks.monotonous({ timestamp: (record) => record * 100 }))
    .sinkTo(sink);
  await env.execute();
  expect(seen).toEqual([1, 2, 3].map((record) => [record, record * 100]));
});
