/**
 * Assertions of contracts. A failed assertion is a defect of Millrace itself, never of the input:
 * operating errors are `MillraceError`s (see `errors.ts`).
 */

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws an `AssertionError` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the types rule out. */
export function unreachable(value: never, what: string): never {
  throw new AssertionError(`unexpected ${what}: ${String(value)}`);
}
