/**
 * Code that takes from a JSON object what `JSON.parse` would make of some of its members, whatever these are from line to line: all of the
 * line is checked, and of several members with the same key the last one counts.
 *
 * Values go to columns of the kinds that they have had so far. Lines with others are given up, as those that are no objects: whoever has
 * the code written tells them apart.
 */

import { isUtf8 } from 'node:buffer';
import { propertyKey } from '../base/code-writer.ts';
import type { MembersRead } from '../graph/source.ts';
import { AnyValue, behindString, behindValid, stringStop } from './json-scan.ts';
import { type MemberReading, skipSpace, writeMember } from './json-syntax.ts';
import { unescapeUtf8 } from './json-text.ts';
import { isWord } from './json-values.ts';
import { jsonNumber, readDecimal } from './number-code.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { SeenFields } from './seen-fields.ts';

/** What is wrong with a line that was given up. */
export const noObject = 'it is no object';

/** A field, whose column holds strings, numbers, booleans or any values, and is not nullable. */
export interface MemberField extends FieldSpec {
  /** What is read of its value where it is an object; all when undefined. The column then holds any values. */
  readonly members?: MembersRead | undefined;
}

const quote = 34;
const comma = 44;
const openBrace = 123;
const closeBrace = 125;
const lineFeed = 10;

/** Writes the code of a record that is a JSON object on a line. */
export function writeJsonMembers(code: ParserCode, fields: readonly MemberField[]): void {
  new JsonMembersCode(code, fields).write();
}

class JsonMembersCode {
  readonly #code: ParserCode;
  readonly #fields: readonly MemberField[];
  readonly #anyValue = new AnyValue();
  /** The statements that give the line up. */
  readonly #bad: string;

  constructor(code: ParserCode, fields: readonly MemberField[]) {
    this.#code = code;
    this.#fields = fields;
    this.#bad = code.bad(noObject);
  }

  write(): void {
    const { body } = this.#code;
    const [undefinable, others] = [this.#fields.filter(isAny), this.#fields.filter((field) => !isAny(field))];
    const seen = new SeenFields(this.#code, others);
    for (const { name } of undefinable) this.#code.number(name, 'undefined');
    skipSpace(body);
    body.line(`if (bytes[p] !== ${openBrace}) ${this.#bad}`);
    this.#object(new Map(this.#fields.map((field) => [field.name, () => this.#field(field, seen)])));
    skipSpace(body);
    body.line(`if (bytes[p] !== ${lineFeed}) ${this.#bad}`);
    body.line('p++;');
    seen.requireAll(this.#bad);
  }

  /** From the brace that begins an object to behind the one that ends it. */
  #object(members: MemberReading['members']): void {
    const { body, names } = this.#code;
    body.line('p++;');
    skipSpace(body);
    body.line(`if (bytes[p] === ${closeBrace}) p++;`);
    body.block('else for (;;)', () => {
      writeMember(this.#code, {
        members,
        bad: () => this.#bad,
        endKey: () => this.#endKey(),
        skip: () => {
          body.line(`p = ${names.constant('behindValid', behindValid)}(bytes, view, p);`);
          body.line(`if (p < 0) ${this.#bad}`);
        },
      });
      skipSpace(body);
      const separator = names.fresh('separator');
      body.line(`const ${separator} = bytes[p++];`);
      body.line(`if (${separator} === ${closeBrace}) break;`);
      body.line(`if (${separator} !== ${comma}) ${this.#bad}`);
      skipSpace(body);
    });
  }

  #endKey(): string {
    const { body, names } = this.#code;
    body.line(`p = ${names.constant('stringStop', stringStop)}(view, p);`);
    body.line(`const escaped = bytes[p] !== ${quote};`);
    body.block('if (escaped)', () => this.#endString());
    return 'escaped';
  }

  /** From an escape in a string, or what must not be there, to the quote that ends it. */
  #endString(): void {
    const { body, names } = this.#code;
    body.line(`p = ${names.constant('behindString', behindString)}(bytes, view, p) - 1;`);
    body.line(`if (p < 0) ${this.#bad}`);
  }

  #field(field: MemberField, seen: SeenFields): void {
    const { names, body } = this.#code;
    switch (field.type.kind) {
      case 'string':
        this.#string(field);
        break;
      case 'float64':
        this.#number(field);
        break;
      case 'bool':
        this.#bool(field);
        break;
      default: {
        const value = names.fresh('value');
        body.line(`let ${value};`);
        this.#any(value, field.members);
        this.#code.number(field.name, value);
        return;
      }
    }
    seen.mark(field);
  }

  #string({ name }: FieldSpec): void {
    const { body, names } = this.#code;
    const escaped = this.#code.flag();
    const from = names.fresh('from');
    body.line(`if (bytes[p] !== ${quote}) ${this.#bad}`);
    body.line(`const ${from} = ++p;`);
    body.line(`p = ${names.constant('stringStop', stringStop)}(view, p);`);
    body.line(`${escaped} = bytes[p] !== ${quote};`);
    body.block(`if (${escaped})`, () => {
      this.#endString();
      body.line(`if (!${names.constant('staysWhole', staysWhole)}(bytes, ${from}, p)) ${this.#bad}`);
    });
    this.#code.string(name, from, 'p');
    body.line('p++;');
    this.#code.rewrite(name, escaped, unescapeUtf8);
  }

  #number({ name }: FieldSpec): void {
    const number = this.#code.names.fresh('number');
    readDecimal(this.#code, number, jsonNumber, this.#bad);
    this.#code.number(name, number);
  }

  #bool({ name }: FieldSpec): void {
    const { body, names } = this.#code;
    const value = names.fresh('bool');
    body.line(`const ${value} = ${isWord('true')} ? 1 : 0;`);
    body.line(`if (${value} === 0 && !(${isWord('false')})) ${this.#bad}`);
    body.line(`p += 5 - ${value};`);
    this.#code.number(name, value);
  }

  /** Reads a value into a local. */
  #any(into: string, members: MembersRead | undefined): void {
    const { body, names } = this.#code;
    const readWhole = (): void => {
      const reader = names.constant('anyValue', this.#anyValue);
      body.line(`${into} = ${reader}.read(bytes, view, p);`);
      body.line(`p = ${reader}.end;`);
      body.line(`if (p < 0) ${this.#bad}`);
    };
    if (members === undefined) readWhole();
    else {
      body.block(`if (bytes[p] === ${openBrace})`, () => this.#selection(into, members), '} else {');
      readWhole();
      body.line('}');
    }
  }

  /** An object with the members that are read, undefined where it has none. */
  #selection(into: string, members: MembersRead): void {
    const { body, names } = this.#code;
    const inner = [...members].map(([key, ofIt]) => ({ key, ofIt, local: names.fresh('member') }));
    body.line(`let ${inner.map(({ local }) => local).join(', ')};`);
    this.#object(new Map(inner.map(({ key, ofIt, local }) => [key, () => this.#any(local, ofIt)])));
    body.line(`${into} = { ${inner.map(({ key, local }) => `${propertyKey(key)}: ${local}`).join(', ')} };`);
  }
}

function isAny({ type }: FieldSpec): boolean {
  return type.kind === 'any';
}

/** Whether a string with escapes is the same as UTF-8: halves of surrogate pairs are not, and bytes that are no UTF-8 stay where they are. */
function staysWhole(bytes: Buffer, start: number, end: number): boolean {
  const text = bytes.subarray(start, end);
  return isUtf8(text) && !/\p{Surrogate}/u.test(JSON.parse(`"${text.utf8Slice(0, text.length)}"`));
}
