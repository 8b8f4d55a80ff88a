/** Puts what an array of numbers holds into a larger one, and returns that. */
export function extended<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
