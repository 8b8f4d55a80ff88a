import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { hashKey } from '../../src/compiler/key-code.ts';
import { KeyIndex } from '../../src/state/key-index.ts';
import { StateLog, type StoredSegment } from '../../src/state/state-log.ts';
import { TimerContents } from '../../src/state/timer-contents.ts';
import { TimerQueue } from '../../src/time/timer-queue.ts';
import { runsOf } from '../property-runs.ts';

/** Timers of some keys, with what a runtime has stored of them. */
class Timers {
  readonly queue = new TimerQueue();
  readonly index = new KeyIndex();
  readonly log: StateLog;
  readonly #contents = new TimerContents(this.queue, this.index);
  #segments: readonly StoredSegment[];
  #taken: number;

  constructor(tracks: boolean, segments: readonly StoredSegment[] = [], taken = 0) {
    this.log = new StateLog(this.#contents, { tracks, segmentsMax: 4 });
    this.#contents.follow(this.log);
    this.#segments = segments;
    this.#taken = taken;
    for (const segment of segments) this.log.read(segment, () => true, true);
    this.#contents.restored();
  }

  slot(key: number): number {
    return this.index.ofValue(hashKey(key), key);
  }

  register(time: number, key: number, namespace = 0): void {
    this.queue.register(time, this.slot(key), namespace);
  }

  delete(time: number, key: number): void {
    this.queue.delete(time, this.slot(key), 0);
  }

  /** Takes what has changed; `meanwhile` happens before it is written. */
  checkpoint(full: boolean, meanwhile: () => void): Timers {
    const snapshot = this.log.begin(full);
    meanwhile();
    const sink = new ByteSink();
    while (!snapshot.encode(sink, 3));
    const id = `s${this.#taken++}`;
    const kept = this.#segments
      .filter((segment) => snapshot.needed.has(segment.id))
      .map((segment) => {
        const stale = snapshot.stale.get(segment.id);
        return stale === undefined ? segment : { ...segment, stale: [...segment.stale, new Uint8Array(Uint32Array.from(stale).buffer)] };
      });
    snapshot.stored(id);
    const added = { id, schema: {}, bytes: sink.bytes.slice(0, sink.length), entries: snapshot.entries, stale: [] };
    const all = [...kept, added];
    if (!snapshot.full) this.#segments = all;
    return new Timers(this.log.tracks, all, this.#taken);
  }

  /** All that fires up to a time, in order. */
  fire(until: number): unknown[] {
    const fired: unknown[] = [];
    while (this.queue.pop(until)) fired.push([this.queue.time, this.index.key(this.queue.slot), this.queue.namespace]);
    return fired;
  }
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('register' as const), time: fc.integer({ min: -5, max: 30 }), key: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), time: fc.integer({ min: -5, max: 30 }), key: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fire' as const), time: fc.integer({ min: -5, max: 30 }), key: fc.nat(4) }) },
);

function apply(timers: Timers, { kind, time, key }: { kind: 'register' | 'delete' | 'fire'; time: number; key: number }): unknown {
  return kind === 'fire' ? timers.fire(time) : timers[kind](time, key);
}

describe('timers that were stored', () => {
  for (const tracks of [true, false]) {
    test(`fire as they would have, ${tracks ? 'where changes are followed' : 'also where nobody follows changes'}`, () => {
      const property = fc.property(
        fc.array(fc.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (runs, goesOn) => {
          let timers = new Timers(tracks);
          const oracle = new Timers(false);
          for (const run of runs) {
            for (const each of run) expect(apply(timers, each)).toEqual(apply(oracle, each));
            // What happens while it is written is lost, or happens to the one that goes on.
            const restored = timers.checkpoint(!tracks, () => {
              if (goesOn) for (const each of run) apply(timers, each);
            });
            if (goesOn || run.length % 2 === 0) timers = restored;
          }
          expect(timers.queue.size).toBe(oracle.queue.size);
          expect(timers.fire(Number.POSITIVE_INFINITY)).toEqual(oracle.fire(Number.POSITIVE_INFINITY));
        },
      );
      fc.assert(property, { numRuns: runsOf(300) });
    });
  }

  test('are told by their new ids when the queue has become small', () => {
    const [timers, oracle] = [new Timers(true), new Timers(false)];
    for (const each of [timers, oracle]) for (let i = 0; i < 50_000; i++) each.register(i, i % 100, i % 7);
    timers.checkpoint(false, () => {});
    // The snapshot is written while the queue shrinks.
    let restored = timers.checkpoint(false, () => timers.fire(49_989));
    expect(restored.fire(Number.POSITIVE_INFINITY)).toEqual(oracle.fire(Number.POSITIVE_INFINITY));
    expect(timers.queue.size).toBe(10);
    timers.register(49_995.5, 3);
    restored = timers.checkpoint(false, () => {});
    expect(restored.queue.size).toBe(11);
    expect(restored.fire(Number.POSITIVE_INFINITY)).toEqual(timers.fire(Number.POSITIVE_INFINITY));
    expect(restored.queue.size).toBe(0);
  });
});
