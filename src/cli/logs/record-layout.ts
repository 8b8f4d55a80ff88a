/**
 * How a job reads what lies in objects. What a question names there is a column of its own; where the question takes the object as well,
 * which is read only once, it is a part of that. Pure.
 */

import { access } from './code-layout.ts';
import { isWithin, type KnownField, pathOf } from './fields.ts';

/** The local that holds the record. */
const record = 'r';

/** The code that reads a field. */
export interface FieldCode {
  readonly code: string;
  /** Whether it is a part of an object: then it is undefined where it is missing, instead of null. */
  readonly isPart: boolean;
}

export class RecordLayout {
  readonly #named: readonly KnownField[];

  /** @param named the fields that the question names */
  constructor(named: readonly KnownField[]) {
    this.#named = named;
  }

  read(field: KnownField): FieldCode {
    const whole = this.#wholeOf(field);
    if (whole === undefined) return { code: record + access(field.name), isPart: false };
    const keys = pathOf(field).slice(pathOf(whole).length);
    const column = record + access(whole.name);
    // What is not always an object has no type that names its parts.
    if (whole.kind === 'any') return { code: `Object(${column})${access(keys[0] as string)}${optional(keys.slice(1))}`, isPart: true };
    return { code: column + optional(keys), isPart: true };
  }

  /** The outermost object that a field is a part of; undefined where it is a column. */
  #wholeOf(field: KnownField): KnownField | undefined {
    const wholes = this.#named.filter((each) => isWithin(field, each));
    return wholes.find((each) => !wholes.some((other) => isWithin(each, other)));
  }

  isNamed({ name }: KnownField): boolean {
    return this.#named.some((each) => each.name === name);
  }

  /** Whether something in it is named. */
  hasNamed(field: KnownField): boolean {
    return this.#named.some((each) => isWithin(each, field));
  }

  /** Whether it is read in columns for what is named of it. */
  isSplit(field: KnownField): boolean {
    return this.hasNamed(field) && !this.isNamed(field);
  }
}

/** What reads members of members that may be missing. */
function optional(keys: readonly string[]): string {
  return keys.map((key) => (access(key).startsWith('[') ? `?.${access(key)}` : `?${access(key)}`)).join('');
}
