/** The state of the triggers that fire again and again: when they fire next. */

export interface NextFiring {
  /** Null before the first record. */
  time: number | null;
}

export function createNextFiring(): NextFiring {
  return { time: null };
}

export function forgetNextFiring(state: NextFiring): void {
  state.time = null;
}

/** Of two windows that become one, the earlier firing counts. */
export function mergeNextFiring(into: NextFiring, from: NextFiring): void {
  if (into.time === null) into.time = from.time;
  else if (from.time !== null) into.time = Math.min(into.time, from.time);
}
