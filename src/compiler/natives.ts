/**
 * Whether the natives that an intrinsic stands for are still those of the language. A job may replace them, at any time, and
 * then its functions are called as they are. What they are is found when this module is loaded, before any job.
 */

interface Native {
  readonly holder: object;
  readonly name: string | symbol;
  readonly found: PropertyDescriptor | undefined;
}

const { getOwnPropertyDescriptor } = Object;

function natives(holder: object, ...names: readonly (string | symbol)[]): Native[] {
  return names.map((name) => ({ holder, name, found: getOwnPropertyDescriptor(holder, name) }));
}

const isNative = /\{\s*\[native code\]\s*\}\s*$/;
const sourceOf: (fn: unknown) => string = Function.prototype.call.bind(Function.prototype.toString);

/** What `'a b'.split(' ')` looks at. */
const ofText = [...natives(String.prototype, 'split', Symbol.split), ...natives(Object.prototype, Symbol.split)];

/** What `'a b'.split(/ /)` looks at as well: the species, the flags, and the match. */
const ofPattern = [
  ...ofText,
  ...natives(RegExp.prototype, Symbol.split, 'exec', 'constructor', 'flags'),
  ...natives(RegExp.prototype, 'hasIndices', 'global', 'ignoreCase', 'multiline', 'dotAll', 'unicode', 'unicodeSets', 'sticky'),
  ...natives(RegExp, Symbol.species),
];

/** A program that is loaded in front of the engine may have replaced them already. */
const loadedIntact = ofPattern.every(({ found }) => {
  const functions = [found?.value, found?.get].filter((value) => typeof value === 'function');
  return functions.every((fn) => isNative.test(sourceOf(fn)) && !String((fn as { name: unknown }).name).startsWith('bound '));
});
const unsplit = ofText.every(({ name, found }) => name !== Symbol.split || found === undefined);

function isIntact({ holder, name, found }: Native): boolean {
  const now = getOwnPropertyDescriptor(holder, name);
  return now?.value === found?.value && now?.get === found?.get;
}

/** Whether `split` by a text, or by a regular expression, does what the language says. */
export function splitsNatively(separator: 'text' | 'class'): boolean {
  return loadedIntact && unsplit && (separator === 'text' ? ofText : ofPattern).every(isIntact);
}
