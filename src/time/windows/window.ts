/**
 * Windows: what records are grouped into besides their key. A window is an immutable value: two windows are the same exactly
 * if they have the same class of assigner, the same `maxTimestamp` and the same `id`.
 *
 * @hotpath
 */

/**
 * The end of time: the `maxTimestamp` of windows that never end. A watermark that is not below it says that the input has
 * ended. Sums of times saturate here.
 */
export const endOfTime = Number.MAX_SAFE_INTEGER;

/**
 * A finite group of records. Own windows are plain immutable objects with these two properties and whatever else.
 *
 * @example const window: Window = { maxTimestamp: 1_799_999, id: 'shift 7' };
 */
export interface Window {
  /** The last millisecond that belongs to the window: its results carry it, and a watermark that has reached it completes the window. */
  readonly maxTimestamp: number;
  /** Tells windows with the same `maxTimestamp` apart. */
  readonly id: string | number;
}

/**
 * A stretch of time, from `start` to `end`, `end` excluded: the windows of all built-in assigners but the global one.
 *
 * @example new TimeWindow(0, 60_000).maxTimestamp // 59999
 */
export class TimeWindow implements Window {
  /** The first millisecond that belongs to the window. */
  readonly start: number;
  /** The first millisecond that does not belong to it any more. */
  readonly end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  get maxTimestamp(): number {
    return this.end - 1;
  }

  get id(): number {
    return this.start;
  }

  /** Whether the windows overlap or touch: `[0, 5)` and `[5, 9)` do. */
  intersects(other: TimeWindow): boolean {
    return this.start <= other.end && this.end >= other.start;
  }

  /** The smallest window that covers both; this one itself where it does. */
  cover(other: TimeWindow): TimeWindow {
    if (this.start <= other.start && this.end >= other.end) return this;
    if (other.start <= this.start && other.end >= this.end) return other;
    return new TimeWindow(Math.min(this.start, other.start), Math.max(this.end, other.end));
  }
}

/** The one window that holds everything and never ends. */
export class GlobalWindow implements Window {
  /**
   * The only instance.
   *
   * @example GlobalWindow.instance.maxTimestamp === endOfTime // true
   */
  static readonly instance = new GlobalWindow();

  readonly maxTimestamp: number = endOfTime;
  readonly id: string = 'global';
}

/** Whether two windows of one assigner are the same. */
export function sameWindow(a: Window, b: Window): boolean {
  return a === b || (a.maxTimestamp === b.maxTimestamp && a.id === b.id);
}

/** An order of the windows of one assigner: by `maxTimestamp`, then by id, numbers before strings. */
export function compareWindows(a: Window, b: Window): number {
  if (a.maxTimestamp !== b.maxTimestamp) return a.maxTimestamp < b.maxTimestamp ? -1 : 1;
  const [left, right] = [a.id, b.id];
  if (left === right) return 0;
  if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
  return left < right ? -1 : 1;
}

/**
 * The start of the window of a fixed size that a timestamp belongs to. Right for times before 1970 and negative offsets, too.
 *
 * @example windowStart(-1, 0, 10) // -10
 */
export function windowStart(timestamp: number, offsetMs: number, sizeMs: number): number {
  const remainder = (timestamp - offsetMs) % sizeMs;
  return remainder < 0 ? timestamp - (remainder + sizeMs) : timestamp - remainder;
}
