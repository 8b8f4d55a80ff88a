/**
 * How keyed states are stored, and how what an earlier version of a job has stored becomes state of the present one. Pure.
 *
 * What a state holds of a key is stored in a form that depends on its kind, and on whether it expires:
 *
 *     kind                            form                 where it expires
 *     value, reducing, aggregating    the value            [value, stamp]
 *     list                            elements             [elements, stamps]
 *     map                             Map of name → value  Map of name → [value, stamp]
 */

import { MillraceError, thrownText } from '../base/errors.ts';
import { OperatorError } from '../base/operator-error.ts';
import type { Migrate, StateDeclarations, StateDescriptor } from './descriptors.ts';

type Kind = StateDescriptor['kind'];

export interface StoredState {
  readonly name: string;
  readonly kind: Kind;
  readonly version: number;
  /** Whether its values have stamps. */
  readonly expires: boolean;
}

/** The states of an operator in the order in which entries number them. JSON data. */
export interface StateSchema {
  readonly states: readonly StoredState[];
}

/** What reading needs besides. */
export interface ReadContext {
  /** Says something to the user. */
  warn(message: string): void;
  /** Processing time: that of values which begin to expire only now. */
  now(): number;
}

/** What becomes of the data of one stored state. */
export interface StateReader {
  /** The number of the state among those that are declared; −1 for one that is not any more. */
  readonly place: number;
  /** Makes of the stored data what the state's store holds; undefined where nothing is left. */
  read(stored: unknown): unknown;
}

const makers: Readonly<Record<Kind, string>> = {
  value: 'valueState',
  list: 'listState',
  map: 'mapState',
  reducing: 'reducingState',
  aggregating: 'aggregatingState',
};

export function schemaOf(declarations: StateDeclarations): StateSchema {
  const states = Object.entries(declarations).map(
    ([name, { kind, version, ttl }]): StoredState => ({ name, kind, version, expires: ttl !== undefined }),
  );
  return { states };
}

/**
 * What reads entries that were written under `schema`, by the numbers that they give to states.
 *
 * @throws OperatorError STATE_MISMATCH for a state of another kind, and for values that only `migrate` could make use of
 */
export function stateReaders(schema: StateSchema, declarations: StateDeclarations, context: ReadContext): StateReader[] {
  const declared = Object.entries(declarations);
  return schema.states.map((stored): StateReader => {
    const place = declared.findIndex(([name]) => name === stored.name);
    const descriptor = declared[place]?.[1];
    if (descriptor === undefined) {
      context.warn(`state.${stored.name} is not declared any more: what was stored of it is dropped`);
      return { place: -1, read: () => undefined };
    }
    checkKind(stored, descriptor);
    return { place, read: conversion(stored, descriptor, context) };
  });
}

function checkKind({ name, kind, version }: StoredState, descriptor: StateDescriptor): void {
  if (kind !== descriptor.kind) {
    throw new OperatorError(
      'STATE_MISMATCH',
      `state.${name} was stored as a ${makers[kind]}, and is a ${makers[descriptor.kind]} now; give the new state another name, or declare it as it was`,
    );
  }
  if (version > descriptor.version) {
    throw new OperatorError(
      'STATE_MISMATCH',
      `state.${name} was stored by later code, as version ${version}, and this code knows version ${descriptor.version}; run the later code, or restore an earlier checkpoint`,
    );
  }
  if (version < descriptor.version && descriptor.migrate === undefined) {
    throw new OperatorError(
      'STATE_MISMATCH',
      `state.${name} was stored as version ${version}, and is of version ${descriptor.version} now; ` +
        `add migrate to the options of its ${makers[kind]}: a function (value, fromVersion) that makes a value of now of one of then`,
    );
  }
}

function conversion(stored: StoredState, descriptor: StateDescriptor, { now }: ReadContext): (held: unknown) => unknown {
  const { kind, expires, version } = stored;
  const { migrate } = descriptor;
  const needsMigration = version < descriptor.version && migrate !== undefined;
  const migrated = needsMigration ? values[groupOf(kind)](guarded(stored.name, version, migrate), expires) : asIs;
  const willExpire = descriptor.ttl !== undefined;
  if (willExpire === expires) return migrated;
  const restamp = willExpire ? stamped[groupOf(kind)](now()) : unstamped[groupOf(kind)];
  return (held) => {
    const values = migrated(held);
    return values === undefined ? undefined : restamp(values);
  };
}

const asIs = (held: unknown): unknown => held;

/** `migrate`, whose failures say where they happened. */
function guarded(name: string, version: number, migrate: Migrate): (value: unknown) => unknown {
  return (value) => {
    try {
      return migrate(value, version);
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      throw new OperatorError('STATE_MISMATCH', `migrate of state.${name}, from version ${version}, failed with ${thrownText(error)}`, {
        cause: error,
      });
    }
  };
}

type Group = 'cell' | 'list' | 'map';

function groupOf(kind: Kind): Group {
  return kind === 'list' || kind === 'map' ? kind : 'cell';
}

type Each = (value: unknown) => unknown;
type Stamped = [value: unknown, stamp: number];

/** Replace every value of what is held; those that become undefined are left out. */
const values: Readonly<Record<Group, (each: Each, expires: boolean) => (held: unknown) => unknown>> = {
  cell: (each, expires) => (held) => {
    if (!expires) return each(held);
    const [value, stamp] = held as Stamped;
    const migrated = each(value);
    return migrated === undefined ? undefined : [migrated, stamp];
  },
  list: (each, expires) => (held) => {
    const [elements, stamps] = (expires ? held : [held, []]) as [unknown[], number[]];
    const migrated = elements.map(each);
    const kept = (_: unknown, i: number): boolean => migrated[i] !== undefined;
    const left = migrated.filter(kept);
    if (left.length === 0) return undefined;
    return expires ? [left, stamps.filter(kept)] : left;
  },
  map: (each, expires) => (held) => {
    const left = new Map<unknown, unknown>();
    for (const [name, value] of held as Map<unknown, unknown>) {
      const migrated = each(expires ? (value as Stamped)[0] : value);
      if (migrated !== undefined) left.set(name, expires ? [migrated, (value as Stamped)[1]] : migrated);
    }
    return left.size === 0 ? undefined : left;
  },
};

/** Give every value the same stamp. */
const stamped: Readonly<Record<Group, (stamp: number) => (held: unknown) => unknown>> = {
  cell: (stamp) => (held) => [held, stamp],
  list: (stamp) => (held) => [held, (held as unknown[]).map(() => stamp)],
  map: (stamp) => (held) => new Map([...(held as Map<unknown, unknown>)].map(([name, value]) => [name, [value, stamp]])),
};

/** Take the stamps away. */
const unstamped: Readonly<Record<Group, (held: unknown) => unknown>> = {
  cell: (held) => (held as Stamped)[0],
  list: (held) => (held as [unknown[], number[]])[0],
  map: (held) => new Map([...(held as Map<unknown, Stamped>)].map(([name, [value]]) => [name, value])),
};
