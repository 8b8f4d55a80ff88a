/** Outputs that the embedding program reads: memory while it is slow, and the end. */

import { describe, expect, test } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import type { AnyColumn } from '../../src/batch/any-column.ts';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import { StringColumn } from '../../src/batch/string-column.ts';
import { endOfInput } from '../../src/channel/element.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { createRingMemory } from '../../src/channel/ring.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import { HostOutput } from '../../src/cluster/host-output.ts';
import { anyRecord, column, internType, scalarType } from '../../src/schema/type.ts';
import { turn } from '../runtime/support.ts';

const anyType = internType(anyRecord);
const stringType = internType(scalarType(column('string')));
const layout = { capacity: 0, timestamps: false, hashes: false };

function batchOf(rows: unknown[]): RecordBatch {
  const batch = new RecordBatch(anyType, layout);
  (batch.columns[0] as AnyColumn).values = rows;
  batch.rowCount = rows.length;
  return batch;
}

function takeRow({ group }: HostOutput): unknown {
  return group.rows[group.next++];
}

describe('an output that is read slowly', () => {
  test.each([
    [1, 1],
    [2, 7],
    [7, 2],
    [100, 16],
  ])('holds no more than %i rows and what they came with, in batches of %i', async (hostRows, batchRows) => {
    const channel = new LocalChannel(2);
    const output = new HostOutput([channel], limitsWith({ hostRows }));
    const total = 1000;
    let offered = 0;
    let waitingMax = 0;
    const seen: unknown[] = [];
    for (let round = 0; seen.length < total; round++) {
      expect(round).toBeLessThan(100_000);
      const rows = Array.from({ length: Math.min(batchRows, total - offered) }, (_, i) => offered + i);
      if (rows.length > 0 && channel.offer(batchOf(rows))) offered += rows.length;
      // The pump steps far more often than the reader takes a row.
      for (let steps = 0; steps < 5; steps++) output.step();
      waitingMax = Math.max(waitingMax, output.waiting);
      if (round % 3 === 0 && output.waiting > 0) seen.push(takeRow(output));
      // Everything that was offered and not read is in one of the two.
      expect(offered - seen.length).toBeLessThanOrEqual(hostRows - 1 + batchRows + 2 * batchRows);
    }
    expect(waitingMax).toBeLessThanOrEqual(hostRows - 1 + batchRows);
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i));
  });

  test('leaves in the ring what there is no room for', async () => {
    const memory = createRingMemory(4096);
    const writer = new RingChannelWriter(memory, () => {});
    const output = new HostOutput([new RingChannelReader(memory, () => {})], limitsWith({ hostRows: 10 }));
    let offered = 0;
    for (let tries = 0; tries < 1000; tries++) {
      if (writer.offer(batchOf([offered, offered + 1]))) offered += 2;
      output.step();
    }
    expect(offered).toBeLessThan(1000);
    expect(output.waiting).toBeLessThanOrEqual(11);
    const seen: unknown[] = [];
    while (seen.length < offered) {
      output.step();
      seen.push(...output.takeRows());
    }
    expect(seen).toEqual(Array.from({ length: offered }, (_, i) => i));
  });

  test('takes more out of the way of a checkpoint until that one is given up, whatever becomes of others', () => {
    const channel = new LocalChannel(8);
    const output = new HostOutput([channel], limitsWith({ hostRows: 1, hostOvertakenRows: 100 }));
    for (let row = 0; row < 4; row++) channel.offer(batchOf([row]));
    const waits: number[] = [];
    const step = (): void => {
      output.step();
      waits.push(output.waiting);
    };
    step();
    step();
    output.overtake(2);
    step();
    output.aborted(1);
    step();
    output.aborted(2);
    step();
    expect(waits).toEqual([1, 1, 2, 3, 3]);
  });

  test('takes its channels in turn, none of them twice before the others', () => {
    const channels = [new LocalChannel(4), new LocalChannel(4), new LocalChannel(4)];
    const output = new HostOutput(channels, limitsWith());
    for (const [i, channel] of channels.entries()) for (let n = 0; n < 3; n++) channel.offer(batchOf([`${i}.${n}`]));
    expect(output.step()).toBe(true);
    expect(output.takeRows()).toEqual(['0.0', '1.0', '2.0']);
  });
});

describe('rows of an output', () => {
  test('are waited for, and end with the last channel', async () => {
    const channels = [new LocalChannel(4), new LocalChannel(4)];
    const output = new HostOutput(channels, limitsWith());
    let ready: boolean | undefined;
    const wait = async (): Promise<void> => {
      ready = await output.ready();
    };
    void wait();
    await turn();
    expect(ready).toBeUndefined();
    channels[0]?.offer(batchOf(['a']));
    output.step();
    await turn();
    expect(ready).toBe(true);
    expect(takeRow(output)).toBe('a');
    channels[0]?.offer(endOfInput);
    output.step();
    ready = undefined;
    void wait();
    await turn();
    expect(ready).toBeUndefined();
    channels[1]?.offer(endOfInput);
    output.step();
    await turn();
    expect(ready).toBe(false);
  });

  test('that came before a failure can be read, then it is thrown', async () => {
    const channel = new LocalChannel(4);
    const output = new HostOutput([channel], limitsWith());
    channel.offer(batchOf(['a', 'b']));
    output.step();
    const failure = new Error('failed');
    output.fail(failure);
    expect(await output.ready()).toBe(true);
    expect(output.takeRows()).toEqual(['a', 'b']);
    await expect(output.ready()).rejects.toBe(failure);
  });

  test('are taken out of the channels by their reader when nobody steps any more', async () => {
    const channel = new LocalChannel(4);
    const output = new HostOutput([channel], limitsWith({ hostRows: 1 }));
    for (const each of ['a', 'b', 'c']) channel.offer(batchOf([each]));
    channel.offer(endOfInput);
    output.finish();
    const seen: unknown[] = [];
    while (await output.ready()) seen.push(takeRow(output));
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('share no memory with the frame that they came in', () => {
    const memory = createRingMemory(8192);
    const writer = new RingChannelWriter(memory, () => {});
    const output = new HostOutput([new RingChannelReader(memory, () => {})], limitsWith());
    const seen: unknown[] = [];
    for (let round = 0; round < 50; round++) {
      const batch = writer.acquire(stringType, { capacity: 2, timestamps: false, hashes: false });
      const strings = batch.columns[0] as StringColumn;
      expect(strings).toBeInstanceOf(StringColumn);
      strings.set(0, `first of ${round}`);
      strings.set(1, `second of ${round}`);
      batch.rowCount = 2;
      expect(writer.offer(batch)).toBe(true);
      output.step();
      seen.push(...output.takeRows());
    }
    expect(seen).toEqual(Array.from({ length: 50 }, (_, round) => [`first of ${round}`, `second of ${round}`]).flat());
  });
});
