/**
 * The scopes of a parsed function: which identifiers in it may mean one of its own parameters or something outside it.
 *
 * Invariant: it errs on one side only. An identifier is left out when it certainly belongs to a scope inside the
 * function; whenever the scope is in doubt, the identifier is reported. Runs on the host and on every worker thread,
 * while a stage is compiled.
 */

import type { AnyNode, ArrowFunctionExpression, FunctionExpression, Pattern } from 'acorn';

export type FunctionNode = ArrowFunctionExpression | FunctionExpression;

/** A node with the way to it, so that its surroundings can be judged. */
export interface Place {
  readonly node: AnyNode;
  readonly parent: Place | undefined;
}

type Names = ReadonlySet<string>;

/** The identifiers in the parameters and the body of `root` that no scope nested in it binds, in order of the source. */
export function outerReferences(root: FunctionNode): Place[] {
  const found: Place[] = [];
  const visit = (place: Place, bound: Names): void => {
    if (place.node.type === 'Identifier' && !bound.has(place.node.name)) found.push(place);
    for (const [slot, children] of slotsOf(place.node)) {
      if (isBareName(place.node, slot)) continue;
      const boundInSlot = union(bound, namesDeclaredFor(place.node, slot));
      for (const node of children) visit({ node, parent: place }, boundInSlot);
    }
  };
  for (const place of rootPlaces(root)) visit(place, new Set());
  return found;
}

/** `root` and every node below it. */
export function nodesOf(root: AnyNode): AnyNode[] {
  return collect(root, () => true, []);
}

/** `root` and the nodes below it that run as part of it: statements of nested functions and classes are not. */
export function ownNodesOf(root: AnyNode): AnyNode[] {
  return collect(root, (node) => !isFunctionOrClass(node), []);
}

function collect(root: AnyNode, isEntered: (node: AnyNode) => boolean, nodes: AnyNode[]): AnyNode[] {
  nodes.push(root);
  for (const [, children] of slotsOf(root)) {
    for (const child of children) if (isEntered(child)) collect(child, isEntered, nodes);
  }
  return nodes;
}

/**
 * Where the walk starts. The names of the parameters themselves are no references, and what the body declares is not
 * taken for a nested scope: `var p` shares the binding of a parameter `p`, so it has to show up.
 */
function rootPlaces(root: FunctionNode): Place[] {
  const parent: Place = { node: root, parent: undefined };
  const places: Place[] = root.params.filter((node) => node.type !== 'Identifier').map((node) => ({ node, parent }));
  const body: Place = { node: root.body, parent };
  if (root.body.type !== 'BlockStatement') return [...places, body];
  return [...places, ...root.body.body.map((node) => ({ node, parent: body }))];
}

/** The nodes directly below `node`, by the property that holds them. */
function slotsOf(node: AnyNode): [slot: string, children: AnyNode[]][] {
  const slots: [string, AnyNode[]][] = [];
  for (const [slot, value] of Object.entries(node)) {
    if (Array.isArray(value)) slots.push([slot, value.filter(isNode)]);
    else if (isNode(value)) slots.push([slot, [value]]);
  }
  return slots;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Whether the slot holds a fixed name (of a member, a property, a label) and not an expression or a binding. */
function isBareName(node: AnyNode, slot: string): boolean {
  switch (node.type) {
    case 'MemberExpression':
      return slot === 'property' && !node.computed;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return slot === 'key' && !node.computed;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return slot === 'label';
    default:
      return node.type === 'MetaProperty';
  }
}

/**
 * The names that `node` binds for what stands in one of its slots. A binding covers its scope from the start, also
 * the part in front of its declaration, where using it throws.
 */
function namesDeclaredFor(node: AnyNode, slot: string): string[] {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return namesInFunction(node, slot);
    case 'ClassDeclaration':
    case 'ClassExpression':
      return node.id ? [node.id.name] : [];
    case 'BlockStatement':
      return lexicalNames(node.body);
    case 'StaticBlock':
      return [...lexicalNames(node.body), ...varNames(node)];
    case 'ForStatement':
      return node.init ? lexicalNames([node.init]) : [];
    case 'ForInStatement':
    case 'ForOfStatement':
      return lexicalNames([node.left]);
    case 'SwitchStatement':
      // The discriminant is evaluated outside the scope of the cases.
      return slot === 'cases' ? lexicalNames(node.cases.flatMap((branch) => branch.consequent)) : [];
    case 'CatchClause':
      return node.param ? boundNames(node.param) : [];
    default:
      return [];
  }
}

function namesInFunction(node: AnyNode & { params: Pattern[] }, slot: string): string[] {
  // The name of a declaration belongs to the block around it; only that of an expression is bound inside.
  if (node.type === 'FunctionDeclaration' && slot === 'id') return [];
  const ownName = node.type === 'FunctionExpression' && node.id ? [node.id.name] : [];
  const names = [...ownName, ...node.params.flatMap(boundNames)];
  // Default values of parameters do not see the variables of the body.
  return slot === 'body' && 'body' in node ? [...names, ...varNames(node.body as AnyNode)] : names;
}

/**
 * The names that a list of statements binds for their block. In sloppy code a function in a block is also visible
 * outside the block; not counting that there leaves more references, never fewer.
 */
function lexicalNames(statements: readonly AnyNode[]): string[] {
  return statements.flatMap((statement) => {
    if (statement.type === 'VariableDeclaration') return statement.kind === 'var' ? [] : declaredNames(statement);
    const isNamed = statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration';
    return isNamed && statement.id ? [statement.id.name] : [];
  });
}

/** The `var` names of a function's body, wherever in it they are declared. */
function varNames(body: AnyNode): string[] {
  return ownNodesOf(body).flatMap((node) => (node.type === 'VariableDeclaration' && node.kind === 'var' ? declaredNames(node) : []));
}

function declaredNames(declaration: AnyNode & { type: 'VariableDeclaration' }): string[] {
  return declaration.declarations.flatMap((declarator) => boundNames(declarator.id));
}

function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((entry) => boundNames(entry.type === 'Property' ? entry.value : entry));
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []));
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'MemberExpression':
      return [];
  }
}

function isFunctionOrClass(node: AnyNode): boolean {
  return /^(?:Arrow)?Function|^Class|^StaticBlock/.test(node.type);
}

function union(names: Names, more: readonly string[]): Names {
  return more.length === 0 ? names : new Set([...names, ...more]);
}
