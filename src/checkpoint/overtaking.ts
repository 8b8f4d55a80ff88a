/** When the barriers of a checkpoint overtake rows: when it becomes unaligned. Pure. */

export interface OvertakingSettings {
  /** So long behind the trigger; 0 for at once, undefined for never. */
  readonly overtakeAfterMs: number | undefined;
}

/**
 * Milliseconds behind the trigger; undefined for never. A savepoint is always aligned: it is to be gone on with by a job that may have been
 * changed, and the way of a row through a job belongs to the job as it was.
 */
export function overtakesAfter({ overtakeAfterMs }: OvertakingSettings, savepoint: boolean): number | undefined {
  return savepoint ? undefined : overtakeAfterMs;
}
