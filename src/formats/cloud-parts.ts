/** Parts of the lines that cloud services log. */

import { IsoTime } from './iso-time.ts';
import { type FieldPart, type LinePart, stringOrNull, stringPart } from './line-parts.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { scanTo, scanUntil, slowNumber } from './scan-code.ts';
import { readText } from './text-values.ts';
import type { TimeReader } from './times.ts';

const space = 32;
const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;
/** What stands for a value that is not there. */
export const nothing = '-';

/** Parts with a text between each two of them. */
export function between(parts: readonly FieldPart[], text: string): LinePart[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [text, part]));
}

/** A field that may be null. */
export function optionalField(name: string, kind: 'string' | 'float64' = 'string'): FieldSpec {
  return { name, type: { kind, nullable: true } };
}

/** A date and a time of day with a tab between them. */
export class SpacedTime implements TimeReader {
  readonly length = 19;
  readonly #iso = new IsoTime();

  read(bytes: Buffer, start: number, end: number): number {
    return end <= bytes.length ? this.#iso.read(bytes, start, end) : Number.NaN;
  }
}

/** An address and a port behind a colon, both null for `-`. */
export function addressPart(ip: string, port: string): FieldPart {
  return {
    fields: [optionalField(ip), optionalField(port, 'float64')],
    write: (code, terminator) => {
      const { body, names } = code;
      const [from, colon, number] = [names.fresh('from'), names.fresh('colon'), names.fresh('port')];
      body.line(`const ${from} = p;`);
      scanTo(code, terminator, code.bad(`no space behind '${ip}'`));
      if (!code.wants(ip) && !code.wants(port)) return;
      body.line(`const ${colon} = ${names.constant('portColon', portColon)}(bytes, ${from}, p);`);
      stringOrNull(code, { name: ip, nullText: nothing, from, to: colon });
      if (!code.wants(port)) return;
      body.line(`const ${number} = ${names.constant('number', slowNumber)}(bytes, ${colon} + 1, p);`);
      body.block(`if (${number} === ${number})`, () => code.number(port, number), '} else {');
      code.null(port);
      body.line('}');
    },
  };
}

/** The colon in front of a port, which is the last; the end where there is none. */
function portColon(bytes: Buffer, start: number, end: number): number {
  for (let p = end - 1; p > start; p--) if (bytes[p] === 58) return p;
  return end;
}

/** Text in which bytes are written as `%20`. */
export function percentPart(name: string): FieldPart {
  const part = stringPart(name, nothing);
  return {
    fields: part.fields,
    write: (code, terminator) => {
      part.write(code, terminator);
      code.rewrite(name, 'true', percentDecoded);
    },
  };
}

const percent = 37;

function percentDecoded(bytes: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const code = byte === percent && at + 2 < end ? bytes.latin1Slice(at + 1, at + 3) : '';
    const isCode = /^[\da-fA-F]{2}$/.test(code);
    bytes[to++] = isCode ? Number.parseInt(code, 16) : byte;
    if (isCode) at += 2;
  }
  return to;
}

/** A field at the end of a line. */
export interface EndField {
  readonly spec: FieldSpec;
  /** Where it is a time. */
  readonly time?: TimeReader;
}

/** The end of a line: fields of which only the first is always there. */
export function endPart(fields: readonly EndField[], separator: number): FieldPart {
  return {
    fields: fields.map(({ spec }) => spec),
    write: (code) => {
      const last = fields.findLastIndex(({ spec }) => code.wants(spec.name));
      for (const [i, field] of fields.slice(0, last + 1).entries()) writeEndField(code, field, i === 0 ? undefined : separator, separator);
      code.body.line(`p = bytes.indexOf(${lineFeed}, p);`);
    },
  };
}

/** @param before what stands in front of the field, if that is there; undefined where it was seen */
function writeEndField(code: ParserCode, { spec, time }: EndField, before: number | undefined, separator: number): void {
  const { body, names } = code;
  const [from, to] = [names.fresh('from'), names.fresh('to')];
  body.line(`let ${from} = p;`);
  body.line(`let ${to} = p;`);
  const find = (): void => findEndField(code, from, to, separator);
  if (before === undefined) find();
  else
    body.block(`if (bytes[p] === ${before})`, () => {
      body.line(`${from} = ++p;`);
      find();
    });
  if (!code.wants(spec.name)) return;
  const isNull = `${from} === ${to} || (${to} - ${from} === 1 && bytes[${from}] === ${nothing.charCodeAt(0)})`;
  if (time === undefined) {
    readText(code, spec, { from, to, isNull });
    return;
  }
  const value = names.fresh('time');
  body.line(`const ${value} = ${names.constant('time', time)}.read(bytes, ${from}, ${to});`);
  body.line(`if (${value} !== ${value}) ${code.bad(`'${spec.name}' is no time in ISO 8601`)}`);
  code.number(spec.name, value);
}

/** Finds the end of a field, which may stand in quotes. */
function findEndField(code: ParserCode, from: string, to: string, separator: number): void {
  const { body } = code;
  const plain = (): void => {
    const stops = [separator, lineFeed, carriageReturn];
    scanUntil(code, stops, (loop) => loop.line(`if (${stops.map((byte) => `c === ${byte}`).join(' || ')}) break;`));
    body.line(`${to} = p;`);
  };
  if (separator !== space) {
    plain();
    return;
  }
  body.block(
    `if (bytes[p] === ${quote})`,
    () => {
      body.line(`${from} = ++p;`);
      scanUntil(code, [quote, lineFeed], (loop) => loop.line(`if (c === ${quote} || c === ${lineFeed}) break;`));
      body.line(`if (bytes[p] !== ${quote}) ${code.bad('a quote is missing')}`);
      body.line(`${to} = p++;`);
    },
    '} else {',
  );
  plain();
  body.line('}');
}
