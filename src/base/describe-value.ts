/** Values that were given in place of others, as errors name them. */

/** Longer texts are cut. */
const charactersMax = 60;

/** A value as it stands in the code, where that is short; else what it is: `'x'`, `5`, `an array`, `a value of class Map`. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return value.length <= charactersMax ? `'${value}'` : `'${value.slice(0, charactersMax)}…'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) && value.length === 0 ? 'an empty array' : describeType(value);
}

/** The type of a value as people say it: `a string`, `an array`, `a value of class Map`. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a value of class ${name}` : 'an object';
}

/** `a Map`, `an Error`; `a URL`, since names of classes with U mostly sound so. */
export function withArticle(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** What keeps a list from being what it should be: the element that is wrong, or the list itself. */
export function describeList(value: unknown, isRight: (element: unknown) => boolean): string {
  const wrong = Array.isArray(value) ? value.findIndex((element) => !isRight(element)) : -1;
  return wrong < 0 ? describeValue(value) : `an array with ${describeValue((value as readonly unknown[])[wrong])}`;
}
