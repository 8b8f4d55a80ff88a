/**
 * Barriers that overtake rows: whatever the order of things, the state of a checkpoint and the rows that it takes along are together
 * what was sent before its barriers, each row once and in order.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import type { StringDictionary } from '../../src/batch/string-dictionary.ts';
import type { ChannelReader, ChannelWriter } from '../../src/channel/channel.ts';
import type { StreamElement } from '../../src/channel/element.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { createRingMemory } from '../../src/channel/ring.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import { readStoredBatches } from '../../src/channel/stored-batches.ts';
import { type GateBatch, InputGate, type ReplayedGateBatch } from '../../src/runtime/input-gate.ts';
import { RowsInFlight } from '../../src/runtime/rows-in-flight.ts';
import { column } from '../../src/schema/type.ts';
import { batchOf, materialise, type PlainBatch, plainOf, type StringLayout, stringColumn, tupleType } from '../channel/plain-elements.ts';
import { runsOf } from '../property-runs.ts';

const rowType = tupleType(column('float64'), stringColumn);

/** The channels and what is known of each: rows are numbers that say the channel and the place in it. */
interface Batch {
  readonly rows: number;
  /** Units of the text in each row. */
  readonly units: number;
  readonly layout: StringLayout;
}

/** The producing end of a channel, as an exchange writer has it. */
class Producer {
  readonly #writer: ChannelWriter;
  readonly #channel: number;
  readonly #pending: StreamElement[] = [];
  readonly #dictionaries: StringDictionary[] = [];
  /** Rows that were sent. */
  readonly sent: number[] = [];
  /** How many of them before the barrier of a checkpoint. */
  readonly before = new Map<number, number>();
  /** Rows that were taken along here. */
  readonly taken = new Map<number, RowsInFlight>();
  ended = false;

  constructor(channel: number, writer: ChannelWriter) {
    this.#channel = channel;
    this.#writer = writer;
  }

  send({ rows, units, layout }: Batch): void {
    if (this.ended) return;
    const first = this.sent.length;
    const values = Array.from({ length: rows }, (_, i) => this.#channel * 10_000 + first + i);
    this.sent.push(...values);
    const element: PlainBatch = { ...batchOf(rowType, []), rows: values.map((value) => [value, String(value).repeat(units)]) };
    this.#put(materialise(this.#writer, { element, layout, dictionaries: this.#dictionaries }));
  }

  watermark(): void {
    if (!this.ended) this.#put({ kind: 'watermark', time: this.sent.length });
  }

  take(checkpoint: number): void {
    if (this.before.has(checkpoint)) return;
    this.before.set(checkpoint, this.sent.length);
    if (!this.ended) this.#put({ kind: 'barrier', checkpoint });
  }

  end(): void {
    if (!this.ended) this.#put({ kind: 'end' });
    this.ended = true;
  }

  /** As `ExchangeWriter.announce`. */
  announce(checkpoint: number): void {
    if (!this.before.has(checkpoint) || this.taken.has(checkpoint) || (this.ended && this.#isBehindEnd(checkpoint))) return;
    const rows = new RowsInFlight({ exchange: this.#channel, subtask: 0 });
    this.taken.set(checkpoint, rows);
    const end = this.#pending.findIndex((element) => element.kind === 'barrier' && element.checkpoint === checkpoint);
    for (const element of this.#pending.slice(0, Math.max(0, end))) if (element.kind === 'batch') rows.add(element);
    this.#writer.announce(checkpoint);
  }

  /** Whether the barrier was never sent. */
  #isBehindEnd(checkpoint: number): boolean {
    return this.before.get(checkpoint) === this.sent.length && this.ended && !this.#barriers.has(checkpoint);
  }

  readonly #barriers = new Set<number>();

  #put(element: StreamElement): void {
    if (element.kind === 'barrier') this.#barriers.add(element.checkpoint);
    if (this.#pending.length === 0 && this.#writer.offer(element)) return;
    this.#pending.push(element);
  }

  drain(): void {
    while (this.#pending.length > 0 && this.#writer.offer(this.#pending[0] as StreamElement)) this.#pending.shift();
  }
}

/** The consuming end: a gate, what has come of it, and what checkpoints hold. */
class Consumer {
  readonly gate: InputGate;
  readonly processed: number[] = [];
  /** By checkpoint: rows that were processed before, and rows that were taken along; undefined while that is not all. */
  readonly checkpoints = new Map<number, { readonly state: number; rows: readonly RowsInFlight[] | undefined }>();
  #inHand: { readonly batch: RecordBatch; readonly rows: readonly number[]; next: number } | null = null;
  #capturing = 0;

  constructor(readers: readonly ChannelReader[], replayed: readonly ReplayedGateBatch[] = []) {
    const channels = readers.map((reader, exchange) => ({
      reader,
      partitioner: { kind: 'rebalance' as const },
      input: 0,
      place: { exchange, subtask: 0 },
    }));
    this.gate = new InputGate(channels, { aligns: true, overtakes: true, now: () => 0 });
    this.gate.replay(replayed);
  }

  /** What a subtask does in a step, of which `rows` go through. @param meanwhile what happens on other threads after it has looked */
  step(rows: number, meanwhile: () => void = () => {}): void {
    this.collect();
    meanwhile();
    if (this.#inHand === null) {
      const polled = this.#poll();
      if (polled === null) return;
      this.#inHand = { batch: polled.batch, rows: numbersOf(polled.batch), next: 0 };
    }
    const { rows: all, next } = this.#inHand;
    this.#inHand.next = Math.min(all.length, next + rows);
    this.processed.push(...all.slice(next, this.#inHand.next));
    if (this.#inHand.next < all.length) return;
    this.#inHand = null;
    this.gate.release();
  }

  #poll(): GateBatch | null {
    for (let polled = this.gate.poll(); polled !== null; polled = this.gate.poll()) {
      if (polled === 'advanced') continue;
      if ('batch' in polled) return polled;
      this.#take(polled.checkpoint);
    }
    return null;
  }

  /** What happens at the beginning of a step, also where there is no room for rows. */
  collect(): void {
    const { overtaken } = this.gate;
    if (overtaken !== 0 && this.#capturing === 0) this.#take(overtaken);
    if (this.#capturing === 0) return;
    const rows = this.gate.captured();
    if (rows === null) return;
    this.checkpoints.set(this.#capturing, { state: this.#stateOf(this.#capturing), rows });
    this.#capturing = 0;
  }

  #stateOf(checkpoint: number): number {
    return this.checkpoints.get(checkpoint)?.state as number;
  }

  #take(checkpoint: number): void {
    expect(this.checkpoints.has(checkpoint)).toBe(false);
    this.gate.skip(checkpoint);
    this.checkpoints.set(checkpoint, { state: this.processed.length, rows: undefined });
    this.gate.capture(checkpoint, this.#inHand);
    this.#capturing = checkpoint;
    this.collect();
  }
}

function numbersOf(batch: RecordBatch): number[] {
  const plain = plainOf(batch);
  if (plain.kind !== 'batch') return [];
  for (const [value, text] of plain.rows) expect(String(text).replaceAll(String(value), '')).toBe('');
  return plain.rows.map(([value]) => value as number);
}

function batchesOf(rows: RowsInFlight): RecordBatch[] {
  return readStoredBatches(Buffer.concat(rows.chunks));
}

function ofChannel(numbers: readonly number[], channel: number): number[] {
  return numbers.filter((value) => Math.floor(value / 10_000) === channel);
}

type Ends = { readonly writer: ChannelWriter; readonly reader: ChannelReader };
const kinds: Readonly<Record<string, () => Ends>> = {
  'the smallest ring': () => ringOf(256),
  'a small ring': () => ringOf(1024),
  'a ring': () => ringOf(16_384),
  'a queue of one': () => queueOf(1),
  'a queue': () => queueOf(4),
};

function ringOf(bytes: number): Ends {
  const memory = createRingMemory(bytes);
  return { writer: new RingChannelWriter(memory, () => {}), reader: new RingChannelReader(memory, () => {}) };
}

function queueOf(capacity: number): Ends {
  const queue = new LocalChannel(capacity);
  return { writer: queue, reader: queue };
}

type Action =
  | { readonly kind: 'send'; readonly channel: number; readonly batch: Batch }
  | { readonly kind: 'watermark' | 'drain' | 'take' | 'announce' | 'end'; readonly channel: number }
  | { readonly kind: 'step' | 'race'; readonly rows: number }
  | { readonly kind: 'look' | 'trigger' | 'overtake' };

const channel = fc.nat(2);
const batch: fc.Arbitrary<Batch> = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  units: fc.constantFrom(1, 1, 1, 30, 300),
  layout: fc.constantFrom('references' as const, 'latin1' as const, 'dictionary' as const),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('send' as const), channel, batch }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('watermark' as const, 'drain' as const, 'take' as const, 'announce' as const), channel }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('step' as const, 'step' as const, 'race' as const),
      rows: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('look' as const, 'trigger' as const, 'overtake' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), channel: fc.nat(6) }) },
);

/** Carries a script out, lets everything come to its end, and holds every checkpoint against what was sent. */
function run(create: () => Ends, script: readonly Action[], overtakes: boolean): void {
  const ends = Array.from({ length: 3 }, create);
  const producers = ends.map(({ writer }, i) => new Producer(i, writer));
  const consumer = new Consumer(ends.map(({ reader }) => reader));
  let checkpoint = 0;
  let isOvertaking = false;
  const isComplete = (): boolean => checkpoint === 0 || consumer.checkpoints.get(checkpoint)?.rows !== undefined;
  const act = (next: Action): void => {
    const producer = 'channel' in next ? producers[next.channel] : undefined;
    switch (next.kind) {
      case 'send':
        producer?.send(next.batch);
        break;
      case 'watermark':
        producer?.watermark();
        break;
      case 'drain':
        producer?.drain();
        break;
      case 'end':
        producer?.end();
        break;
      case 'take':
        if (checkpoint > 0) producer?.take(checkpoint);
        if (isOvertaking) producer?.announce(checkpoint);
        break;
      case 'announce':
        if (isOvertaking) producer?.announce(checkpoint);
        break;
      case 'step':
        consumer.step(next.rows);
        break;
      case 'race':
        consumer.step(next.rows, () => {
          for (const each of producers) {
            if (checkpoint > 0) each.take(checkpoint);
            if (checkpoint > 0 && overtakes) each.announce(checkpoint);
            each.drain();
          }
        });
        break;
      case 'look':
        consumer.collect();
        break;
      case 'trigger':
        // A checkpoint begins when the one before is complete, and all have sent their barriers of that.
        if (!isComplete() || producers.some(({ before }) => checkpoint > 0 && !before.has(checkpoint))) return;
        checkpoint++;
        isOvertaking = false;
        break;
      case 'overtake':
        if (checkpoint === 0 || !overtakes) return;
        isOvertaking = true;
        for (const each of producers) each.announce(checkpoint);
        consumer.gate.overtake(checkpoint);
        break;
    }
  };
  for (const next of script) act(next);
  if (checkpoint > 0) for (const producer of producers) producer.take(checkpoint);
  act({ kind: 'overtake' });
  // No row goes through any more: barriers that overtake need none to. One whose end waits for room is not announced here.
  if (overtakes && checkpoint > 0 && producers.every(({ ended }) => !ended)) {
    consumer.collect();
    expect(isComplete()).toBe(true);
  }
  for (let i = 0; i < 2000; i++) {
    for (const producer of producers) producer.drain();
    consumer.step(3);
  }
  expect(isComplete()).toBe(true);
  for (const [i, { sent }] of producers.entries()) expect(ofChannel(consumer.processed, i)).toEqual(sent);
  for (const [id, { state, rows = [] }] of consumer.checkpoints) {
    const before = consumer.processed.slice(0, state);
    for (const [i, producer] of producers.entries()) {
      const taken = [...rows, ...(producer.taken.has(id) ? [producer.taken.get(id) as RowsInFlight] : [])];
      const inFlight = taken.filter(({ place }) => place.exchange === i).flatMap((each) => batchesOf(each).flatMap(numbersOf));
      expect([...ofChannel(before, i), ...inFlight]).toEqual(producer.sent.slice(0, producer.before.get(id)));
    }
  }
}

describe.each(Object.keys(kinds))('a checkpoint of a gate behind %s', (kind) => {
  const create = kinds[kind] as () => Ends;
  test.each([true, false])('holds each row once that was sent before its barriers; they may overtake: %s', (overtakes) => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (script) => run(create, script, overtakes)),
      { numRuns: runsOf(overtakes ? 400 : 100) },
    );
  });
});

describe('rows that are replayed', () => {
  const replay = (numbers: readonly number[]): ReplayedGateBatch[] =>
    numbers.map((value) => {
      const rows = new RowsInFlight({ exchange: 0, subtask: 0 });
      const element: PlainBatch = { ...batchOf(rowType, []), rows: [value, value + 1].map((each) => [each, String(each)]) };
      rows.add(materialise(queueOf(1).writer, { element }) as RecordBatch);
      return { place: rows.place, batch: batchesOf(rows)[0] as RecordBatch, partitioner: { kind: 'rebalance' }, input: 0 };
    });

  test('come before anything of the channels', () => {
    const { writer, reader } = queueOf(4);
    const producer = new Producer(0, writer);
    const consumer = new Consumer([reader], replay([500, 600]));
    producer.send({ rows: 2, units: 1, layout: 'references' });
    producer.take(1);
    for (let i = 0; i < 20; i++) consumer.step(1);
    expect(consumer.processed).toEqual([500, 501, 600, 601, 0, 1]);
    expect(consumer.checkpoints.get(1)).toEqual({ state: 6, rows: [] });
  });

  test('are taken along again, from the row on that is not through', () => {
    const { writer, reader } = queueOf(4);
    const producer = new Producer(0, writer);
    const consumer = new Consumer([reader], replay([500, 600]));
    producer.send({ rows: 2, units: 1, layout: 'references' });
    consumer.step(1);
    producer.take(1);
    producer.announce(1);
    consumer.collect();
    const { state, rows = [] } = consumer.checkpoints.get(1) ?? { state: 0 };
    expect(state).toBe(1);
    expect(rows.flatMap((each) => batchesOf(each).flatMap(numbersOf))).toEqual([501, 600, 601, 0, 1]);
  });
});
