/**
 * What each subtask of an operator reads at a restore, whatever its parallelism was. Pure.
 *
 *     entries by key    every subtask reads the segments of those that had some of its key groups, and keeps the entries of its own keys
 *                       (in front of an exchange, where subtasks have any keys: those of all)
 *     split parts       to the same parallelism as they were; else all items in a row, dealt out in equal runs
 *     union parts       all of all
 *     broadcast parts   those of one subtask each
 *     rows in flight    to the same parallelism as they were; else those of keys to the owners of the keys, others to one subtask each
 */

import { type SegmentHandle, type StateHandle, type StoredPart, watermarkPart } from '../wire/state-handles.ts';
import { keyGroupsOf, overlaps } from './key-group-range.ts';
import type { InFlightRows, OperatorManifest } from './manifest.ts';

export interface RestoredSegment {
  readonly segment: SegmentHandle;
  /** `adopts` of `StateLog.read`: whether it goes on to count as stored. */
  readonly adopts: boolean;
}

/** Items `from` to `to` (not included) of the array that a handle holds. */
export interface RestoredItems {
  readonly items: StateHandle;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Plain data: it is sent to the worker. */
export interface OperatorSubtaskRestore {
  /** By the name of the keyed state. */
  readonly keyed: Readonly<Record<string, readonly RestoredSegment[]>>;
  /** By name: the items of all runs, one behind the other. */
  readonly parts: Readonly<Record<string, readonly RestoredItems[]>>;
  readonly inFlight: readonly RestoredInFlight[];
}

export interface RestoredInFlight extends InFlightRows {
  /** Whether other subtasks read them, too: each keeps those of its own keys. */
  readonly shared: boolean;
}

/** How rows in flight find their subtask where the parallelism is another: by their keys, as copies for everybody, or in any way. */
export type InFlightRouting = 'by-key' | 'copies' | 'any';

export interface RestoreOptions {
  /** Of the operator in the job as it is now. */
  readonly parallelism: number;
  /** Key groups of the operator as it is now; as they were where that is not said. */
  readonly maxParallelism?: number;
  /**
   * Whether the files of the manifest are in the storage that the job goes on to write to, and its own. Not so for savepoints: what is
   * read from them counts as changed and is written anew.
   */
  readonly owned: boolean;
  /** Of an exchange. */
  readonly routing: (exchange: string) => InFlightRouting;
}

/** By index of the subtask. */
export function planRestore(from: OperatorManifest, options: RestoreOptions): readonly OperatorSubtaskRestore[] {
  const parts = restoredParts(from, options.parallelism);
  return Array.from({ length: options.parallelism }, (_, subtask) => ({
    keyed: segmentsFor(from, subtask, options),
    parts: parts[subtask] as OperatorSubtaskRestore['parts'],
    inFlight: inFlightFor(from, subtask, options),
  }));
}

function inFlightFor(from: OperatorManifest, subtask: number, options: RestoreOptions): readonly RestoredInFlight[] {
  return from.subtasks.flatMap(({ inFlight = [] }, old) =>
    inFlight
      .map((rows) => ({ rows, reads: readsRows(from, { old, subtask, routing: options.routing(rows.exchange) }, options) }))
      .flatMap(({ rows, reads }) => (reads === 'not' ? [] : [{ ...rows, shared: reads === 'shared' }])),
  );
}

/** Whether a subtask reads the rows that were on their way to another: all of them, or its share. */
function readsRows(
  from: OperatorManifest,
  { old, subtask, routing }: { readonly old: number; readonly subtask: number; readonly routing: InFlightRouting },
  { parallelism, maxParallelism = from.maxParallelism }: RestoreOptions,
): 'all' | 'shared' | 'not' {
  const sameGroups = maxParallelism === from.maxParallelism;
  if (parallelism === from.parallelism && (sameGroups || routing !== 'by-key')) return old === subtask ? 'all' : 'not';
  switch (routing) {
    case 'by-key': {
      const mayOwn = overlaps(keyGroupsOf(subtask, parallelism, maxParallelism), keyGroupsOf(old, from.parallelism, from.maxParallelism));
      return mayOwn || !sameGroups ? 'shared' : 'not';
    }
    case 'copies':
      // As state that all had: what is missing of it in one subtask's is on its way to that one.
      return subtask % from.parallelism === old ? 'all' : 'not';
    default:
      return old % parallelism === subtask ? 'all' : 'not';
  }
}

function segmentsFor(from: OperatorManifest, subtask: number, { parallelism, owned }: RestoreOptions): OperatorSubtaskRestore['keyed'] {
  const own = keyGroupsOf(subtask, parallelism, from.maxParallelism);
  const isSpread = holdsKeysOfOthers(from);
  const adopts = owned && parallelism === from.parallelism && !isSpread;
  const found = new Map<string, RestoredSegment[]>();
  for (const [old, { keyed }] of from.subtasks.entries()) {
    if (!isSpread && !overlaps(own, keyGroupsOf(old, from.parallelism, from.maxParallelism))) continue;
    for (const [name, segments] of Object.entries(keyed)) {
      const list = found.get(name) ?? [];
      found.set(name, list);
      for (const segment of segments) list.push({ segment, adopts });
    }
  }
  return Object.fromEntries(found);
}

/** In front of an exchange every subtask has whatever keys came to it. What several of them hold of a key is merged where it is read. */
function holdsKeysOfOthers({ kind }: OperatorManifest): boolean {
  return kind.endsWith('-local');
}

/** What subtasks have of one part, by the subtask that had it. */
type Holders = readonly { readonly subtask: number; readonly part: StoredPart }[];

function restoredParts(from: OperatorManifest, parallelism: number): readonly OperatorSubtaskRestore['parts'][] {
  const names = new Set(from.subtasks.flatMap(({ parts }) => Object.keys(parts)));
  const restored = Array.from({ length: parallelism }, () => new Map<string, readonly RestoredItems[]>());
  for (const name of names) {
    const holders = from.subtasks.flatMap(({ parts }, subtask) => {
      const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
      return part === undefined ? [] : [{ subtask, part }];
    });
    if (name === watermarkPart && holders.length < from.parallelism && hasRowsInFlight(from)) continue;
    const sameParallelism = parallelism === from.parallelism;
    for (const [subtask, items] of itemsOf(holders, parallelism, sameParallelism).entries()) restored[subtask]?.set(name, items);
  }
  return restored.map((parts) => Object.fromEntries(parts));
}

/**
 * Barriers that are aligned come through subtasks of one operator at one watermark. One that has overtaken rows may have come to a subtask
 * whose watermark has not begun: then there is none for all, or its rows would be late.
 */
function hasRowsInFlight({ subtasks }: OperatorManifest): boolean {
  return subtasks.some(({ inFlight = [] }) => inFlight.length > 0);
}

/** By new subtask. */
function itemsOf(holders: Holders, parallelism: number, sameParallelism: boolean): readonly (readonly RestoredItems[])[] {
  const each = (items: (subtask: number) => readonly RestoredItems[]) =>
    Array.from({ length: parallelism }, (_, subtask) => items(subtask));
  const all = holders.map(({ part }) => whole(part));
  switch (holders[0]?.part.distribution) {
    case 'union':
      return each(() => all);
    case 'broadcast':
      return each((subtask) => all.slice(subtask % all.length, (subtask % all.length) + 1));
    default:
      if (sameParallelism) return each((subtask) => holders.filter((holder) => holder.subtask === subtask).map(({ part }) => whole(part)));
      return dealt(all, parallelism);
  }
}

function whole({ items, count }: StoredPart): RestoredItems {
  return { items, count, from: 0, to: count };
}

/** Of n items in a row, subtask i of p gets those from ⌊i·n/p⌋ on: numbers differ by one at most, and a list is read by few. */
function dealt(all: readonly RestoredItems[], parallelism: number): readonly (readonly RestoredItems[])[] {
  const total = all.reduce((sum, { count }) => sum + count, 0);
  return Array.from({ length: parallelism }, (_, subtask) => {
    const start = Math.floor((subtask * total) / parallelism);
    const end = Math.floor(((subtask + 1) * total) / parallelism);
    const runs: RestoredItems[] = [];
    let first = 0;
    for (const list of all) {
      const from = Math.max(0, start - first);
      const to = Math.min(list.count, end - first);
      if (from < to) runs.push({ ...list, from, to });
      first += list.count;
    }
    return runs;
  });
}
