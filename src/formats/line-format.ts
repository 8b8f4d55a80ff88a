/** Formats of lines, made of what says how a line is taken apart. */

import type { Format } from './format.ts';
import { grammarType, type LineGrammar, LineParser, rawField } from './line-parser.ts';
import { fieldsOfParts, type LinePart, plainLineOf, writeParts } from './line-parts.ts';
import type { ParserCode } from './parser-code.ts';

/** The format of a grammar of lines. */
export function grammarFormat<T>(grammar: LineGrammar, details?: Readonly<Record<string, unknown>>): Format<T> {
  return {
    name: grammar.name,
    type: grammarType(grammar),
    ...(details === undefined ? {} : { details }),
    divisible: true,
    createParser: (options) => new LineParser(grammar, options),
  };
}

/** The format of lines that are a row of fields with fixed text between them; `raw` is added to its fields. */
export function lineFormat<T>(options: {
  readonly name: string;
  readonly parts: readonly LinePart[];
  readonly details?: Readonly<Record<string, unknown>>;
}): Format<T> {
  const { name, parts, details } = options;
  const fields = [...fieldsOfParts(parts), rawField];
  const write = (code: ParserCode): void => writeParts(code, parts);
  return grammarFormat<T>({ name, fields, write, plainLine: (isAsked) => plainLineOf(parts, isAsked) }, details);
}
