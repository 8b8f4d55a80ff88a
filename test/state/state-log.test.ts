import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import type { KeyedContents } from '../../src/state/keyed-contents.ts';
import { type LogSnapshot, StateLog, type StoredSegment } from '../../src/state/state-log.ts';
import { runsOf } from '../property-runs.ts';

/** State that is a value for each unit; the unit's own number is its key, and its hash. */
class Values implements KeyedContents {
  readonly schema = 'values';
  readonly values: Map<number, number>;

  constructor(values = new Map<number, number>()) {
    this.values = values;
  }

  forEach(visit: (unit: number) => void): void {
    for (const unit of this.values.keys()) visit(unit);
  }

  hash(unit: number): number {
    return unit - 3;
  }

  write(unit: number, sink: ByteSink): void {
    const value = this.values.get(unit);
    // A unit that there is no more must have been encoded before.
    if (value === undefined) throw new Error(`unit ${unit} is written although it is gone`);
    sink.varint(unit);
    sink.f64(value);
  }

  reader(schema: unknown): ReturnType<KeyedContents['reader']> {
    expect(schema).toBe(this.schema);
    return (source, hash) => {
      const unit = source.varint();
      expect(hash).toBe(this.hash(unit));
      expect(this.values.has(unit)).toBe(false);
      this.values.set(unit, source.f64());
      return unit;
    };
  }
}

function bytesOf(ordinals: Uint32Array): Uint8Array {
  return new Uint8Array(ordinals.buffer.slice(ordinals.byteOffset, ordinals.byteOffset + ordinals.byteLength));
}

/** What a runtime keeps: the segments that a completed checkpoint names, each with all of its lists. */
class Storage {
  segments = new Map<string, StoredSegment>();
  #ids = 0;

  store(snapshot: LogSnapshot, sink: ByteSink): void {
    const id = `s${this.#ids++}`;
    const next = new Map<string, StoredSegment>();
    for (const needed of snapshot.needed) {
      const segment = this.segments.get(needed);
      expect(segment, `segment ${needed} is needed, and has been forgotten`).toBeDefined();
      if (segment === undefined) continue;
      const list = snapshot.stale.get(needed);
      next.set(needed, list === undefined ? segment : { ...segment, stale: [...segment.stale, bytesOf(list)] });
    }
    for (const told of snapshot.stale.keys()) expect(snapshot.needed.has(told)).toBe(true);
    next.set(id, segmentOf(id, snapshot, sink));
    this.segments = next;
    snapshot.stored(id);
  }
}

function segmentOf(id: string, snapshot: LogSnapshot, sink: ByteSink): StoredSegment {
  return { id, schema: 'values', bytes: sink.bytes.slice(0, sink.length), entries: snapshot.entries, stale: [] };
}

function restored(
  segments: Iterable<StoredSegment>,
  options: { owns?: (hash: number) => boolean; adopts?: boolean; tracks?: boolean; segmentsMax?: number } = {},
): { contents: Values; log: StateLog } {
  const { owns = () => true, adopts = true, tracks = true, segmentsMax = 4 } = options;
  const contents = new Values();
  const log = new StateLog(contents, { tracks, segmentsMax });
  for (const segment of segments) log.read(segment, owns, adopts);
  return { contents, log };
}

const sorted = (values: ReadonlyMap<number, number>): [number, number][] => [...values].sort(([a], [b]) => a - b);

type Step =
  | { readonly kind: 'put'; readonly unit: number }
  | { readonly kind: 'all'; readonly units: readonly number[] }
  | { readonly kind: 'remove'; readonly unit: number }
  | { readonly kind: 'begin'; readonly full: boolean }
  | { readonly kind: 'encode'; readonly units: number }
  | { readonly kind: 'end'; readonly fails: boolean }
  | { readonly kind: 'restart'; readonly adopts: boolean };

const unit = fc.nat(40);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), unit }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('all' as const), units: fc.array(unit, { maxLength: 12 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('remove' as const), unit }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const), full: fc.nat(3).map((n) => n === 0) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('encode' as const), units: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), fails: fc.nat(2).map((n) => n === 0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), adopts: fc.boolean() }) },
);

/** A subtask that changes its state while snapshots of it are taken, held against copies of its map. */
class Run {
  contents = new Values();
  log: StateLog;
  readonly #segmentsMax: number;
  readonly #tracks: boolean;
  readonly #storage = new Storage();
  #snapshot: { readonly log: LogSnapshot; readonly sink: ByteSink; readonly expected: [number, number][] } | undefined;
  /** What the last completed incremental checkpoint holds. */
  #completed: [number, number][] = [];
  #next = 0;

  constructor({ segmentsMax, tracks }: { segmentsMax: number; tracks: boolean }) {
    this.#segmentsMax = segmentsMax;
    this.#tracks = tracks;
    this.log = new StateLog(this.contents, { tracks, segmentsMax });
  }

  apply(step: Step): void {
    switch (step.kind) {
      case 'put':
        this.log.touch(step.unit);
        this.contents.values.set(step.unit, this.#next++);
        break;
      case 'all': {
        // Units below 4 and from 38 on are nobody's.
        this.log.touchAll(Int32Array.from(step.units), step.units.length, 4, 38);
        for (const each of step.units) if (each >= 4 && each < 38) this.contents.values.set(each, this.#next++);
        break;
      }
      case 'remove':
        this.log.release(step.unit);
        this.contents.values.delete(step.unit);
        break;
      case 'begin':
        if (this.#snapshot !== undefined) return;
        this.#snapshot = { log: this.log.begin(step.full), sink: new ByteSink(), expected: sorted(this.contents.values) };
        break;
      case 'encode':
        this.#snapshot?.log.encode(this.#snapshot.sink, step.units);
        break;
      case 'end':
        this.#end(step.fails);
        break;
      case 'restart':
        this.#restart(step.adopts);
        break;
    }
  }

  #end(fails: boolean): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    this.#snapshot = undefined;
    const { log, sink, expected } = snapshot;
    if (fails) {
      log.failed();
      return;
    }
    while (!log.encode(sink, 5));
    if (log.full) {
      const segment = segmentOf('full', log, sink);
      log.stored('full');
      expect(sorted(restored([segment]).contents.values)).toEqual(expected);
      if (!this.#tracks) return;
    } else {
      this.#storage.store(log, sink);
      this.#completed = expected;
      expect(this.#storage.segments.size).toBeLessThanOrEqual(this.#segmentsMax);
    }
    this.check();
  }

  /** The last completed checkpoint is whole, whatever has happened since; also for several that share its keys. */
  check(): void {
    const segments = [...this.#storage.segments.values()];
    expect(sorted(restored(segments).contents.values)).toEqual(this.#completed);
    expect(sorted(restored(segments.toReversed(), { adopts: false, tracks: false }).contents.values)).toEqual(this.#completed);
    const parts = [0, 1, 2].map((part) => restored(segments, { owns: (hash) => (hash + 300) % 3 === part, adopts: false }));
    for (const [part, { contents }] of parts.entries()) {
      for (const each of contents.values.keys()) expect((contents.hash(each) + 300) % 3).toBe(part);
    }
    expect(sorted(new Map(parts.flatMap(({ contents }) => [...contents.values])))).toEqual(this.#completed);
  }

  /** The subtask goes on from the last completed checkpoint. */
  #restart(adopts: boolean): void {
    if (!this.#tracks) return;
    this.#snapshot = undefined;
    const { contents, log } = restored(this.#storage.segments.values(), { adopts, segmentsMax: this.#segmentsMax });
    this.contents = contents;
    this.log = log;
  }
}

describe('a log of changes', () => {
  for (const segmentsMax of [1, 2, 7]) {
    test(`restores what there was at the barrier, with ${segmentsMax} segments at most`, () => {
      const property = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const run = new Run({ segmentsMax, tracks: true });
        for (const each of steps) run.apply(each);
        run.apply({ kind: 'end', fails: false });
        run.apply({ kind: 'begin', full: false });
        run.apply({ kind: 'end', fails: false });
        run.check();
      });
      fc.assert(property, { numRuns: runsOf(400) });
    });
  }

  test('takes full snapshots at once where it does not follow changes', () => {
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const run = new Run({ segmentsMax: 4, tracks: false });
      for (const each of steps) run.apply(each);
    });
    fc.assert(property, { numRuns: 100 });
  });

  test('writes what has changed, and no more', () => {
    const contents = new Values(new Map());
    const log = new StateLog(contents, { tracks: true, segmentsMax: 8 });
    const storage = new Storage();
    const put = (each: number): void => {
      log.touch(each);
      contents.values.set(each, each);
    };
    const entries = (): number => {
      const sink = new ByteSink();
      const snapshot = log.begin(false);
      while (!snapshot.encode(sink, 100));
      storage.store(snapshot, sink);
      return snapshot.entries;
    };
    for (let each = 0; each < 1000; each++) put(each);
    expect(entries()).toBe(1000);
    expect(entries()).toBe(0);
    put(5);
    put(5);
    put(2000);
    expect(entries()).toBe(2);
    // Less than half of the first segment counts: the rest of it is written anew.
    for (let each = 0; each < 600; each++) {
      log.release(each);
      contents.values.delete(each);
    }
    expect(entries()).toBe(400);
    expect([...storage.segments.keys()]).toHaveLength(2);
    expect(sorted(restored(storage.segments.values()).contents.values)).toEqual(sorted(contents.values));
  });

  test('keeps no list of units that come and go', () => {
    const contents = new Values();
    const log = new StateLog(contents, { tracks: true, segmentsMax: 2 });
    for (let i = 0; i < 100_000; i++) {
      log.touch(i % 3);
      log.release(i % 3);
    }
    log.touch(1);
    contents.values.set(1, 1);
    const snapshot = log.begin(false);
    const sink = new ByteSink();
    expect(snapshot.encode(sink, 3)).toBe(true);
    expect(snapshot.entries).toBe(1);
  });

  test('counts a unit that two entries make as changed: each of them alone is not all of it', () => {
    /** Adds what is read to what is there. */
    class Sums extends Values {
      override reader(): ReturnType<KeyedContents['reader']> {
        return (source) => {
          const each = source.varint();
          this.values.set(each, (this.values.get(each) ?? 0) + source.f64());
          return each;
        };
      }
    }
    const segments = [1, 2].map((value): StoredSegment => {
      const log = new StateLog(new Values(new Map([[7, value]])), { tracks: false, segmentsMax: 1 });
      const snapshot = log.begin(true);
      const sink = new ByteSink();
      snapshot.encode(sink, 1);
      return segmentOf(`s${value}`, snapshot, sink);
    });
    const sums = new Sums();
    const log = new StateLog(sums, { tracks: true, segmentsMax: 7 });
    for (const segment of segments) log.read(segment, () => true, true);
    expect([...sums.values]).toEqual([[7, 3]]);
    const snapshot = log.begin(false);
    const sink = new ByteSink();
    snapshot.encode(sink, 10);
    expect(snapshot.entries).toBe(1);
    expect(snapshot.needed.size).toBe(0);
    expect(sorted(restored([segmentOf('s3', snapshot, sink)]).contents.values)).toEqual([[7, 3]]);
  });
});
