/** Which windows can be made of slices, and how they are cut. Pure. */

import type { SlidingWindows } from '../../../time/windows/assigners/sliding-windows.ts';
import type { TumblingWindows } from '../../../time/windows/assigners/tumbling-windows.ts';
import type { Window } from '../../../time/windows/window.ts';
import type { WindowAssigner } from '../../../time/windows/window-assigner.ts';
import type { Aggregators } from '../../aggregation.ts';
import type { WindowSpec } from '../window-spec.ts';
import { type SlicedShape, Slices } from './slices.ts';

/** Aggregators to which the order of the records is all the same: those of a window come slice by slice. */
const orderless: readonly string[] = ['count', 'sum', 'min', 'max', 'avg', 'variance', 'countDistinct', 'approxCountDistinct', 'quantile'];

/**
 * Whether `sliceAggregateOperator` can do it: tumbling and sliding windows that fire when they end, without an evictor, and
 * aggregators that may take the records of a window slice by slice.
 */
export function canSlice(spec: WindowSpec, aggregators: Aggregators): boolean {
  const slices = slicesOf(spec);
  return slices !== undefined && (slices.areWindows || Object.values(aggregators).every(({ kind }) => orderless.includes(kind)));
}

/** The same for what folds records into one value: each window is to be one slice, since functions may change what several slices would share. */
export function canSliceFold(spec: WindowSpec): boolean {
  return slicesOf(spec)?.areWindows === true;
}

/** The slices of windows that fire when they end, without an evictor; undefined for others. */
function slicesOf({ assigner, trigger, evictor }: WindowSpec): Slices | undefined {
  const shape = slicedShape(assigner);
  const firesAtEnd = trigger === undefined || trigger === assigner.defaultTrigger();
  return shape === undefined || evictor !== undefined || !firesAtEnd ? undefined : new Slices(shape);
}

/** How time is cut for an assigner's windows; undefined for assigners of other windows, and where subtasks differ. */
export function slicedShape(assigner: WindowAssigner<never, Window>): SlicedShape | undefined {
  if (!('kind' in assigner)) return undefined;
  if (assigner.kind === 'tumbling') {
    const { sizeMs, offsetMs, stagger } = assigner as unknown as TumblingWindows;
    return stagger === 'aligned' ? { sizeMs, slideMs: sizeMs, offsetMs } : undefined;
  }
  if (assigner.kind !== 'sliding') return undefined;
  const { sizeMs, slideMs, offsetMs } = assigner as unknown as SlidingWindows;
  return { sizeMs, slideMs, offsetMs };
}
