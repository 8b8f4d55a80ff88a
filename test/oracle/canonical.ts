/**
 * Values as text, strictly and without loss: two values have the same text exactly if no program could tell one from a copy
 * of the other. −0, NaN, bigints, undefined beside missing, holes, the order of keys and lone surrogates all show.
 */

export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      // Well-formed: lone surrogates come out as escapes.
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : objectText(value);
    case 'undefined':
    case 'boolean':
      return String(value);
    default:
      return `<${typeof value}>`;
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return arrayText(value);
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Map) return `Map(${[...value].map(([key, item]) => `${canonical(key)} => ${canonical(item)}`).join(', ')})`;
  if (value instanceof Set) return `Set(${[...value].map(canonical).join(', ')})`;
  if (ArrayBuffer.isView(value)) return `${className(value)}(${hex(value.buffer, value.byteOffset, value.byteLength)})`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${hex(value, 0, value.byteLength)})`;
  const name = className(value);
  return `${name === 'Object' ? '' : name}{${propertiesText(value, Reflect.ownKeys(value))}}`;
}

function arrayText(array: readonly unknown[]): string {
  const items = Array.from({ length: array.length }, (_, i) => (i in array ? canonical(array[i]) : '<hole>'));
  const extra = Reflect.ownKeys(array).filter((key) => key !== 'length' && !(typeof key === 'string' && /^\d+$/.test(key)));
  const name = className(array) === 'Array' ? '' : className(array);
  return `${name}[${items.join(', ')}${extra.length === 0 ? '' : `; ${propertiesText(array, extra)}`}]`;
}

function propertiesText(value: object, keys: readonly PropertyKey[]): string {
  return keys
    .map(
      (key) =>
        `${typeof key === 'symbol' ? '<symbol>' : JSON.stringify(key)}: ${canonical(Object.getOwnPropertyDescriptor(value, key)?.value)}`,
    )
    .join(', ');
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null ? '<null>' : prototype.constructor.name;
}

function hex(buffer: ArrayBufferLike, offset: number, length: number): string {
  return Buffer.from(buffer as ArrayBuffer, offset, length).toString('hex');
}

/**
 * A key in its one form: −0 is 0, and properties stand in the order of their names. What the engine calls one key has one
 * form, and rows show the key in it.
 */
export function canonicalKey(key: unknown): unknown {
  if (key === 0) return 0;
  if (Array.isArray(key)) return key.map(canonicalKey);
  if (typeof key !== 'object' || key === null || (className(key) !== 'Object' && className(key) !== '<null>')) return key;
  const sorted = {};
  for (const name of Object.keys(key).sort()) {
    Object.defineProperty(sorted, name, {
      value: canonicalKey((key as Record<string, unknown>)[name]),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return sorted;
}

/** Same text for the same key. */
export function keyText(key: unknown): string {
  return canonical(canonicalKey(key));
}

/** A text that fits a message. */
export function shortened(text: string, characters = 300): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}… (${text.length} characters)`;
}
