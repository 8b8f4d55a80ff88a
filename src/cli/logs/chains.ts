/** Expressions as chains: a name or another value, with what is taken from it and called of it, `url.split('/')[1]`. Pure. */

import type { AnyNode } from 'acorn';

/** A value with what hangs on it. */
export interface Chain {
  /** What it begins with; of `url.length` the name `url`. */
  readonly root: AnyNode;
  /** The members and calls that follow, from the inside out: each holds the one before it. */
  readonly links: readonly AnyNode[];
  /** What all of it stands in, from the outside in. */
  readonly parents: readonly AnyNode[];
}

/** All that is a chain: all of it, from the root to the last link. */
export function topOf({ root, links }: Chain): AnyNode {
  return links.at(-1) ?? root;
}

/** The chains in an expression, and in what stands in brackets of them. */
export function chainsIn(node: AnyNode, parents: readonly AnyNode[] = []): Chain[] {
  if (node.type !== 'Identifier' && linkedTo(node) === undefined)
    return childrenOf(node).flatMap((child) => chainsIn(child, [...parents, node]));
  const links: AnyNode[] = [];
  let root = node;
  for (let inner = linkedTo(root); inner !== undefined; inner = linkedTo(root)) {
    links.unshift(root);
    root = inner;
  }
  const around = (i: number): AnyNode[] => [...parents, ...links.slice(i).reverse()];
  const inside = links.flatMap((link, i) => inBrackets(link).flatMap((each) => chainsIn(each, around(i))));
  return [{ root, links, parents }, ...(root.type === 'Identifier' ? [] : chainsIn(root, around(0))), ...inside];
}

/** What a link hangs on; undefined for what is no link. */
function linkedTo(node: AnyNode): AnyNode | undefined {
  if (node.type === 'MemberExpression') return node.object;
  if (node.type === 'CallExpression') return node.callee;
  return node.type === 'ChainExpression' ? node.expression : undefined;
}

function inBrackets(link: AnyNode): readonly AnyNode[] {
  if (link.type === 'CallExpression') return link.arguments;
  return link.type === 'MemberExpression' && link.computed ? [link.property] : [];
}

/** The name of what a link takes; undefined where it is no member, or its name is computed. */
export function keyOf(link: AnyNode): string | undefined {
  if (link.type !== 'MemberExpression') return undefined;
  const { property } = link;
  if (!link.computed) return property.type === 'Identifier' ? property.name : undefined;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
}

export function nodesIn(node: AnyNode): AnyNode[] {
  return [node, ...childrenOf(node).flatMap(nodesIn)];
}

/** What stands in a node, without the names of members and properties. */
function childrenOf(node: AnyNode): AnyNode[] {
  if (node.type === 'MemberExpression' && !node.computed) return [node.object];
  if (node.type === 'Property' && !node.computed) return [node.value];
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as Partial<AnyNode>).type === 'string';
}
