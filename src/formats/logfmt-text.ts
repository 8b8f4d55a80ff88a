/** The text of logfmt: its escapes, and whole records of it. */

import type { TextEncoding } from './parser.ts';
import { addField } from './whole-lines.ts';

/** Bytes in a quoted value at which there is something to do: its end, an escape, the end of the line. */
export const quotedStops = new Uint8Array(256);
for (const byte of Buffer.from('"\\\n')) quotedStops[byte] = 1;

/** What can be wrong with a record. */
export const logfmtReasons = [
  'a pair does not begin with a key',
  'there is a quote in a key',
  'a quoted value has no end',
  'no space follows a quoted value',
] as const;

const space = 32;
const quote = 34;
const equals = 61;
const backslash = 92;

/** All pairs of a line; of several with the same key the first. A number is the index of what is wrong. */
export function logfmtRecord(bytes: Buffer, start: number, end: number, encoding: TextEncoding): object | number {
  const text = bytes.toString(encoding, start, end);
  const record: Record<string, unknown> = {};
  let at = behindSpace(text, 0);
  do {
    const keyEnd = behindKey(text, at);
    if (keyEnd === at) return 0;
    const key = text.slice(at, keyEnd);
    at = keyEnd;
    if (text.charCodeAt(at) === quote) return 1;
    if (text.charCodeAt(at) !== equals) addField(record, key, true);
    else if (text.charCodeAt(at + 1) === quote) {
      const from = at + 2;
      at = quoteBehind(text, from);
      if (at < 0) return 2;
      addField(record, key, unescapeText(text.slice(from, at++)));
      if (text.charCodeAt(at) > space) return 3;
    } else {
      const from = at + 1;
      at = behindText(text, from);
      addField(record, key, text.slice(from, at));
    }
    at = behindSpace(text, at);
  } while (at < text.length);
  return record;
}

function behindSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= space) at++;
  return at;
}

function behindText(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) > space) at++;
  return at;
}

function behindKey(text: string, from: number): number {
  let at = from;
  for (let unit = text.charCodeAt(at); unit > space && unit !== equals && unit !== quote; unit = text.charCodeAt(++at));
  return at;
}

/** Where the quote is that ends a value; -1 where there is none. */
function quoteBehind(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) return at;
    if (unit === backslash) at++;
  }
  return -1;
}

const meanings: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:u([\da-fA-F]{4})|([\s\S]))/g, (all: string, hex: string | undefined, character: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return '"\\/'.includes(character) ? character : (meanings[character] ?? all);
  });
}
