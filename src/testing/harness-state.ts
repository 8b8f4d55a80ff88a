/** What operators under test hold, taken and given back as a checkpoint would do it: by logs, segments and real bytes. */

import { inspect } from 'node:util';
import { MillraceError } from '../base/errors.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { decodeValue, encodeValue } from '../batch/value-codec.ts';
import { keyGroupOf, subtaskOfKeyGroup } from '../graph/physical.ts';
import type { LogSnapshot, StoredSegment } from '../state/state-log.ts';
import type { SubtaskPart } from '../wire/state-handles.ts';
import type { HarnessOperator } from './harness-slot.ts';

/** What one operator holds: plain data. */
export interface HarnessState {
  /** By name of the keyed state. */
  readonly keyed: Readonly<Record<string, readonly StoredSegment[]>>;
  /** By name. */
  readonly parts: Readonly<Record<string, SubtaskPart>>;
}

/** What the operators under test held: plain data, for `restore`. */
export interface HarnessSnapshot {
  /** In the order of the chain. */
  readonly operators: readonly { readonly name: string; readonly kind: string; readonly state: HarnessState }[];
  /** Counts the snapshots that this one was made of. */
  readonly generation: number;
}

/** A snapshot that was begun, of which later changes do not show. */
export interface PendingSnapshot {
  /** Encodes what is left of it. */
  finish(): HarnessSnapshot;
}

interface PendingState {
  readonly name: string;
  readonly snapshot: LogSnapshot;
  readonly schema: unknown;
}

/** Units that are encoded at a time: few, so that it takes several times. */
const encodedUnits = 3;

/** The state of the operators of one harness. */
export class HarnessStates {
  readonly #operators: readonly HarnessOperator[];
  #generation = 0;
  /** By operator and name: what is stored. */
  readonly #stored: ReadonlyMap<string, readonly StoredSegment[]>[];

  constructor(operators: readonly HarnessOperator[]) {
    this.#operators = operators;
    this.#stored = operators.map(() => new Map());
  }

  /** @param full whether it holds all state; otherwise only what has changed, beside what is stored already */
  begin(full: boolean): PendingSnapshot {
    const generation = ++this.#generation;
    const begun = this.#operators.map(({ name, kind, keyed, instance }) => {
      const parts = throughBytes(instance.snapshot?.() ?? {}, name) as HarnessState['parts'];
      const states = [...keyed].map(
        ([state, { log, contents }]): PendingState => ({ name: state, snapshot: log.begin(full), schema: throughJson(contents.schema) }),
      );
      return { name, kind, parts, states };
    });
    const finish = (): HarnessSnapshot => ({
      generation,
      operators: begun.map(({ name, kind, parts, states }, i) => {
        const keyed = states.map((pending) => [pending.name, this.#store(i, pending, generation)] as const);
        return { name, kind, state: { keyed: Object.fromEntries(keyed), parts } };
      }),
    });
    return { finish };
  }

  #store(operator: number, { name, snapshot, schema }: PendingState, generation: number): readonly StoredSegment[] {
    const sink = new ByteSink();
    try {
      while (!snapshot.encode(sink, encodedUnits));
    } catch (error) {
      snapshot.failed();
      throw (this.#operators[operator] as HarnessOperator).failure(error);
    }
    const id = `${name}-${generation}`;
    const added: StoredSegment = { id, schema, bytes: sink.bytes.slice(0, sink.length), entries: snapshot.entries, stale: [] };
    const stored = this.#stored[operator] as Map<string, readonly StoredSegment[]>;
    const needed = (stored.get(name) ?? [])
      .filter((segment) => snapshot.needed.has(segment.id))
      .map((segment) => withStale(segment, snapshot.stale.get(segment.id)));
    snapshot.stored(id);
    if (!snapshot.full) stored.set(name, [...needed, added]);
    return [...needed, added];
  }

  restore({ operators, generation }: HarnessSnapshot): void {
    this.#generation = generation;
    for (const [i, { state, name }] of operators.entries()) this.#restoreOperator(i, state, name);
  }

  #restoreOperator(operator: number, { keyed, parts }: HarnessState, name: string): void {
    const { keyed: states, instance, failure } = this.#operators[operator] as HarnessOperator;
    try {
      for (const [state, { log, contents }] of states) {
        const segments = keyed[state] ?? [];
        for (const segment of segments) log.read(segment, () => true, true);
        contents.restored?.();
        (this.#stored[operator] as Map<string, readonly StoredSegment[]>).set(state, segments);
      }
      // A copy: what one harness does with its state must not show in another, or in the snapshot.
      const items = Object.entries(parts).map(([part, { items }]) => [part, throughBytes(items, name)]);
      if (items.length > 0) instance.restore?.(Object.fromEntries(items) as Record<string, unknown[]>);
    } catch (error) {
      throw failure(error);
    }
  }
}

function withStale(segment: StoredSegment, ordinals: Uint32Array | undefined): StoredSegment {
  return ordinals === undefined || ordinals.length === 0 ? segment : { ...segment, stale: [...segment.stale, bytesOf(ordinals)] };
}

function bytesOf(ordinals: Uint32Array): Uint8Array {
  return new Uint8Array(ordinals.buffer, ordinals.byteOffset, ordinals.byteLength).slice();
}

/** A copy that went through JSON, as schemas in manifests do. */
function throughJson(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema));
}

/** A copy that went through bytes. */
function throughBytes(state: unknown, name: string): unknown {
  const sink = new ByteSink();
  try {
    encodeValue(sink, state);
  } catch (error) {
    throw new MillraceError('UNSUPPORTED_VALUE', `the state of '${name}' is no plain data: ${inspect(state, { depth: 6 })}`, {
      cause: error,
    });
  }
  const source = new ByteSource();
  source.reset(sink.bytes.slice(0, sink.length));
  return decodeValue(source);
}

/** Which subtask of how many. */
export interface RescaleTarget {
  readonly subtask: number;
  readonly parallelism: number;
  /** Key groups that there are: how far the job can be rescaled. Default 128. */
  readonly maxParallelism?: number;
}

/**
 * What one subtask would go on from if those that took the snapshots, in the order of their numbers, were so many from now on.
 *
 * @example
 * const snapshots = [first.snapshot(), second.snapshot()];
 * const restored = operatorHarness(counts, { restore: rescaleSnapshots(snapshots, { subtask: 2, parallelism: 3 }) });
 */
export function rescaleSnapshots(snapshots: readonly HarnessSnapshot[], target: RescaleTarget): HarnessSnapshot {
  const [first] = snapshots as readonly [HarnessSnapshot];
  return {
    generation: Math.max(...snapshots.map(({ generation }) => generation)),
    operators: first.operators.map(({ name, kind }, i) => {
      const states = snapshots.map(({ operators }) => (operators[i] as HarnessSnapshot['operators'][number]).state);
      return { name, kind, state: rescaledState(states, target) };
    }),
  };
}

function rescaledState(states: readonly HarnessState[], target: RescaleTarget): HarnessState {
  const { subtask, parallelism, maxParallelism = 128 } = target;
  const owns = (hash: number): boolean => subtaskOfKeyGroup(keyGroupOf(hash, maxParallelism), maxParallelism, parallelism) === subtask;
  const keyed: Record<string, readonly StoredSegment[]> = {};
  const names = new Set(states.flatMap((state) => Object.keys(state.keyed)));
  for (const name of names) {
    keyed[name] = states.flatMap((state, from) =>
      (state.keyed[name] ?? []).map((segment) => ({ ...ownPart(segment, owns), id: `${segment.id}-of-${from}` })),
    );
  }
  const parts: Record<string, SubtaskPart> = {};
  for (const name of new Set(states.flatMap((state) => Object.keys(state.parts)))) {
    const held = states.flatMap((state) => state.parts[name] ?? []);
    const { distribution } = held[0] as SubtaskPart;
    const all = (distribution === 'broadcast' ? held.slice(0, 1) : held).flatMap(({ items }) => items);
    parts[name] = { distribution, items: distribution === 'split' ? all.filter((_, at) => at % parallelism === subtask) : all };
  }
  return { keyed, parts };
}

/** A segment in which the entries of other subtasks' keys do not count. */
function ownPart(segment: StoredSegment, owns: (hash: number) => boolean): StoredSegment {
  const source = new ByteSource();
  const others: number[] = [];
  let position = 0;
  for (let ordinal = 0; ordinal < segment.entries; ordinal++) {
    source.reset(segment.bytes, position);
    if (!owns(source.u32())) others.push(ordinal);
    const length = source.u32();
    position = source.position + length;
  }
  return withStale(segment, Uint32Array.from(others));
}
