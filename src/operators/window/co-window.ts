/**
 * Windows over two streams at once: what window joins and co-groups are. Records know which stream they come from, so that one
 * window operator, with one trigger, serves both.
 */

import type { UserFunction } from '../../graph/logical.ts';
import type { WindowContents } from '../../time/windows/window-contents.ts';
import { synchronous } from '../functions.ts';
import type { WindowComputation, WindowFinish } from './window-computation.ts';
import { plainCodec } from './window-contents-codec.ts';
import type { WindowFold } from './window-fold.ts';

/** A record of one of two streams that share windows: what assigners, triggers and evictors of joined streams are given. */
export type SidedRecord<A, B> = { readonly side: 'left'; readonly record: A } | { readonly side: 'right'; readonly record: B };

type AnySided = SidedRecord<unknown, unknown>;

/** What a window holds of each stream, in the order in which it came. */
interface Sides {
  readonly lefts: unknown[];
  readonly rights: unknown[];
}

function add(sides: Sides, { side, record }: AnySided): Sides {
  (side === 'left' ? sides.lefts : sides.rights).push(record);
  return sides;
}

function merge(into: Sides, from: Sides): Sides {
  for (const record of from.lefts) into.lefts.push(record);
  for (const record of from.rights) into.rights.push(record);
  return into;
}

/** The records of both sides. */
function sidesFold(): WindowFold {
  const create = (record: AnySided): Sides => add({ lefts: [], rights: [] }, record);
  return {
    contents: { create, add, merge } as WindowContents<unknown, unknown>,
    read: (sides) => sides,
    takesNothing: true,
    readAll: (records) => (records as readonly AnySided[]).reduce(add, { lefts: [], rights: [] }),
    codec: plainCodec('the records of both sides'),
  };
}

type Pair = (left: unknown, right: unknown) => unknown;
type Group = (lefts: unknown, rights: unknown, out: (row: unknown) => void) => unknown;

/** A row for each pair of records of one key and window. */
export function joinComputation(fn: UserFunction): WindowComputation {
  const pair = synchronous(fn, 'apply') as Pair;
  return coComputation('join', fn, ({ lefts, rights }, out) => {
    for (const left of lefts) for (const right of rights) out(pair(left, right));
  });
}

/** Rows made of all records of a key and window, also of those whose other side is empty. */
export function coGroupComputation(fn: UserFunction): WindowComputation {
  const group = synchronous(fn, 'apply') as Group;
  return coComputation('coGroup', fn, ({ lefts, rights }, out) => group(lefts, rights, out));
}

function coComputation(title: string, fn: UserFunction, hand: (sides: Sides, out: (row: unknown) => void) => unknown): WindowComputation {
  const finish: WindowFinish = {
    hand: (sides, _context, out) => hand(sides as Sides, out),
    functions: { apply: fn },
    method: title,
    windowState: {},
    globalState: {},
    open: undefined,
    clear: undefined,
    close: undefined,
  };
  return { title, functions: {}, details: {}, createFold: sidesFold, finish };
}
