/** Code that keeps count of which fields of a record have been seen, for formats that have them in any order. */

import type { FieldSpec, ParserCode } from './parser-code.ts';

/** Bits of one local. */
const bits = 30;

export class SeenFields {
  readonly #code: ParserCode;
  readonly #fields: readonly FieldSpec[];
  /** Locals with a bit for each field. */
  readonly #masks: string[] = [];

  constructor(code: ParserCode, fields: readonly FieldSpec[]) {
    this.#code = code;
    this.#fields = fields;
    for (let i = 0; i < fields.length; i += bits) {
      const mask = code.names.fresh('seen');
      code.body.line(`let ${mask} = 0;`);
      this.#masks.push(mask);
    }
  }

  /** The condition that all have been seen. */
  get all(): string {
    const counts = this.#masks.map((_, i) => Math.min(bits, this.#fields.length - i * bits));
    return this.#masks.map((mask, i) => `${mask} === ${2 ** (counts[i] as number) - 1}`).join(' && ');
  }

  /** Writes what is done when a field is seen for the first time, and when it is seen again. */
  first(field: FieldSpec, read: () => void, again: () => void = () => {}): void {
    const { body } = this.#code;
    const [mask, bit] = this.#bitOf(field);
    const readFirst = (): void => {
      read();
      body.line(`${mask} |= ${bit};`);
    };
    body.block(`if ((${mask} & ${bit}) === 0)`, readFirst, '} else {');
    again();
    body.line('}');
  }

  /** Writes that a field is seen, once or again. */
  mark(field: FieldSpec): void {
    const [mask, bit] = this.#bitOf(field);
    this.#code.body.line(`${mask} |= ${bit};`);
  }

  /** Writes what is done where not all fields were seen. */
  requireAll(otherwise: string): void {
    if (this.#fields.length > 0) this.#code.body.line(`if (!(${this.all})) ${otherwise}`);
  }

  /** Writes what is done for fields that were not seen: null where they may be, else the record is bad. */
  settleMissing(): void {
    const { body } = this.#code;
    for (const field of this.#fields) {
      const { name, type } = field;
      const [mask, bit] = this.#bitOf(field);
      body.block(`if ((${mask} & ${bit}) === 0)`, () => {
        if (type.nullable || type.kind === 'any') this.#code.null(name, 'start');
        else body.line(this.#code.bad(`'${name}' is missing`));
      });
    }
  }

  #bitOf(field: FieldSpec): readonly [mask: string, bit: number] {
    const index = this.#fields.indexOf(field);
    return [this.#masks[Math.floor(index / bits)] as string, 2 ** (index % bits)];
  }
}
