import { expect, test } from 'vitest';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { column } from '../../src/schema/type.ts';
import { testChannel } from './channel-conformance.ts';
import { batchOf, materialise } from './plain-elements.ts';

for (const capacity of [1, 2, 7]) {
  testChannel(`local channel of ${capacity} elements`, () => {
    const channel = new LocalChannel(capacity);
    return { writer: channel, reader: channel };
  });
}

test('a local channel hands batches over by reference and takes them back', () => {
  const channel = new LocalChannel(2);
  const batch = materialise(channel, { element: batchOf(column('float64'), [1]) });
  channel.offer(batch);
  expect(channel.poll()).toBe(batch);
  channel.release();
  expect(materialise(channel, { element: batchOf(column('float64'), [2]) })).toBe(batch);
});
