import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOfInput, type StreamElement } from '../../src/channel/element.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { InputGate } from '../../src/runtime/input-gate.ts';
import { column } from '../../src/schema/type.ts';
import { batchOf, materialise, plainOf } from '../channel/plain-elements.ts';

/** What a channel sends: a number, a barrier by the number of its checkpoint, or its end. */
type Sent = number | { readonly barrier: number } | 'end';

class Gate {
  readonly gate: InputGate;
  readonly channels: readonly LocalChannel[];

  constructor(channels: number, aligns = true) {
    this.channels = Array.from({ length: channels }, () => new LocalChannel(1000));
    this.gate = new InputGate(
      this.channels.map((reader) => ({ reader, partitioner: { kind: 'rebalance' }, input: 0, place: { exchange: 0, subtask: 0 } })),
      { aligns, overtakes: false, now: () => 0 },
    );
  }

  send(channel: number, ...all: readonly Sent[]): void {
    const to = this.channels[channel] as LocalChannel;
    for (const sent of all) to.offer(elementOf(to, sent));
  }

  /** Everything that comes until nothing does: numbers, and barriers as strings. */
  drain(): (number | string)[] {
    const received: (number | string)[] = [];
    for (let polled = this.gate.poll(); polled !== null; polled = this.gate.poll()) {
      if (polled === 'advanced') continue;
      if (!('batch' in polled)) received.push(`barrier ${polled.checkpoint}`);
      else {
        const plain = plainOf(polled.batch);
        received.push(plain.kind === 'batch' ? (plain.rows[0]?.[0] as number) : Number.NaN);
        this.gate.release();
      }
    }
    return received;
  }
}

function elementOf(channel: LocalChannel, sent: Sent): StreamElement {
  if (sent === 'end') return endOfInput;
  if (typeof sent === 'object') return { kind: 'barrier', checkpoint: sent.barrier };
  return materialise(channel, { element: batchOf(column('float64'), [sent]) });
}

describe('alignment', () => {
  test('does not read a channel that has delivered its barrier until all have', () => {
    const gate = new Gate(2);
    gate.send(0, 1, { barrier: 1 }, 2);
    gate.send(1, 10);
    expect(gate.drain()).toEqual([1, 10]);
    gate.send(1, 11, { barrier: 1 }, 12);
    expect(gate.drain()).toEqual([11, 'barrier 1', 2, 12]);
  });

  test('takes a channel that has ended, or ends meanwhile, for one with every barrier', () => {
    const gate = new Gate(3);
    gate.send(2, 'end');
    gate.send(0, { barrier: 1 }, 1);
    expect(gate.drain()).toEqual([]);
    gate.send(1, 'end');
    expect(gate.drain()).toEqual(['barrier 1', 1]);
  });

  test('goes on with a later checkpoint when an earlier one is not completed', () => {
    const gate = new Gate(2);
    gate.send(0, { barrier: 1 }, 1);
    expect(gate.drain()).toEqual([]);
    gate.send(1, { barrier: 2 }, 10);
    expect(gate.drain()).toEqual([1]);
    gate.send(0, { barrier: 2 }, 2);
    expect(gate.drain()).toEqual(['barrier 2', 10, 2]);
  });

  test('lets go of what waits when the checkpoint is given up, and ignores its late barriers', () => {
    const gate = new Gate(2);
    gate.send(0, { barrier: 1 }, 1);
    expect(gate.drain()).toEqual([]);
    gate.gate.abort(1);
    expect(gate.drain()).toEqual([1]);
    gate.send(1, { barrier: 1 }, 10);
    gate.send(0, 2);
    expect(gate.drain().sort()).toEqual([10, 2].sort());
    gate.send(0, { barrier: 2 });
    gate.send(1, { barrier: 2 });
    expect(gate.drain()).toEqual(['barrier 2']);
  });

  test('ignores the barriers of a checkpoint that was given up before the first came', () => {
    const gate = new Gate(2);
    gate.gate.abort(3);
    gate.send(0, { barrier: 3 }, 1);
    expect(gate.drain()).toEqual([1]);
  });

  test('lets no channel wait where records may count twice', () => {
    const gate = new Gate(2, false);
    gate.send(0, { barrier: 1 }, 1, { barrier: 2 }, 2);
    expect(gate.drain()).toEqual([1, 2]);
    gate.send(1, 10, { barrier: 2 }, 11);
    expect(gate.drain()).toEqual([10, 'barrier 2', 11]);
  });

  test('cuts every channel where its barrier stands, whatever comes when', () => {
    const script = fc.array(fc.record({ channel: fc.nat(2), sends: fc.nat(3) }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.nat(6), { minLength: 3, maxLength: 3 }), fc.nat(3), script, (before, checkpoints, steps) => {
        const gate = new Gate(3);
        const scripts = before.map((count, channel) => {
          const all: Sent[] = [];
          for (let checkpoint = 1; checkpoint <= checkpoints; checkpoint++) {
            for (let i = 0; i < count; i++) all.push(channel * 1000 + checkpoint * 100 + i);
            all.push({ barrier: checkpoint });
          }
          all.push(channel * 1000 + 999, 'end');
          return all;
        });
        const received: (number | string)[] = [];
        for (const { channel, sends } of steps) {
          gate.send(channel, ...(scripts[channel] as Sent[]).splice(0, sends));
          received.push(...gate.drain());
        }
        for (const [channel, rest] of scripts.entries()) gate.send(channel, ...rest);
        received.push(...gate.drain());
        // Between the barriers of n − 1 and n there is exactly what every channel sent between them.
        let checkpoint = 1;
        for (const each of received) {
          if (typeof each === 'string') {
            expect(each).toBe(`barrier ${checkpoint}`);
            checkpoint++;
          } else if (each % 1000 === 999) expect(checkpoint).toBe(checkpoints + 1);
          else expect(Math.floor((each % 1000) / 100)).toBe(checkpoint);
        }
        expect(received.filter((each) => typeof each === 'number')).toHaveLength(
          before.reduce((sum, count) => sum + count * checkpoints + 1, 0),
        );
        expect(checkpoint).toBe(checkpoints + 1);
      }),
    );
  });
});
