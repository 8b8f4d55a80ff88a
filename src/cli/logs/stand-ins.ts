/**
 * What stands for a missing text where an expression looks for it, in a list, or looks for something in it, by a regular expression:
 * a text that is not found, as what is missing is not. Pure.
 */

import type { AnyNode, CallExpression } from 'acorn';
import { keyOf } from './chains.ts';

const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));

/** Texts of which few expressions find all: the first one that is not found is taken. */
const candidates = ['', '\0', ...printable, '\n', 'none at all'];

/** The text for an argument of a call. A regular expression may find them all, and what is missing passes as an empty text then. */
export function standIn(call: CallExpression): string {
  const finds = finderOf(call);
  return candidates.find((text) => !finds(text)) ?? '';
}

const searches = new Set(['includes', 'indexOf', 'lastIndexOf', 'has', 'startsWith', 'endsWith']);

/** Whether a call looks for its argument. */
export function isSearch({ callee }: CallExpression): boolean {
  return searches.has(keyOf(callee) ?? '');
}

/** Whether it does so in a text that is written down. */
export function isSearchOfText(call: CallExpression): boolean {
  const { callee } = call;
  return (
    isSearch(call) && callee.type === 'MemberExpression' && callee.object.type === 'Literal' && typeof callee.object.value === 'string'
  );
}

type Finder = (text: string) => boolean;

function finderOf(call: CallExpression): Finder {
  const { callee } = call;
  if (callee.type !== 'MemberExpression') return () => false;
  const expression = regExpOf(callee.object);
  if (expression !== undefined) return (text) => new RegExp(expression).test(text);
  if (!isSearch(call)) return () => false;
  if (isSearchOfText(call)) return (text) => String((callee.object as { readonly value?: unknown }).value).includes(text);
  const elements = elementsOf(callee.object);
  // In the text of a field, the empty text is found, and what no log has is not.
  return (text) => (elements === undefined ? text === '' : elements.some((each) => each?.type === 'Literal' && each.value === text));
}

/** The elements of an array that is written down, or of a set of them. */
export function elementsOf(node: AnyNode): readonly (AnyNode | null)[] | undefined {
  if (node.type === 'NewExpression') return node.arguments[0] === undefined ? undefined : elementsOf(node.arguments[0]);
  return node.type === 'ArrayExpression' ? node.elements : undefined;
}

/** A regular expression that is written down, `/x/` or `new RegExp('x')`. */
export function regExpOf(node: AnyNode): RegExp | undefined {
  if (node.type === 'Literal') return node.regex === undefined ? undefined : compiled(node.regex.pattern, node.regex.flags);
  if ((node.type !== 'NewExpression' && node.type !== 'CallExpression') || node.callee.type !== 'Identifier') return undefined;
  if (node.callee.name !== 'RegExp') return undefined;
  const [pattern, flags] = node.arguments.map((each) => (each.type === 'Literal' ? String(each.value) : undefined));
  return pattern === undefined ? undefined : compiled(pattern, flags ?? '');
}

/** What does not compile, or not here, fails where it is used. */
function compiled(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}
