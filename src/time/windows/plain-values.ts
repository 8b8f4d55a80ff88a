/** Equality of the plain values that states of triggers are made of. */

/** Whether two plain values say the same: primitives as `Object.is` has it, arrays and objects by content. */
export function equalPlainValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  // What has content that its properties do not show, such as a Map, is never known to be equal.
  if (!Array.isArray(a) && Object.getPrototypeOf(a) !== Object.prototype) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalPlainValues(Reflect.get(a, key), Reflect.get(b, key)));
}
