/** Code as people write it: literals, names, and lists that are broken over lines where a line would be too long. Pure. */

/** Code in one piece; several pieces, one behind the other; or a list. */
export type Code = string | readonly Code[] | List;

/** What stands between brackets, with commas between it. */
export interface List {
  readonly open: string;
  readonly items: readonly Code[];
  readonly close: string;
}

/** Characters of a line. */
const width = 120;

/** `name(a, b)` */
export function call(name: string, ...items: readonly Code[]): Code {
  return [name, { open: '(', items, close: ')' }];
}

/** `{ a: 1, b: 2 }` */
export function object(entries: readonly (readonly [name: string, value: Code])[]): List {
  return { open: '{', items: entries.map(([name, value]) => [propertyName(name), ': ', value]), close: '}' };
}

export function array(items: readonly Code[]): List {
  return { open: '[', items, close: ']' };
}

/** A text in single quotes. */
export function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

const identifier = /^[A-Za-z_$][\w$]*$/;

/** A name as it stands in an object literal. */
function propertyName(name: string): string {
  return identifier.test(name) ? name : quoted(name);
}

/** What reads a property of a value: `.bytes`, `['user-id']`. */
export function access(name: string): string {
  return identifier.test(name) ? `.${name}` : `[${quoted(name)}]`;
}

/** The code, broken where it has no room. @param indent characters in front of its first line, and of those that follow */
export function layout(code: Code, indent: number): string {
  const text = flat(code);
  if (typeof code === 'string' || indent + text.length <= width) return text;
  return isList(code) ? brokenList(code, indent) : brokenPieces(code, indent);
}

function isList(code: Code): code is List {
  return typeof code === 'object' && 'items' in code;
}

function flat(code: Code): string {
  if (typeof code === 'string') return code;
  if (!isList(code)) return code.map(flat).join('');
  const space = code.open === '{' && code.items.length > 0 ? ' ' : '';
  return `${code.open}${space}${code.items.map(flat).join(', ')}${space}${code.close}`;
}

function brokenList({ open, items, close }: List, indent: number): string {
  const [first] = items;
  // What is alone in its brackets is broken itself.
  if (items.length === 1 && open === '(' && typeof first !== 'string') return `${open}${layout(first as Code, indent)}${close}`;
  const inner = ' '.repeat(indent + 2);
  return `${open}\n${items.map((item) => `${inner}${layout(item, indent + 2)},\n`).join('')}${' '.repeat(indent)}${close}`;
}

/** Breaks the last of the pieces that can be. */
function brokenPieces(pieces: readonly Code[], indent: number): string {
  const at = pieces.findLastIndex((piece) => typeof piece !== 'string');
  return pieces.map((piece, i) => (i === at ? layoutAt(piece, indent, flat(pieces.slice(0, i)).length) : flat(piece))).join('');
}

/** A piece with text in front of it on its line. */
function layoutAt(piece: Code, indent: number, before: number): string {
  if (typeof piece === 'string' || indent + before + flat(piece).length <= width) return flat(piece);
  return isList(piece) ? brokenList(piece, indent) : brokenPieces(piece, indent);
}
