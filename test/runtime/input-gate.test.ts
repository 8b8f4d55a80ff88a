import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import type { Mark, StreamElement } from '../../src/channel/element.ts';
import { endOfInput } from '../../src/channel/element.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { InputGate } from '../../src/runtime/input-gate.ts';
import { column } from '../../src/schema/type.ts';
import { batchOf, materialise, plainOf } from '../channel/plain-elements.ts';

interface Merged {
  readonly gate: InputGate;
  readonly channels: readonly LocalChannel[];
}

function gateOf(count: number, aligns = true): Merged {
  const channels = Array.from({ length: count }, () => new LocalChannel(1000));
  const kinds = ['rebalance', 'broadcast', 'global'] as const;
  const gateChannels = channels.map((reader, i) => ({
    reader,
    partitioner: { kind: kinds[i % 3] ?? ('rebalance' as const) },
    input: 0,
    place: { exchange: 0, subtask: 0 },
  }));
  const gate = new InputGate(gateChannels, { aligns, overtakes: false, now: () => 0 });
  return { gate, channels };
}

function send({ channels }: Merged, channel: number, element: StreamElement): void {
  channels[channel]?.offer(element);
}

function sendNumber(merged: Merged, channel: number, value: number): void {
  send(merged, channel, materialise(merged.channels[channel] as LocalChannel, { element: batchOf(column('float64'), [value]) }));
}

/** The value of the next batch; undefined when there is none. */
function receive({ gate }: Merged): number | undefined {
  let polled = gate.poll();
  while (polled === 'advanced') polled = gate.poll();
  if (polled === null || !('batch' in polled)) return undefined;
  const value = numberIn(polled.batch);
  gate.release();
  return value;
}

function numberIn(batch: RecordBatch): number {
  const element = plainOf(batch);
  return element.kind === 'batch' ? (element.rows[0]?.[0] as number) : Number.NaN;
}

function receiveAll(merged: Merged): number[] {
  const values: number[] = [];
  for (let value = receive(merged); value !== undefined; value = receive(merged)) values.push(value);
  return values;
}

function watermark(time: number): Mark {
  return { kind: 'watermark', time };
}

/** The watermark after marks on channels, each read as soon as it was sent. */
function watermarksAfter(count: number, marks: readonly (readonly [channel: number, mark: Mark])[]): number[] {
  const merged = gateOf(count);
  return marks.map(([channel, mark]) => {
    send(merged, channel, mark);
    receiveAll(merged);
    return merged.gate.watermark;
  });
}

const none = Number.NEGATIVE_INFINITY;
const idle: Mark = { kind: 'idle' };
const active: Mark = { kind: 'active' };

describe('watermarks of an input gate', () => {
  test('are the smallest of all channels, once all have one', () => {
    expect(
      watermarksAfter(2, [
        [0, watermark(5)],
        [1, watermark(3)],
        [1, watermark(9)],
        [0, watermark(7)],
      ]),
    ).toEqual([none, 3, 5, 7]);
  });

  test('are not held back by idle channels', () => {
    expect(
      watermarksAfter(2, [
        [0, watermark(5)],
        [1, idle],
        [0, watermark(8)],
      ]),
    ).toEqual([none, 5, 8]);
  });

  test('neither go back nor wait when a channel that is behind becomes active', () => {
    const marks = [
      [0, watermark(5)],
      [1, watermark(2)],
      [1, idle],
      [0, watermark(8)],
      [1, active],
      [1, watermark(4)],
      [0, watermark(9)],
      [1, watermark(10)],
    ] as const;
    expect(watermarksAfter(2, marks)).toEqual([none, 2, 5, 8, 8, 8, 9, 9]);
  });

  test('count a channel as active when it has a watermark again', () => {
    expect(
      watermarksAfter(2, [
        [0, watermark(5)],
        [1, idle],
        [1, watermark(6)],
        [0, watermark(9)],
      ]),
    ).toEqual([none, 5, 5, 6]);
  });

  test('are those of the furthest channel when the last one becomes idle', () => {
    expect(
      watermarksAfter(2, [
        [0, watermark(5)],
        [1, watermark(3)],
        [0, idle],
        [1, idle],
      ]),
    ).toEqual([none, 3, 3, 5]);
  });

  test('are not held back by channels that have ended, and are infinite when all have', () => {
    expect(
      watermarksAfter(2, [
        [0, watermark(5)],
        [1, endOfInput],
        [0, watermark(6)],
        [0, endOfInput],
      ]),
    ).toEqual([none, 5, 6, Number.POSITIVE_INFINITY]);
  });

  test('never go back, and pass no active channel that has caught up, whatever comes', () => {
    const mark = fc.oneof(fc.record({ kind: fc.constant('step' as const), by: fc.nat(9) }), fc.constantFrom(idle, active));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.tuple(fc.nat(3), mark), { maxLength: 80 }), (count, marks) => {
        const merged = gateOf(count);
        const state = Array.from({ length: count }, () => ({ time: none, idle: false }));
        let before = none;
        for (const [at, next] of marks) {
          const channel = state[at % count] as { time: number; idle: boolean };
          if (next.kind === 'step') channel.time = Math.max(channel.time, 0) + next.by;
          channel.idle = next.kind === 'idle';
          send(merged, at % count, next.kind === 'step' ? watermark(channel.time) : next);
          expect(receiveAll(merged)).toEqual([]);
          const now = merged.gate.watermark;
          const activeTimes = state.filter((each) => !each.idle).map((each) => each.time);
          const caughtUp = activeTimes.filter((time) => time >= before);
          expect(merged.gate.idle).toBe(activeTimes.length === 0);
          expect(now).toBeGreaterThanOrEqual(before);
          if (caughtUp.length > 0) expect(now).toBe(Math.min(...caughtUp));
          else if (activeTimes.length > 0) expect(now).toBe(before);
          before = now;
        }
      }),
    );
  });

  test('of an earlier run hold until every channel has said more', () => {
    const merged = gateOf(2);
    merged.gate.restore(10);
    const told = (channel: number, time: number): number => {
      send(merged, channel, watermark(time));
      receiveAll(merged);
      return merged.gate.watermark;
    };
    // The other has said nothing yet, or what it said before: it is not one that came back from idleness.
    expect([told(0, 17), told(1, 4), told(1, 12), told(0, 20), told(1, 30)]).toEqual([10, 10, 12, 12, 20]);
  });

  test('may not go back on one channel', () => {
    const merged = gateOf(1);
    send(merged, 0, watermark(5));
    send(merged, 0, watermark(4));
    expect(merged.gate.poll()).toBe('advanced');
    expect(() => merged.gate.poll()).toThrow('a watermark never goes back');
  });
});

describe('batches of an input gate', () => {
  test('come from the channels in turn, in order within each, and say through which they came', () => {
    const merged = gateOf(3);
    for (const value of [1, 2, 3]) sendNumber(merged, 0, value);
    for (const value of [10, 20]) sendNumber(merged, 2, value);
    const kinds: string[] = [];
    const values: number[] = [];
    for (let polled = merged.gate.poll(); polled !== null && polled !== 'advanced' && 'batch' in polled; polled = merged.gate.poll()) {
      kinds.push(polled.partitioner.kind);
      values.push(numberIn(polled.batch));
      merged.gate.release();
    }
    expect(values).toEqual([1, 10, 2, 20, 3]);
    expect(kinds).toEqual(['rebalance', 'global', 'rebalance', 'global', 'rebalance']);
  });

  test('move the watermark no sooner than they were read', () => {
    const merged = gateOf(1);
    sendNumber(merged, 0, 1);
    send(merged, 0, watermark(7));
    sendNumber(merged, 0, 2);
    expect(receive(merged)).toBe(1);
    expect(merged.gate.watermark).toBe(none);
    expect(receive(merged)).toBe(2);
    expect(merged.gate.watermark).toBe(7);
  });

  test('are released before the next is polled', () => {
    const merged = gateOf(1);
    expect(() => merged.gate.release()).toThrow('only a polled batch is released');
    sendNumber(merged, 0, 1);
    merged.gate.poll();
    expect(() => merged.gate.poll()).toThrow('a batch is released before the next is polled');
  });
});

describe('the end of an input gate', () => {
  test('has come when all channels have ended', () => {
    const merged = gateOf(2);
    expect(merged.gate.ended).toBe(false);
    send(merged, 0, endOfInput);
    sendNumber(merged, 1, 5);
    send(merged, 1, endOfInput);
    expect(receive(merged)).toBe(5);
    expect(merged.gate.ended).toBe(false);
    expect(receive(merged)).toBeUndefined();
    expect([merged.gate.ended, merged.gate.watermark]).toEqual([true, Number.POSITIVE_INFINITY]);
  });

  test('has come at once where there are no channels', () => {
    const merged = gateOf(0);
    expect([merged.gate.ended, receive(merged)]).toEqual([true, undefined]);
  });
});
