/** Streams of a type stand in for streams of a wider one: they are covariant, as iterables are. Checked by the compiler. */

import { expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import type { KeyedStream } from '../../src/api/keyed-stream.ts';

const wide = (stream: DataStream<unknown>): DataStream<unknown> => stream;

test('a stream of texts is a stream of anything', () => {
  const narrow = (texts: DataStream<string>) => wide(texts);
  const wider = (keyed: KeyedStream<{ readonly a: number; readonly b: string }, number>): KeyedStream<{ readonly a: number }, number> =>
    keyed;
  expect([narrow, wider]).toHaveLength(2);
});
