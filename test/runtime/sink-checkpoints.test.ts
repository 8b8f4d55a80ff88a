/** A sink in a real subtask: what was before a barrier is prepared with it, and committed when the checkpoint is complete. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import { memoryStorage } from '../../src/checkpoint/memory-storage.ts';
import { SplitAssigner } from '../../src/cluster/split-assigner.ts';
import { files, StreamEnvironment, type TwoPhaseCommitSink } from '../../src/index.ts';
import { createCounterMemory, SubtaskCounters } from '../../src/metrics/counters.ts';
import { createAlignmentMemories, planDescription, subtaskCount } from '../../src/runtime/plan.ts';
import { type Acknowledgement, buildSlot } from '../../src/runtime/slot.ts';
import type { SourceInput } from '../../src/runtime/source-input.ts';
import type { Subtask } from '../../src/runtime/subtask.ts';
import { withoutCheckpoints } from '../../src/runtime/without-checkpoints.ts';
import { filesBelow } from '../connectors/files/files-below.ts';
import { temporaryDirectory } from '../connectors/support.ts';
import { HandFedSource, manualClock, manualSystem, turn } from './support.ts';

class Running {
  readonly acknowledged: Acknowledgement[] = [];
  readonly failures: unknown[] = [];
  finalRequests = 0;
  task: Subtask | undefined;

  async build(env: StreamEnvironment): Promise<void> {
    const job = env.describe('test');
    const plan = planDescription(job);
    const limits = limitsWith(job.limits);
    const clock = manualClock();
    const system = manualSystem(clock);
    const splits = await SplitAssigner.enumerate(plan, { system, limits });
    const storage = memoryStorage().openState({ system, limits, stateDir: '' });
    const noChannel = (): never => {
      throw new Error('the job has one stage');
    };
    const [built] = buildSlot({
      ...withoutCheckpoints,
      plan,
      slot: 0,
      jobName: job.name,
      bufferTimeoutMs: job.bufferTimeoutMs,
      limits,
      system,
      wiring: { writer: noChannel, reader: noChannel },
      counters: () => new SubtaskCounters(createCounterMemory(subtaskCount(plan)), 0),
      alignments: createAlignmentMemories(plan),
      checkpoints: { exactlyOnce: true, incremental: true, stateDir: '' },
      stateStorage: () => storage,
      acknowledge: (acknowledgement) => this.acknowledged.push(acknowledgement),
      decline: ({ error }) => this.failures.push(error),
      requestFinalCheckpoint: () => {
        this.finalRequests += 1;
      },
      requestSplit: (stage) => {
        const input = this.task?.input as SourceInput;
        const split = splits.next(stage);
        if (split === undefined) input.noMoreSplits();
        else input.addSplit(split);
      },
      wake: () => {},
      fail: (error) => this.failures.push(error),
      warn: () => {},
      countBad: () => {},
    });
    this.task = built?.task;
    this.task?.open();
  }

  async until(holds: () => boolean): Promise<void> {
    for (let turns = 0; !holds(); turns++) {
      if (turns > 1_000_000 || this.failures.length > 0) throw new Error('in vain', { cause: this.failures[0] });
      this.task?.step();
      await turn();
    }
  }

  /** Enough for what is there. */
  async steps(): Promise<void> {
    let left = 10;
    await this.until(() => left-- === 0);
  }

  async checkpoint(checkpoint: number, suspends = false): Promise<void> {
    this.task?.trigger({ checkpoint, suspends });
    await this.until(() => this.acknowledged.some((each) => each.checkpoint === checkpoint));
  }
}

test('files are committed with the checkpoints of a running job, and with the last one', async () => {
  const directory = join(temporaryDirectory(), 'out');
  const source = new HandFedSource();
  const env = new StreamEnvironment({ parallelism: 1 });
  env.fromSource(source).sinkTo(files.sink(directory, { format: 'text', rolling: { onCheckpoint: true } }));
  const job = new Running();
  await job.build(env);
  source.feed('a', 'b');
  await job.steps();
  await job.checkpoint(1);
  source.feed('c');
  await job.steps();
  expect(filesBelow(directory)).toHaveProperty(['.part-0-0.txt.inprogress'], 'a\nb\n');
  await job.task?.completeCheckpoint(1);
  expect(filesBelow(directory)).toHaveProperty(['part-0-0.txt'], 'a\nb\n');
  source.end();
  await job.until(() => job.finalRequests === 1);
  expect(filesBelow(directory)).toEqual({ 'part-0-0.txt': 'a\nb\n', '.part-0-1.txt.inprogress': 'c\n' });
  await job.checkpoint(2);
  expect(job.task?.phase).toBe('committing');
  await job.task?.completeCheckpoint(2);
  await job.until(() => job.task?.phase === 'finished');
  expect(filesBelow(directory)).toEqual({ 'part-0-0.txt': 'a\nb\n', 'part-0-1.txt': 'c\n' });
  job.task?.close();
});

test('what cannot be stored is told with the name of its operator', async () => {
  const sink: TwoPhaseCommitSink<unknown> = {
    name: 'ledger',
    createWriter: () => ({ write: () => {}, prepareCommit: () => [{ undo: () => {} }] }),
    commit: () => {},
  };
  const env = new StreamEnvironment({ parallelism: 1 });
  env.fromSource(new HandFedSource()).sinkTo(sink);
  const job = new Running();
  await job.build(env);
  await expect(job.checkpoint(1)).rejects.toThrow('in vain');
  expect(job.failures).toMatchObject([
    {
      code: 'UNSUPPORTED_VALUE',
      message: expect.stringMatching(
        /^'ledger': what it keeps as 'transactions' holds a function \(at .*undo\), which no checkpoint can hold/,
      ),
    },
  ]);
  job.task?.close();
});

test('a job that is stopped with a checkpoint leaves no part hidden', async () => {
  const directory = join(temporaryDirectory(), 'out');
  const source = new HandFedSource();
  const env = new StreamEnvironment({ parallelism: 1 });
  env.fromSource(source).sinkTo(files.sink(directory, { format: 'text' }));
  const job = new Running();
  await job.build(env);
  source.feed('a');
  await job.steps();
  await job.checkpoint(1);
  source.feed('b');
  await job.steps();
  await job.checkpoint(2, true);
  expect(filesBelow(directory)).toEqual({ '.part-0-0.txt.inprogress': 'a\nb\n' });
  await job.task?.completeCheckpoint(2);
  expect(filesBelow(directory)).toEqual({ 'part-0-0.txt': 'a\nb\n' });
  job.task?.close();
});
