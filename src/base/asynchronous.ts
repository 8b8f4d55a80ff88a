/** What is a promise, and which functions would return one. */

const kinds = new Set(['AsyncFunction', 'AsyncGeneratorFunction']);

/** Whether somebody is to be waited for: most calls of a sink or an operator are not worth an `await`. */
export function isPromise<T>(result: T | Promise<T>): result is Promise<T> {
  return typeof (result as Partial<Promise<T>> | null | undefined)?.then === 'function';
}

/** Whether a function is declared `async`. One that returns promises without being declared so cannot be told. */
export function isAsync(fn: object): boolean {
  return kinds.has(fn.constructor?.name);
}
