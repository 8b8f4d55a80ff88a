import { describe, expect, test } from 'vitest';
import type { JobStatus } from '../../src/api/job-client.ts';
import { JobState } from '../../src/cluster/job-state.ts';

/** A job that went through some states, and the states it told. */
function jobAfter(...path: readonly JobStatus[]): { state: JobState; told: JobStatus[] } {
  const told: JobStatus[] = [];
  const state = new JobState((status) => told.push(status));
  for (const next of path) state.move(state.status, next as never);
  return { state, told };
}

const lives: readonly (readonly JobStatus[])[] = [
  ['running', 'finished'],
  ['running', 'failing', 'failed'],
  ['running', 'cancelling', 'cancelled'],
  ['failing', 'failed'],
  ['cancelling', 'cancelled'],
];

describe('the life of a job', () => {
  test('begins as created', () => {
    const { state, told } = jobAfter();
    expect([state.status, state.terminal, told]).toEqual(['created', false, []]);
  });

  test.each(lives.map((life) => [life.join(' → '), life] as const))('can be %s', (_, life) => {
    const { state, told } = jobAfter(...life);
    expect(told).toEqual(life);
    expect([state.status, state.terminal]).toEqual([life.at(-1), true]);
    for (let length = 0; length < life.length; length++) expect(jobAfter(...life.slice(0, length)).state.terminal).toBe(false);
  });

  test('goes on only from the state that it is in', () => {
    const { state, told } = jobAfter('running');
    expect(() => state.move('created', 'running')).toThrow('a job moves from created to running, but it is running');
    expect(() => state.move('failing', 'failed')).toThrow('but it is running');
    expect([state.status, told]).toEqual(['running', ['running']]);
  });

  test('has no moves that are not in the table', () => {
    const { state } = jobAfter('running', 'finished');
    const moves = (): void => {
      // @ts-expect-error: a finished job stays as it is.
      state.move('finished', 'running');
      // @ts-expect-error: a job that runs has failed only after it was failing.
      state.move('running', 'failed');
      // @ts-expect-error: a cancelled job does not finish.
      state.move('cancelling', 'finished');
      const early = state.status as 'created' | 'running';
      // Each of the two may be followed by it.
      state.move(early, 'failing');
      // @ts-expect-error: a job that was only created does not finish.
      state.move(early, 'finished');
      // @ts-expect-error: a job that runs does not start to run.
      state.move(early, 'running');
      // @ts-expect-error: nothing may follow whatever the state is.
      state.move(state.status, 'failing');
    };
    expect(moves).toBeTypeOf('function');
  });
});
