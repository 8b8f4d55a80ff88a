/** The words that JavaScript has itself: those that expressions may use beside fields, and those that are no names at all. Pure. */

import { type AnyNode, parseExpressionAt } from 'acorn';
import { type Chain, keyOf, topOf } from './chains.ts';
import { fieldNamed, type KnownField } from './fields.ts';

/** What an expression may use beside fields. */
const globals = new Set([
  ...['Math', 'Number', 'String', 'Boolean', 'Date', 'RegExp', 'JSON', 'Array', 'Object', 'BigInt', 'Set', 'Map', 'Intl'],
  ...['parseInt', 'parseFloat', 'isNaN', 'isFinite', 'undefined', 'NaN', 'Infinity', 'decodeURIComponent', 'encodeURIComponent', 'URL'],
]);

/** Whether a chain begins with something of JavaScript. A field may be called so, `Date` or `URL`: it is what no use of the other is. */
export function beginsWithGlobal(chain: Chain, name: string, fields: readonly KnownField[]): boolean {
  return globals.has(name) && (!fields.some((field) => field.name === name) || usesGlobal(chain, name));
}

/** Whether something is called, made, taken from a global, or a function is handed on. */
function usesGlobal(chain: Chain, name: string): boolean {
  const value: unknown = Reflect.get(globalThis, name);
  if (value === undefined || typeof value === 'number') return true;
  const link = chain.links.find(({ type }) => type !== 'ChainExpression');
  if (link === undefined) return isMadeOrHandedOn(topOf(chain), chain.parents.at(-1));
  const key = keyOf(link);
  return key === undefined ? link.type === 'CallExpression' : key !== 'length' && key !== 'name' && Object.hasOwn(value as object, key);
}

const walks = new Set(['map', 'filter', 'some', 'every', 'find', 'findIndex', 'flatMap']);

function isMadeOrHandedOn(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type === 'NewExpression') return parent.callee === node;
  if (parent?.type === 'BinaryExpression') return parent.operator === 'instanceof' && parent.right === node;
  return parent?.type === 'CallExpression' && walks.has(keyOf(parent.callee) ?? '');
}

/** Whether a word cannot be a name. */
function isReserved(word: string): boolean {
  try {
    return parseExpressionAt(word, 0, { ecmaVersion: 2022 }).type !== 'Identifier';
  } catch {
    return true;
  }
}

/** How to write a field that is called like a reserved word, where a text that is no expression has such a word. */
export function reservedNameHint(text: string, fields: readonly KnownField[]): string | undefined {
  const words = (text.match(/(?<![.\w$])[a-z]+(?![\w$])/g) ?? []).filter(isReserved);
  // Another spelling is none where it stands for several fields.
  const word = words.find((each) => fieldNamed(`${each}_`, fields)?.name === each);
  return word === undefined ? undefined : `'${word}' is a word of JavaScript; write the field as ${word}_`;
}
