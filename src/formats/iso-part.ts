/** Times in ISO 8601 as a field of a line. They may hold a space, and so end where their own notation does. */

import { IsoTime } from './iso-time.ts';
import { type FieldPart, orElse } from './line-parts.ts';
import { checkAt, type Terminator } from './scan-code.ts';
import { behindDigits } from './times.ts';

/** A time such as `2025-03-03T06:00:00.123+01:00` or `2025-03-03 06:00:00,123`, as epoch milliseconds. */
export function isoPart(name: string | undefined): FieldPart {
  return {
    fields: name === undefined ? [] : [{ name, type: { kind: 'float64', nullable: false } }],
    write: (code, terminator) => {
      const { body, names } = code;
      const of = name === undefined ? 'a field' : `'${name}'`;
      const bad = code.bad(`${of} is no time like 2025-03-03T06:00:00Z${orElse(terminator)}`);
      const from = names.fresh('from');
      body.line(`const ${from} = p;`);
      body.line(`p = ${names.constant('behindIso', behindIso)}(bytes, p, ${names.constant('terminator', terminator)});`);
      if (code.wants(name)) {
        const value = names.fresh('time');
        body.line(`const ${value} = ${names.constant('iso', new IsoTime())}.read(bytes, ${from}, p);`);
        body.line(`if (${value} !== ${value}) ${bad}`);
        code.number(name, value);
      }
      checkAt(code, terminator, bad);
    },
  };
}

const [colon, point, comma, plus, minus] = [58, 46, 44, 43, 45];

/**
 * The offset behind the time that begins at `start`. A line feed ends every line, so that nothing behind it is looked at.
 *
 * @param terminator what stands behind the time: where it stands, no fraction and no zone begins
 */
function behindIso(bytes: Buffer, start: number, terminator: Terminator): number {
  let p = behindDate(bytes, start);
  if (!isTimeOfDay(bytes, p)) return p;
  p += 6;
  if (bytes[p] === colon && isDigit(bytes[p + 1])) p = behindDigits(bytes, p + 1, bytes.length);
  if ((bytes[p] === point || bytes[p] === comma) && isDigit(bytes[p + 1]) && !standsAt(bytes, p, terminator))
    p = behindDigits(bytes, p + 1, bytes.length);
  return standsAt(bytes, p, terminator) ? p : behindZone(bytes, p);
}

function behindDate(bytes: Buffer, start: number): number {
  let p = start;
  while (p < start + 10 && (isDigit(bytes[p]) || bytes[p] === minus)) p++;
  return p;
}

/** Whether `T06:00` stands there, or the same behind a space or a tab. */
function isTimeOfDay(bytes: Buffer, at: number): boolean {
  const first = bytes[at] as number;
  if (first !== 84 && first !== 116 && first !== 32 && first !== 9) return false;
  return isDigit(bytes[at + 1]) && isDigit(bytes[at + 2]) && bytes[at + 3] === colon && isDigit(bytes[at + 4]) && isDigit(bytes[at + 5]);
}

function behindZone(bytes: Buffer, start: number): number {
  const first = bytes[start] as number;
  if (first === 90 || first === 122) return start + 1;
  if (first !== plus && first !== minus) return start;
  const hours = behindDigits(bytes, start + 1, bytes.length);
  return bytes[hours] === colon && isDigit(bytes[hours + 1]) ? behindDigits(bytes, hours + 1, bytes.length) : hours;
}

function standsAt(bytes: Buffer, at: number, terminator: Terminator): boolean {
  for (let i = 0; i < terminator.length; i++) if (bytes[at + i] !== terminator[i]) return false;
  return terminator.length > 0;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
