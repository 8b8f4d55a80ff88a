/** Which functions would return promises. */

const kinds = new Set(['AsyncFunction', 'AsyncGeneratorFunction']);

/** Whether a function is declared `async`. One that returns promises without being declared so cannot be told. */
export function isAsync(fn: object): boolean {
  return kinds.has(fn.constructor?.name);
}
