/**
 * How much longer than asked for the interval between checkpoints is, so that they take no more than a set share of the time.
 * Pure: cost in, interval and what to say about it out.
 */

export interface StretchOptions {
  /** As the user wants it. */
  readonly intervalMs: number;
  /** Share of the time that checkpoints may take, above 0; 1 or more never stretches. */
  readonly costShareMax: number;
}

/** What one checkpoint cost: milliseconds in which the busiest subtask worked for it, instead of for records. */
export type CostMs = number;

export interface Stretch {
  /** As asked for, or longer. */
  readonly intervalMs: number;
  /** What is expected of the next checkpoint. */
  readonly costMs: CostMs;
  /** The interval that the user was last told of. */
  readonly toldMs: number;
}

export interface StretchDecision {
  readonly stretch: Stretch;
  /** To be said to the user. */
  readonly notice?: string;
}

/** The part of the cost before that is still expected when one was cheaper: an exception does not count much, a change soon does. */
const memory = 0.5;

/** A stretched interval is told of again when it has changed by this factor. */
const worthTelling = 2;

export function unstretched({ intervalMs }: StretchOptions): Stretch {
  return { intervalMs, costMs: 0, toldMs: intervalMs };
}

/** The interval behind a checkpoint that has ended. One that cost more counts at once, one that cost less by and by. */
export function stretchAfter(options: StretchOptions, before: Stretch, cost: CostMs): StretchDecision {
  const costMs = Math.max(cost, before.costMs * memory + cost * (1 - memory));
  const intervalMs = Math.max(options.intervalMs, affordableMs(options, costMs));
  const { toldMs } = before;
  if (!isWorthTelling(intervalMs, toldMs, options.intervalMs)) return { stretch: { intervalMs, costMs, toldMs } };
  const stretch = { intervalMs, costMs, toldMs: intervalMs };
  return { stretch, notice: intervalMs === options.intervalMs ? backText(options) : stretchedText(options, stretch) };
}

/** The shortest interval for what checkpoints cost. */
export function affordableMs({ costShareMax }: Pick<StretchOptions, 'costShareMax'>, costMs: CostMs): number {
  return costShareMax >= 1 ? 0 : Math.ceil(costMs / costShareMax);
}

function isWorthTelling(intervalMs: number, toldMs: number, wantedMs: number): boolean {
  if (intervalMs === toldMs) return false;
  if (intervalMs === wantedMs || toldMs === wantedMs) return true;
  return intervalMs >= toldMs * worthTelling || intervalMs * worthTelling <= toldMs;
}

function stretchedText({ intervalMs, costShareMax }: StretchOptions, stretch: Stretch): string {
  return (
    `checkpoints take about ${shown(stretch.costMs)}, more than ${Math.round(costShareMax * 100)} % of their interval of ${shown(intervalMs)}: ` +
    `the interval is ${shown(stretch.intervalMs)} for now`
  );
}

function backText({ intervalMs }: StretchOptions): string {
  return `checkpoints are cheap again: their interval is back at ${shown(intervalMs)}`;
}

function shown(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}
