/** What is wrong with a job as a whole is said when its plan is made, before anything runs. */

import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { files } from '../../src/api/connectors.ts';
import { TestEnvironment } from '../../src/testing/test-environment.ts';

function refusal(build: (env: TestEnvironment) => void): unknown {
  const env = new TestEnvironment({ parallelism: 2 });
  build(env);
  try {
    return env.explain();
  } catch (error) {
    return error;
  }
}

describe('two file sinks on one directory', () => {
  const text = { format: 'text' } as const;

  it('are an error that names both', () => {
    const error = refusal((env) => {
      const lines = env.fromData(['a']);
      lines.sinkTo(files.sink('out', text)).name('all');
      lines
        .filter((line) => line > 'b')
        .sinkTo(files.sink('./x/../out/', { ...text, overwrite: true }))
        .name('late');
    });
    expect(error).toMatchObject({
      code: 'INVALID_JOB',
      message:
        `the sinks 'all' and 'late' both write to '${resolve('out')}/part-*.txt'; ` +
        'give each a place of its own, or unite their streams with union(…) in front of one sink',
    });
  });

  it('are one and the same sink twice, too', () => {
    const error = refusal((env) => {
      const sink = files.sink<string>('out', text);
      env.fromData(['a']).sinkTo(sink);
      env.fromData(['b']).sinkTo(sink);
    });
    expect(error).toMatchObject({ code: 'INVALID_JOB', message: expect.stringContaining("the sinks 'out' and 'out' both write to") });
  });

  it('may write there under names that differ', () => {
    const plan = refusal((env) => {
      const lines = env.fromData(['a']);
      lines.sinkTo(files.sink('out', text));
      lines.sinkTo(files.sink('out', { ...text, prefix: 'late' }));
      lines.sinkTo(files.sink('out', { format: 'json' }));
      lines.sinkTo(files.sink('out2', text));
    });
    expect(plan).toBeTypeOf('string');
  });
});

describe('an endpoint of the host that occurs twice', () => {
  it('is an error that says what to do for an input', () => {
    const error = refusal((env) => {
      env.fromHost('rows').print();
      env.fromHost('rows').toHost('rows');
    });
    expect(error).toMatchObject({
      code: 'INVALID_JOB',
      message: "fromHost('rows') occurs twice; an input is one stream: use that twice, or give the other input a name of its own",
    });
  });

  it('and for an output', () => {
    const error = refusal((env) => {
      const rows = env.fromData([1]);
      rows.toHost('rows');
      rows.map((n) => n + 1).toHost('rows');
    });
    expect(error).toMatchObject({
      code: 'INVALID_JOB',
      message:
        "toHost('rows') occurs twice; unite the streams with union(…) in front of one output, or give the other output a name of its own",
    });
  });
});

describe('what is said of generate', () => {
  it('holds for the whole of it: one operator that makes the records', () => {
    const env = new TestEnvironment({ parallelism: 4 });
    env
      .generate({ count: 10, create: (index) => ({ index }) })
      .setParallelism(2)
      .name('ticks')
      .uid('ticks-1')
      .toHost('records');
    expect(env.explain()).toMatch(/^stage 0 × 2\n {2}ticks \(generate\)/m);
    const { operators } = env.describe('job').graph;
    expect(operators).toEqual([
      expect.objectContaining({ name: 'ticks', uid: 'ticks-1', parallelism: 2 }),
      expect.objectContaining({ name: 'toHost(records)' }),
    ]);
  });

  it('as options, too', () => {
    const env = new TestEnvironment({ parallelism: 4 });
    env.generate({ count: 10, create: (index) => index, name: 'ticks', uid: 'u', parallelism: 3 }).print();
    const [first] = env.describe('job').graph.operators;
    expect(first).toMatchObject({ name: 'ticks', uid: 'u', parallelism: 3 });
  });

  it('and its records are what create returns, at every parallelism, with the type that is declared', async () => {
    for (const parallelism of [1, 2, 3]) {
      const env = new TestEnvironment({ parallelism, limits: { batchRows: 2 } });
      const rows = await env.collect(env.generate({ count: 7, create: (index) => ({ square: index * index }) }));
      expect(rows.map(({ square }) => square).sort((a, b) => a - b)).toEqual([0, 1, 4, 9, 16, 25, 36]);
    }
    const env = new TestEnvironment();
    const failing = env.generate({
      count: 3,
      create: (index) => {
        if (index === 1) throw new RangeError('one');
        return index;
      },
    });
    await expect(env.collect(failing.name('ticks'))).rejects.toMatchObject({
      code: 'USER_FUNCTION',
      message: "'ticks' failed with RangeError: one\n  at the record 1",
    });
  });
});
