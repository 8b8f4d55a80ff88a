/** Taking checkpoints: what becomes of those that fail, of savepoints, and of what users ask for. */

import { describe, expect, test } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { fileStorage } from '../../src/checkpoint/file-storage.ts';
import { stateName } from '../../src/checkpoint/layout.ts';
import { systemError } from '../checkpoint/virtual-disk.ts';
import { turn } from '../runtime/support.ts';
import { type CoordinatorBench, coordinatorBench, stateDir } from './coordinator-support.ts';

const savepoint = '/elsewhere/savepoint';

/** What a subtask writes for a savepoint. */
function storeState({ disk }: CoordinatorBench, checkpoint: number): void {
  const state = fileStorage(savepoint).openState({
    system: { storage: disk.storage },
    limits: { inlineStateBytes: 0, stateWriteBytes: 1 },
    stateDir: savepoint,
  });
  const writer = state.write(stateName(checkpoint, 'nowhere'));
  writer.write(Buffer.from('all state'));
  writer.endPiece();
}

describe('a savepoint', () => {
  test('that takes too long leaves nothing behind, and the next checkpoint can be taken', async () => {
    const bench = coordinatorBench({ interval: '1h', timeout: '5s' });
    const { coordinator, clock, disk, told, acknowledge, infos } = bench;
    const asked = coordinator.ask({ savepoint });
    storeState(bench, 1);
    expect(disk.paths(savepoint)).not.toEqual([]);
    clock.advance(5000);
    await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED', message: expect.stringContaining('5000 ms') });
    await coordinator.settled();
    expect([disk.paths('/elsewhere'), disk.storage.entries('/elsewhere')]).toEqual([[], []]);
    const next = coordinator.ask({});
    acknowledge(2);
    expect(await next).toMatchObject({ id: 2, status: 'completed' });
    expect(told).toEqual(['trigger 1', 'aborted 1', 'trigger 2', 'completed 2']);
    expect(infos.map(({ id, status }) => `${id} ${status}`)).toEqual(['1 failed', '2 completed']);
  });

  test('that is given up while its manifest is written is none', async () => {
    const { coordinator, clock, disk, acknowledge } = coordinatorBench({ interval: '1h', timeout: '5s' });
    const asked = coordinator.ask({ savepoint });
    acknowledge(1);
    clock.advance(5000);
    await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' });
    await coordinator.settled();
    expect([disk.paths('/elsewhere'), disk.storage.entries('/elsewhere')]).toEqual([[], []]);
  });

  test('leaves alone what others have put into its directory', async () => {
    const { coordinator, disk } = coordinatorBench({ interval: '1h' });
    disk.put(`${savepoint}/notes`, 'mine');
    const asked = coordinator.ask({ savepoint });
    coordinator.end();
    await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' });
    await coordinator.settled();
    expect(disk.paths('/elsewhere')).toEqual([`${savepoint}/notes`]);
  });

  test('is not overtaken by a checkpoint that is complete before it', async () => {
    const { coordinator, clock, acknowledge, told } = coordinatorBench({ interval: '1s', maxConcurrent: 2 });
    const asked = coordinator.ask({ savepoint });
    clock.advance(1000);
    acknowledge(2);
    await coordinator.settled();
    acknowledge(1);
    expect(await asked).toMatchObject({ id: 1, savepoint });
    expect(told).toEqual(['trigger 1', 'trigger 2', 'completed 2']);
  });

  test('for which everything has fired fails the job when it fails', async () => {
    const { coordinator, clock, told, triggers } = coordinatorBench({ interval: '1h', timeout: '5s' });
    const asked = coordinator.ask({ savepoint, suspends: true, drains: true });
    expect(triggers).toEqual([{ checkpoint: 1, suspends: true, drains: true, savepoint }]);
    clock.advance(5000);
    await expect(asked).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' });
    expect(told.at(-1)).toMatch(/^fail checkpoint 1 failed: .* all windows and timers had fired for it$/);
  });
});

describe('a checkpoint', () => {
  test('that a user asks for is told to him, whatever else is complete', async () => {
    const { coordinator, clock, acknowledge } = coordinatorBench({ interval: '1s', maxConcurrent: 3 });
    const asked = coordinator.ask({});
    clock.advance(1000);
    const again = coordinator.ask({});
    for (const id of [1, 2, 3]) acknowledge(id);
    expect([(await asked).id, (await again).id]).toEqual([1, 3]);
  });

  test('that counts as failed is found when its manifest is there', async () => {
    const { coordinator, store, clock, acknowledge, told } = coordinatorBench({ interval: '1s', timeout: '5s', tolerableFailures: 1 });
    expect(store.hasOwn).toBe(false);
    clock.advance(1000);
    acknowledge(1);
    clock.advance(5000);
    await coordinator.settled();
    expect(told).toEqual(['trigger 1', 'aborted 1', 'trigger 2']);
    expect(store.hasOwn).toBe(true);
    expect(store.choose()).toMatchObject({ kind: 'restore', manifest: { id: 1 } });
  });

  test.each([0, 100])('fails the job at once where its state can never be stored, with %i failures tolerated', (tolerableFailures) => {
    const { coordinator, clock, told } = coordinatorBench({ interval: '1s', tolerableFailures });
    clock.advance(1000);
    const error = new MillraceError('UNSUPPORTED_VALUE', "'process': state 'last' cannot hold a function");
    const { name, message, stack, code } = error;
    coordinator.decline({
      type: 'checkpoint-declined',
      checkpoint: 1,
      stage: 0,
      subtask: 0,
      error: { name, message, stack, code, cause: undefined },
    });
    expect(told.filter((each) => each.startsWith('fail'))[0]).toBe(`fail ${message}`);
    expect(told).toContain('aborted 1');
  });

  test('whose state turned out to be damaged is none of those that are retained', async () => {
    const { coordinator, store, clock, acknowledge, disk } = coordinatorBench({ interval: '1s', retain: 2 });
    for (const id of [1, 2, 3]) {
      clock.advance(1000);
      if (id === 3) store.distrust(2, new MillraceError('CHECKPOINT_CORRUPT', 'damaged'));
      acknowledge(id);
      await coordinator.settled();
    }
    const manifests = disk.paths(stateDir).filter((path) => path.endsWith('.manifest'));
    expect(manifests.map((path) => path.slice(stateDir.length + 1))).toEqual([1, 2, 3].map((id) => `checkpoint-00000${id}.manifest`));
  });

  test('that cannot be read at the moment is not passed over for an older one', async () => {
    const { coordinator, store, clock, acknowledge, disk } = coordinatorBench({ interval: '1s', retain: 2 });
    for (const id of [1, 2]) {
      clock.advance(1000);
      acknowledge(id);
      await coordinator.settled();
    }
    disk.before = (_, name) => {
      if (name === 'read') throw systemError('EMFILE', '/');
    };
    expect(() => store.choose()).toThrow(expect.objectContaining({ code: 'CHECKPOINT_FAILED', retryable: true }));
    disk.before = () => {};
    disk.change(`${stateDir}/checkpoint-000002.manifest`, (bytes) => bytes.subarray(1));
    expect(store.choose()).toMatchObject({ kind: 'restore', manifest: { id: 1 } });
    await turn();
  });
});
