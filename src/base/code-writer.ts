/**
 * Prints JavaScript: lines with indentation, fresh names, and constants that the code closes over. The one way in which
 * the compiler writes code.
 */

export class CodeWriter {
  readonly #lines: string[] = [];
  #depth = 0;

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  /** `head { … }`, with what `body` writes in between. */
  block(head: string, body: () => void, tail = '}'): void {
    this.line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line(tail);
  }

  append(other: CodeWriter): void {
    for (const line of other.#lines) this.line(line);
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

/** Is told of code before it is evaluated, while `generatedBy` runs. */
let listener: ((sourceName: string, body: string) => void) | undefined;

/** The code that is generated during a call, by its name; of several with the same name the last. */
export function generatedBy(call: () => void): ReadonlyMap<string, string> {
  const generated = new Map<string, string>();
  listener = (sourceName, body) => void generated.set(sourceName, body);
  try {
    call();
    return generated;
  } finally {
    listener = undefined;
  }
}

/** The names of one compilation: constants by value, and fresh names for locals. */
export class Names {
  readonly #constants = new Map<unknown, string>();
  #next = 0;

  /** A name that is used nowhere else. */
  fresh(prefix: string): string {
    return `${prefix}${this.#next++}`;
  }

  /** The name under which the code sees an object or function of the compiling program. */
  constant(prefix: string, value: unknown): string {
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const name = this.fresh(prefix);
    this.#constants.set(value, name);
    return name;
  }

  /** Evaluates a function body in which all constants are in scope, and returns what it returns. */
  evaluate(body: string, sourceName: string): unknown {
    listener?.(sourceName, body);
    const source = `'use strict';\n${body}\n//# sourceURL=${sourceName}\n`;
    const factory = new Function(...this.#constants.values(), source) as (...constants: unknown[]) => unknown;
    return factory(...this.#constants.keys());
  }
}

/** A property access in generated code. */
export function member(object: string, name: string): string {
  return isIdentifier(name) ? `${object}.${name}` : `${object}[${propertyKey(name)}]`;
}

/** A property access that makes undefined of null and undefined. */
export function optionalMember(object: string, name: string): string {
  return isIdentifier(name) ? `${object}?.${name}` : `${object}?.[${propertyKey(name)}]`;
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** A key in an object literal or between brackets: array indices as numbers, other names as strings. */
export function propertyKey(name: string): string {
  return /^(?:0|[1-9]\d*)$/.test(name) ? name : JSON.stringify(name);
}
