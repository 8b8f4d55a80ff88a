import { describe, expect, it } from 'vitest';
import { callbackSink } from '../../../src/connectors/callback/callback-sink.ts';
import { sinkContext } from '../support.ts';

describe('callbackSink', () => {
  it('calls the function with each record and its subtask', () => {
    const calls: unknown[] = [];
    const writer = callbackSink<string>((record, { subtask }) => void calls.push([record, subtask])).createWriter(
      sinkContext({ subtask: 3, parallelism: 4 }),
    );
    expect(writer.write('a')).toBeUndefined();
    expect(calls).toEqual([['a', 3]]);
  });

  it('hands on the promise that the function returns, so that the subtask can wait', async () => {
    const writer = callbackSink<string>(async (record) => {
      throw new Error(`no ${record}`);
    }).createWriter(sinkContext());
    await expect(writer.write('a')).rejects.toThrow('no a');
  });

  it('is called what the function is called', () => {
    expect(callbackSink(function store() {}).name).toBe('store');
    expect(callbackSink(() => {}).name).toBe('callback');
  });
});
