/** A field that no record has: whatever goes by it names the call, the operator, the record, and the field that was perhaps meant. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import type { KeyedStream } from '../../src/api/keyed-stream.ts';
import { TestEnvironment } from '../../src/testing/test-environment.ts';
import { evictors } from '../../src/time/windows/evictors/evictors.ts';

interface Reading {
  readonly key: string;
  readonly weight: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the mistake that is tested is one that the compiler would find.
type Mistyped = any;

const rolling = ['sum', 'min', 'max', 'minBy', 'maxBy'] as const;

const ways: readonly [title: string, (keyed: KeyedStream<Reading, string>, method: (typeof rolling)[number]) => DataStream<unknown>][] = [
  ['of a key', (keyed, method) => keyed[method]('wieght' as Mistyped)],
  ['of a window', (keyed, method) => keyed.countWindow(1)[method]('wieght' as Mistyped)],
];

describe.each(ways)('%s', (_, make) => {
  test.each(rolling)('%s of it, at the first record', async (method) => {
    for (const runtimeMode of ['batch', 'streaming'] as const) {
      for (const parallelism of [1, 2]) {
        const env = new TestEnvironment({ parallelism, runtimeMode });
        const keyed = env.fromData<Reading>([{ key: 'a', weight: 1 }]).keyBy('key');
        await expect(env.collect(make(keyed, method).name('scales'))).rejects.toMatchObject({
          code: 'TYPE_MISMATCH',
          message: `'scales': ${method}("wieght"): the record has no field 'wieght'; did you mean 'weight'?\n  at the record { key: 'a', weight: 1 }`,
        });
      }
    }
  });
});

// What an evictor leaves is only looked at when the window fires: there it is the window that is shown.
test.each(rolling)('of a window with an evictor, %s of it', async (method) => {
  const env = new TestEnvironment();
  const windowed = env
    .fromData<Reading>([{ key: 'a', weight: 1 }])
    .keyBy('key')
    .countWindow(1)
    .evictor(evictors.count(5));
  await expect(env.collect(windowed[method]('wieght' as Mistyped).name('scales'))).rejects.toThrow(
    `'scales': ${method}("wieght"): the record has no field 'wieght'\n  at the record { key: 'a', window:`,
  );
});

test('keyBy', async () => {
  for (const parallelism of [1, 2]) {
    const env = new TestEnvironment({ parallelism });
    const readings = env.fromData<Reading>([{ key: 'a', weight: 1 }]).map((reading) => structuredClone(reading));
    const counted = readings.keyBy('kee' as Mistyped).reduce((a: Reading) => a);
    await expect(env.collect((counted as DataStream<Reading>).name('op'))).rejects.toThrow(
      "'op': keyBy(kee): the record has no field 'kee'; did you mean 'key'?\n  at the record { key: 'a', weight: 1 }",
    );
  }
});

test('what resembles nothing is not guessed at, and records may be no objects', async () => {
  const env = new TestEnvironment();
  const rows = env
    .fromData([null, 7])
    .keyBy(() => 1)
    .minBy('x' as Mistyped);
  await expect(env.collect(rows)).rejects.toThrow(/^'minBy': minBy\("x"\): the record has no field 'x'\n {2}at the record null$/);
});

test('values without an order are found at the first record, too', async () => {
  const env = new TestEnvironment();
  const rows = env
    .fromData([{ k: 1, o: {} }])
    .keyBy('k')
    .maxBy('o' as Mistyped);
  await expect(env.collect(rows)).rejects.toThrow(/^'maxBy' failed with TypeError: cannot compare an object with an object;/);
});
