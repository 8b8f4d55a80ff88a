/** What every state backend must do: keep the state of keys as a `Map` would, through batches, snapshots, failures and restores. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashNumber, hashString } from '../../src/base/hash.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import type { ChangeLog } from '../../src/state/change-log.ts';
import { listState, mapState, valueState } from '../../src/state/descriptors.ts';
import { KeyIndex } from '../../src/state/key-index.ts';
import type { KeyedContents } from '../../src/state/keyed-contents.ts';
import { KeyedStateContents } from '../../src/state/keyed-state-contents.ts';
import { KeyedStates } from '../../src/state/keyed-states.ts';
import { fileId, type LogSnapshot } from '../../src/state/log-snapshot.ts';
import type { StoredSegment } from '../../src/state/state-log.ts';
import { runsOf } from '../property-runs.ts';

export interface Backend {
  /** A log as a subtask has it. What one is opened with, the ones before have let go of. */
  open(contents: KeyedContents, incremental: boolean): ChangeLog;
}

type Key = string | number | readonly number[];

const declarations = {
  count: valueState<number>(),
  list: listState<string>(),
  map: mapState<string, number>(),
  brief: valueState<string>({ ttl: '10s' }),
};

/** The state of one key: undefined, or empty, where there is none. */
interface Model {
  count: number | undefined;
  list: string[];
  map: Map<string, number>;
  /** With the time at which it was written. */
  brief: readonly [string, number] | undefined;
}

type Models = Map<string, { readonly key: Key; readonly model: Model }>;

const briefMs = 10_000;

/** A value that is long for some numbers. */
function text(n: number): string {
  return n % 7 === 0 ? 'long '.repeat(n) : `t${n}`;
}

/** What an operator has: an index of keys, their states, and a log. */
export class Subject {
  readonly index = new KeyIndex();
  readonly states: KeyedStates<typeof declarations>;
  readonly contents: KeyedStateContents;
  readonly log: ChangeLog;
  readonly #hash: (key: Key) => number;
  /** Keys that must stay. */
  readonly pinned = new Set<number>();

  constructor(backend: Backend, options: { incremental: boolean; now: () => number; hash: (key: Key) => number }) {
    this.#hash = options.hash;
    this.states = new KeyedStates({ declarations, index: this.index, now: options.now });
    this.contents = new KeyedStateContents(
      this.states as never,
      this.index,
      () => {},
      (slot) => this.pinned.has(slot),
    );
    this.log = backend.open(this.contents, options.incremental);
    if (this.log.tracks) this.states.follow(this.log);
  }

  with<R>(key: Key, use: (states: KeyedStates<typeof declarations>['accessors']) => R): R {
    const slot = this.index.ofValue(this.#hash(key), key);
    this.log.residents?.use(slot);
    this.states.select(slot);
    const result = use(this.states.accessors);
    this.states.deselect();
    return result;
  }

  endBatch(): void {
    this.states.releaseVacant((slot) => this.pinned.has(slot));
    this.log.residents?.relieve();
  }

  read(key: Key): unknown {
    return this.with(key, ({ count, list, map, brief }) => [count.value, [...list.get()], [...map.entries()], brief.value]);
  }
}

function stored(id: string, schema: unknown, snapshot: LogSnapshot, sink: ByteSink): StoredSegment[] {
  const files = (snapshot.files ?? []).map(({ bytes, entries, stale, read }, i): StoredSegment => {
    const target = Buffer.alloc(bytes);
    read(target, bytes, 0);
    return { id: fileId(id, i), schema, bytes: target, entries, stale: stale.length === 0 ? [] : [bytesOf(stale)] };
  });
  if (snapshot.entries === 0) return files;
  return [...files, { id, schema, bytes: sink.bytes.slice(0, sink.length), entries: snapshot.entries, stale: [] }];
}

function bytesOf(ordinals: Uint32Array): Uint8Array {
  return new Uint8Array(ordinals.buffer.slice(ordinals.byteOffset, ordinals.byteOffset + ordinals.byteLength));
}

type Step =
  | { readonly kind: 'count' | 'add' | 'put' | 'brief' | 'clear' | 'read'; readonly key: number; readonly n: number }
  | { readonly kind: 'pin'; readonly key: number }
  | { readonly kind: 'batch' | 'begin' | 'begin-full' | 'finish' | 'fail' | 'restart' | 'rescale' | 'all' }
  | { readonly kind: 'encode'; readonly n: number }
  | { readonly kind: 'wait'; readonly n: number };

const key = fc.nat(60);
const n = fc.integer({ min: 1, max: 30 });
const changing = fc.record({
  kind: fc.constantFrom('count' as const, 'add' as const, 'put' as const, 'brief' as const, 'clear' as const),
  key,
  n,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: changing },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), key, n }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('batch' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('encode' as const), n }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), n }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pin' as const), key }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('begin' as const, 'finish' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('begin-full' as const, 'fail' as const, 'restart' as const, 'rescale' as const, 'all' as const),
    }),
  },
);

interface Completed {
  readonly segments: readonly StoredSegment[];
  readonly models: Models;
}

/** A subtask that lives on, held against maps. */
class Run {
  readonly #backend: Backend;
  readonly #incremental: boolean;
  readonly #hash: (key: Key) => number;
  #now = 0;
  #subject: Subject;
  #models: Models = new Map();
  #snapshot: { readonly log: LogSnapshot; readonly sink: ByteSink; readonly models: Models; done: boolean } | undefined;
  #segments: readonly StoredSegment[] = [];
  #completed: Completed = { segments: [], models: new Map() };
  #ids = 0;

  constructor(backend: Backend, options: { incremental: boolean; equalHashes: boolean }) {
    this.#backend = backend;
    this.#incremental = options.incremental;
    this.#hash = (key) => (options.equalHashes ? 7 : typeof key === 'number' ? hashNumber(key) : hashString(JSON.stringify(key)));
    this.#subject = this.#open();
  }

  #open(): Subject {
    return new Subject(this.#backend, { incremental: this.#incremental, now: () => this.#now, hash: this.#hash });
  }

  #key(number: number): Key {
    return number % 3 === 0 ? number : number % 3 === 1 ? `key ${'x'.repeat(number)}` : [number];
  }

  #model(key: Key): Model {
    const name = JSON.stringify(key);
    const found = this.#models.get(name) ?? { key, model: { count: undefined, list: [], map: new Map(), brief: undefined } };
    this.#models.set(name, found);
    return found.model;
  }

  apply(each: Step): void {
    switch (each.kind) {
      case 'batch':
        this.#subject.endBatch();
        return;
      case 'wait':
        this.#now += each.n * 500;
        return;
      case 'pin':
        this.#subject.with(this.#key(each.key), ({ count }) => count.update(1));
        this.#model(this.#key(each.key)).count = 1;
        this.#subject.pinned.add(this.#subject.index.ofValue(this.#hash(this.#key(each.key)), this.#key(each.key)));
        return;
      case 'begin':
      case 'begin-full':
        this.#begin(each.kind === 'begin-full');
        return;
      case 'encode':
        if (this.#snapshot !== undefined && !this.#snapshot.done)
          this.#snapshot.done = this.#snapshot.log.encode(this.#snapshot.sink, each.n);
        return;
      case 'finish':
        this.#finish();
        return;
      case 'fail':
        this.#snapshot?.log.failed();
        this.#snapshot = undefined;
        return;
      case 'restart':
        this.#restart();
        return;
      case 'rescale':
        this.#checkRescaled();
        return;
      case 'all':
        this.#visitAll();
        return;
      default:
        this.#change(each);
    }
  }

  #change({ kind, key: number, n }: Extract<Step, { key: number; n: number }>): void {
    const key = this.#key(number);
    const model = this.#model(key);
    this.#subject.with(key, ({ count, list, map, brief }) => {
      if (kind === 'count') {
        count.update((count.value ?? 0) + n);
        model.count = (model.count ?? 0) + n;
      } else if (kind === 'add') {
        list.add(text(n));
        model.list.push(text(n));
      } else if (kind === 'put') {
        map.set(text(n), number);
        model.map.set(text(n), number);
      } else if (kind === 'brief') {
        brief.update(text(n));
        model.brief = [text(n), this.#now];
      } else if (kind === 'clear') {
        for (const each of [count, list, map, brief]) each.clear();
        this.#models.delete(JSON.stringify(key));
      }
    });
    this.#check(this.#subject, key);
  }

  #check(subject: Subject, key: Key, models: Models = this.#models): void {
    const model = models.get(JSON.stringify(key))?.model;
    const brief = model?.brief !== undefined && this.#now - model.brief[1] < briefMs ? model.brief[0] : undefined;
    expect(subject.read(key)).toEqual([model?.count, model?.list ?? [], [...(model?.map ?? [])], brief]);
  }

  #checkAll(subject: Subject, models: Models, owns: (key: Key) => boolean = () => true): void {
    for (let number = 0; number <= 60; number++) {
      const key = this.#key(number);
      if (owns(key)) this.#check(subject, key, models);
      else expect(subject.read(key)).toEqual([undefined, [], [], undefined]);
      if (number % 5 === 0) subject.endBatch();
    }
  }

  #begin(full: boolean): void {
    if (this.#snapshot !== undefined) return;
    this.#snapshot = { log: this.#subject.log.begin(full), sink: new ByteSink(), models: structuredClone(this.#models), done: false };
  }

  #finish(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    this.#snapshot = undefined;
    const { log, sink, models } = snapshot;
    while (!snapshot.done) snapshot.done = log.encode(sink, 5);
    const id = `snapshot-${this.#ids++}`;
    const added = stored(id, this.#subject.contents.schema, log, sink);
    const earlier = this.#segments
      .filter((segment) => log.needed.has(segment.id))
      .map((segment) => withStale(segment, log.stale.get(segment.id)));
    expect([...log.needed].filter((needed) => !this.#segments.some((segment) => segment.id === needed))).toEqual([]);
    log.stored(id);
    if (log.full) {
      expect(log.files ?? []).toEqual([]);
      this.#checkRestored(added, models);
    } else this.#segments = [...earlier, ...added];
    if (!log.full || !this.#incremental) this.#completed = { segments: log.full ? added : this.#segments, models };
  }

  #checkRestored(segments: readonly StoredSegment[], models: Models): void {
    const subject = this.#open();
    for (const segment of segments) subject.log.read(segment, () => true, false);
    this.#checkAll(subject, models);
    subject.log.residents?.close();
  }

  /** The subtask goes on from the last completed checkpoint. */
  #restart(): void {
    if (this.#snapshot !== undefined) this.apply({ kind: 'fail' });
    this.#subject.log.residents?.close();
    this.#subject = this.#open();
    this.#segments = this.#completed.segments;
    for (const segment of this.#segments) this.#subject.log.read(segment, () => true, true);
    this.#models = structuredClone(this.#completed.models);
  }

  #checkRescaled(): void {
    for (const part of [0, 1]) {
      const subject = this.#open();
      const owns = (hash: number): boolean => (hash & 1) === part;
      for (const segment of this.#completed.segments) subject.log.read(segment, owns, false);
      this.#checkAll(subject, this.#completed.models, (key) => owns(this.#hash(key)));
      subject.log.residents?.close();
    }
  }

  #visitAll(): void {
    const visited = new Set<string>();
    const visit = (slot: number): void => {
      this.#subject.states.select(slot);
      const key = this.#subject.index.key(slot) as Key;
      if (this.#subject.states.stateCount(slot) > 0) visited.add(JSON.stringify(key));
      this.#subject.states.accessors.count.update(1);
      this.#model(key).count = 1;
      this.#subject.states.deselect();
    };
    this.#subject.endBatch();
    const expected = [...this.#models].filter(([, { model }]) => model.count !== undefined || model.list.length > 0 || model.map.size > 0);
    this.#subject.states.forEachSlot(visit);
    this.#subject.log.residents?.forEachOther(visit);
    for (const [name] of expected) expect(visited).toContain(name);
  }

  end(): void {
    this.apply({ kind: 'finish' });
    this.apply({ kind: 'begin' });
    this.apply({ kind: 'finish' });
    this.apply({ kind: 'rescale' });
    this.apply({ kind: 'restart' });
    this.#checkAll(this.#subject, this.#models);
    this.#subject.log.residents?.close();
  }
}

function withStale(segment: StoredSegment, ordinals: Uint32Array | undefined): StoredSegment {
  return ordinals === undefined ? segment : { ...segment, stale: [...segment.stale, bytesOf(ordinals)] };
}

export function backendConformance(name: string, open: () => Backend): void {
  describe(name, () => {
    for (const incremental of [true, false]) {
      for (const equalHashes of [false, true]) {
        const title = `keeps what a Map keeps, with ${incremental ? 'incremental' : 'full'} snapshots${equalHashes ? ' and equal hashes' : ''}`;
        test(title, () => {
          const property = fc.property(fc.array(step, { maxLength: 250, size: 'max' }), (steps) => {
            const run = new Run(open(), { incremental, equalHashes });
            for (const each of steps) run.apply(each);
            run.end();
          });
          fc.assert(property, { numRuns: runsOf(equalHashes ? 10 : 40) });
        });
      }
    }
  });
}
