/** Lines that are a row of fields with fixed text between them. */

import type { ColumnKind } from '../schema/type.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { isPlain, type PlainField, type PlainLine, type PlainStep } from './plain-lines.ts';
import {
  anything,
  checkAt,
  endOfLine,
  lineFeed,
  readCount,
  readNumber,
  readTime,
  scanTo,
  scanUntil,
  skipBytes,
  skipLine,
  type Terminator,
} from './scan-code.ts';
import type { TimeReader } from './times.ts';

/** Something between two fixed texts of a line. */
export interface FieldPart {
  /** What it gives; nothing for one that is only passed over. */
  readonly fields: readonly FieldSpec[];
  /** What it is to `PlainLines`, which reads most fields without the code; absent for others. */
  readonly plain?: PlainField;
  /** Writes the code that takes it apart and leaves `p` at the terminator, which it has seen there. */
  write(code: ParserCode, terminator: Terminator): void;
}

/** Fixed text, or a field. Behind a field stands fixed text, or nothing; behind one in quotes also a field that takes whatever follows. */
export type LinePart = string | FieldPart;

export function fieldsOfParts(parts: readonly LinePart[]): FieldSpec[] {
  return parts.flatMap((part) => (typeof part === 'string' ? [] : part.fields));
}

/** What `PlainLines` makes of lines of these parts, up to the last field that is asked for; undefined where it cannot. */
export function plainLineOf(parts: readonly LinePart[], isAsked: (name: string) => boolean): PlainLine | undefined {
  const last = lastAsked(parts, isAsked);
  const steps: PlainStep[] = [];
  for (const [i, part] of parts.slice(0, last + 1).entries()) {
    const text = textBehind(parts[i + 1]);
    if (typeof part === 'string') {
      if (i === 0) steps.push({ field: undefined, text: part });
    } else if (part.plain === undefined || (text === '' && part.plain.kind !== 'quoted')) return undefined;
    else steps.push({ field: part.plain, text: part.plain.kind === 'tail' ? '' : text });
  }
  const line = { steps, isWhole: last === parts.length - 1 };
  const mayBeEmpty = parts.length === 1;
  return isPlain(line) && !mayBeEmpty ? line : undefined;
}

function lastAsked(parts: readonly LinePart[], isAsked: (name: string) => boolean): number {
  return parts.findLastIndex((part) => typeof part !== 'string' && part.fields.some(({ name }) => isAsked(name)));
}

function textBehind(next: LinePart | undefined): string {
  if (next === undefined) return '\n';
  return typeof next === 'string' ? next : '';
}

/** Writes the code for a line of these parts: what lies behind the last field that is asked for is not looked at. */
export function writeParts(code: ParserCode, parts: readonly LinePart[]): void {
  const last = lastAsked(parts, (name) => code.wants(name));
  // Everything else finds an empty line wrong by itself.
  if (last < 0 || parts.length === 1)
    code.body.line(`if (bytes[p] === 10 || (bytes[p] === 13 && bytes[p + 1] === 10)) ${code.bad('it is empty')}`);
  for (let i = 0; i <= last; i++) {
    const part = parts[i] as LinePart;
    const next = parts[i + 1];
    if (typeof part !== 'string') part.write(code, terminatorOf(next));
    else if (i === 0) writeText(code, part, true);
    else writeText(code, part, false);
  }
  if (last === parts.length - 1 && last >= 0) code.body.line('p = bytes[p] === 10 ? p + 1 : p + 2;');
  else skipLine(code);
}

function terminatorOf(next: LinePart | undefined): Terminator {
  if (next === undefined) return endOfLine;
  return typeof next === 'string' ? [...Buffer.from(next)] : anything;
}

/** Passes over fixed text; that of all but the first part was seen by the field in front of it. */
function writeText(code: ParserCode, text: string, check: boolean): void {
  const bytes = [...Buffer.from(text)];
  if (check) checkAt(code, bytes, code.bad(`it does not begin with ${JSON.stringify(text)}`));
  code.body.line(`p += ${bytes.length};`);
}

function field(name: string | undefined, kind: ColumnKind, nullable = false): FieldSpec[] {
  return name === undefined ? [] : [{ name, type: { kind, nullable } }];
}

/** What else may be wrong with a field than its own text: what stands behind it. */
export function orElse(terminator: Terminator): string {
  if (terminator === endOfLine) return ', or the line does not end behind it';
  return terminator.length === 0 ? '' : `, or no ${quotedText(terminator)} follows`;
}

function quotedText(terminator: Terminator): string {
  return JSON.stringify(Buffer.from(terminator).toString());
}

function named(name: string | undefined): string {
  return name === undefined ? 'a field' : `'${name}'`;
}

/** Text up to what follows. @param nullText the text that stands for null; without it no text does */
export function stringPart(name: string | undefined, nullText?: string): FieldPart {
  return {
    fields: field(name, 'string', nullText !== undefined),
    plain: { kind: 'text', names: [name], nothing: nullText },
    write: (code, terminator) => {
      const { body, names } = code;
      const wanted = code.wants(name);
      const from = names.fresh('from');
      if (wanted) body.line(`const ${from} = p;`);
      scanTo(code, terminator, code.bad(`no ${quotedText(terminator)} behind ${named(name)}`));
      if (!wanted) return;
      const to = names.fresh('to');
      body.line(`const ${to} = ${terminator === endOfLine ? `p > ${from} && bytes[p - 1] === 13 ? p - 1 : p` : 'p'};`);
      if (nullText === undefined) code.string(name, from, to);
      else stringOrNull(code, { name, nullText, from, to });
      if (terminator === endOfLine) body.line(`p = ${to};`);
    },
  };
}

/** Writes where a string lies, or that it is null, where it reads like `nullText`. */
export function stringOrNull(code: ParserCode, given: { name: string | undefined; nullText: string; from: string; to: string }): void {
  const { name, nullText, from, to } = given;
  if (!code.wants(name)) return;
  const same = [...Buffer.from(nullText)].map((byte, i) => ` && bytes[${from} + ${i}] === ${byte}`).join('');
  code.body.block(`if (${to} - ${from} === ${Buffer.byteLength(nullText)}${same})`, () => code.null(name, from), '} else {');
  code.string(name, from, to);
  code.body.line('}');
}

/** A decimal number. */
export function numberPart(name: string | undefined): FieldPart {
  return {
    fields: field(name, 'float64'),
    plain: { kind: 'number', names: [name] },
    write: (code, terminator) => {
      const bad = code.bad(`${named(name)} is no number${orElse(terminator)}`);
      if (!code.wants(name)) return scanTo(code, terminator, bad);
      const value = code.names.fresh('number');
      readNumber(code, value, terminator, bad);
      checkAt(code, terminator, bad);
      code.number(name, value);
    },
  };
}

/** A whole number, not below zero. @param nothing text that means 0 */
export function countPart(name: string | undefined, nothing?: string): FieldPart {
  return {
    fields: field(name, 'float64'),
    plain: { kind: 'count', names: [name], nothing },
    write: (code, terminator) => {
      const { body, names } = code;
      const bad = code.bad(`${named(name)} is no whole number${orElse(terminator)}`);
      const value = names.fresh('count');
      if (nothing === undefined) readCount(code, value, bad);
      else {
        const outer = `let ${value} = 0;`;
        body.line(outer);
        body.block(`if (bytes[p] === ${nothing.charCodeAt(0)}) p++;\nelse`, () => {
          const read = names.fresh('count');
          readCount(code, read, bad);
          body.line(`${value} = ${read};`);
        });
      }
      checkAt(code, terminator, bad);
      code.number(name, value);
    },
  };
}

/** A time, as epoch milliseconds. */
export function timePart(name: string | undefined, reader: TimeReader, notation: string): FieldPart {
  return {
    fields: field(name, 'float64'),
    plain: { kind: 'time', names: [name], length: reader.length, read: (bytes, start, end) => reader.read(bytes, start, end) },
    write: (code, terminator) => {
      const bad = code.bad(`${named(name)} is no time like ${notation}${orElse(terminator)}`);
      if (code.wants(name)) {
        const value = code.names.fresh('time');
        readTime(code, value, reader, terminator, bad);
        code.number(name, value);
      } else if (reader.length === undefined) scanTo(code, terminator, bad);
      else skipBytes(code, reader.length, bad);
      checkAt(code, terminator, bad);
    },
  };
}

/** The field, or null where there is `-` or nothing. */
export function orNull(part: FieldPart): FieldPart {
  const fields = part.fields.map(({ name, type }) => ({ name, type: { ...type, nullable: true } }));
  return {
    fields,
    write: (code, terminator) => {
      const { body, names } = code;
      const end = names.fresh('end');
      const ends = (at: string): string =>
        terminator === endOfLine ? `bytes[${at}] === 10 || bytes[${at}] === 13` : `bytes[${at}] === ${terminator[0]}`;
      body.line(`const ${end} = bytes[p] === 45 && (${ends('p + 1')}) ? p + 1 : p;`);
      body.block(
        `if (${end} !== p || ${ends('p')})`,
        () => {
          for (const { name } of fields) code.null(name);
          body.line(`p = ${end};`);
          checkAt(code, terminator, code.bad(`no ${quotedText(terminator)} behind ${named(fields[0]?.name)}`));
        },
        '} else {',
      );
      part.write(code, terminator);
      body.line('}');
    },
  };
}

const quote = 34;
const backslash = 92;
const space = 32;

/**
 * Writes the loop to the quote that ends a field. A quote behind a backslash does not; the local `escaped` says whether there was one.
 *
 * @param atSpace what is done at a space
 */
export function scanQuoted(code: ParserCode, escaped: string, bad: string, atSpace?: string): void {
  const stops = [quote, backslash, lineFeed, ...(atSpace === undefined ? [] : [space])];
  scanUntil(code, stops, (body) => {
    body.line(`if (c === ${quote}) break;`);
    body.line(`if (c === ${lineFeed}) ${bad}`);
    if (atSpace !== undefined) body.line(`if (c === ${space}) { ${atSpace} }`);
    body.line(`if (c === ${backslash}) { ${escaped} = true; if (bytes[p + 1] !== ${lineFeed}) p++; }`);
  });
}

/** Text in double quotes, with backslashes in front of quotes in it. @param nullText the text that stands for null */
export function quotedPart(name: string | undefined, nullText?: string): FieldPart {
  return {
    fields: field(name, 'string', nullText !== undefined),
    plain: { kind: 'quoted', names: [name], nothing: nullText },
    write: (code, terminator) => {
      const { body, names } = code;
      const bad = code.bad(`${named(name)} does not stand in quotes${orElse(terminator)}`);
      const [from, to, escaped] = [names.fresh('from'), names.fresh('to'), code.flag()];
      body.line(`if (bytes[p] !== ${quote}) ${bad}`);
      body.line(`const ${from} = ++p;`);
      scanQuoted(code, escaped, bad);
      body.line(`const ${to} = p++;`);
      checkAt(code, terminator, bad);
      if (nullText === undefined) code.string(name, from, to);
      else stringOrNull(code, { name, nullText, from, to });
      code.rewrite(name, escaped, unescapeQuoted);
    },
  };
}

const controls: Readonly<Record<string, number>> = { b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** Undoes the escapes of a quoted field in place, and returns its new end. What is no escape stays as it is. */
export function unescapeQuoted(bytes: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte !== backslash || at + 1 === end) {
      bytes[to++] = byte;
      continue;
    }
    const next = bytes[++at] as number;
    const hex = next === 120 ? bytes.latin1Slice(at + 1, Math.min(end, at + 3)) : '';
    if (/^[\da-fA-F]{2}$/.test(hex)) {
      bytes[to++] = Number.parseInt(hex, 16);
      at += 2;
    } else if (next === quote || next === backslash) bytes[to++] = next;
    else if (controls[String.fromCharCode(next)] !== undefined) bytes[to++] = controls[String.fromCharCode(next)] as number;
    else {
      bytes[to++] = backslash;
      bytes[to++] = next;
    }
  }
  return to;
}
