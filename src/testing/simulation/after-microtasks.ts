/** When one thing has happened, and all that follows from it at once. The calling thread. */

/**
 * Resolves when no microtask is left: Node takes its next tick only then. A turn of the event loop would do as well, but costs
 * thousands of steps of a simulation more time than the steps.
 */
export function afterMicrotasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
