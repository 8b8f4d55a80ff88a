/**
 * Code that takes JSON objects apart: the members that are looked for in any order, the others passed over. It goes no further than
 * to the last of them: of several members with the same key the first one counts.
 */

import { skipSpace, writeMember } from './json-syntax.ts';
import { readValue, skipValue } from './json-values.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { SeenFields } from './seen-fields.ts';

/** A field and the keys that lead to its value, from the outside in. */
export interface JsonField extends FieldSpec {
  readonly path: readonly string[];
}

/** The members of an object that are looked for, by key: fields, and objects with such. */
type Members = Map<string, JsonField | Members>;

const openBrace = 123;
const closeBrace = 125;
const comma = 44;
const quote = 34;
const backslash = 92;
const lineFeed = 10;

/** The members that lead to the fields. No path leads through the end of another one. */
function membersOf(fields: readonly JsonField[]): Members {
  const root: Members = new Map();
  for (const field of fields) {
    let members = root;
    for (const key of field.path.slice(0, -1)) {
      const inner = members.get(key) ?? new Map();
      members.set(key, inner as Members);
      members = inner as Members;
    }
    members.set(field.path.at(-1) as string, field);
  }
  return root;
}

/** Writes the code of a record that is a JSON object on a line. */
export function writeJsonRecord(code: ParserCode, fields: readonly JsonField[]): void {
  new JsonObjectCode(
    code,
    fields.filter(({ name }) => code.wants(name)),
  ).write();
}

class JsonObjectCode {
  readonly #code: ParserCode;
  readonly #fields: readonly JsonField[];
  readonly #seen: SeenFields;

  constructor(code: ParserCode, fields: readonly JsonField[]) {
    this.#code = code;
    this.#fields = fields;
    this.#seen = new SeenFields(code, fields);
  }

  write(): void {
    const { body } = this.#code;
    body.block('object:', () => {
      skipSpace(body);
      body.line(`if (bytes[p] !== ${openBrace}) ${this.#code.bad('it is no object')}`);
      this.#members(membersOf(this.#fields));
      skipSpace(body);
      body.line(`if (bytes[p] !== ${lineFeed}) ${this.#code.bad('there is something behind the object')}`);
      body.line('p++;');
      this.#seen.settleMissing();
    });
  }

  /** From the brace that begins an object to behind the one that ends it. */
  #members(members: Members): void {
    const { body } = this.#code;
    body.line('p++;');
    skipSpace(body);
    body.line(`if (bytes[p] === ${closeBrace}) p++;`);
    body.block('else for (;;)', () => {
      this.#member(members);
      skipSpace(body);
      const separator = this.#code.names.fresh('separator');
      body.line(`const ${separator} = bytes[p++];`);
      const bad = this.#code.bad('neither a comma nor a brace stands behind a member');
      body.line(`if (${separator} !== ${comma} && ${separator} !== ${closeBrace}) ${bad}`);
      body.line(`if (${this.#seen.all}) { p = bytes.indexOf(${lineFeed}, p - 1) + 1; break object; }`);
      body.line(`if (${separator} === ${closeBrace}) break;`);
      skipSpace(body);
    });
  }

  #member(members: Members): void {
    const read = (member: Members | JsonField) => (): void => {
      if (member instanceof Map) this.#object(member);
      else this.#field(member as JsonField);
    };
    writeMember(this.#code, {
      members: new Map([...members].map(([key, member]) => [key, read(member)])),
      bad: (reason) => this.#code.bad(reason),
      endKey: () => this.#endKey(),
      skip: () => skipValue(this.#code),
    });
  }

  #field(field: JsonField): void {
    this.#seen.first(
      field,
      () => readValue(this.#code, field),
      () => skipValue(this.#code),
    );
  }

  /** An object with fields in it; what is no object has none of them. */
  #object(members: Members): void {
    const { body } = this.#code;
    body.block(`if (bytes[p] === ${openBrace})`, () => this.#members(members), '} else {');
    skipValue(this.#code);
    body.line('}');
  }

  #endKey(): string {
    const { body } = this.#code;
    body.line('let escaped = false;');
    body.block(`for (let c = bytes[p]; c !== ${quote}; c = bytes[++p])`, () => {
      body.line(`if (c === ${lineFeed}) ${this.#code.bad('a key has no end')}`);
      body.line(`if (c === ${backslash} && bytes[p + 1] !== ${lineFeed}) { escaped = true; p++; }`);
    });
    return 'escaped';
  }
}
