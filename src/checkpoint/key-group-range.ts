/** Which key groups a subtask owns: the inverse of `subtaskOfKeyGroup` in `graph/physical.ts`, which a test holds it to. */

export interface KeyGroupRange {
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
}

export function keyGroupsOf(subtask: number, parallelism: number, maxParallelism: number): KeyGroupRange {
  const boundary = (index: number): number => Math.ceil((index * maxParallelism) / parallelism);
  return { start: boundary(subtask), end: boundary(subtask + 1) };
}

export function overlaps(a: KeyGroupRange, b: KeyGroupRange): boolean {
  return Math.max(a.start, b.start) < Math.min(a.end, b.end);
}
