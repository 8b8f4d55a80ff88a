/**
 * Which value fits which column, and which record which type, as generated code asks it: in the exchange that writes records in
 * columns, and where the chain checks a declared type. What fits can be made again from the columns; whatever else a record
 * holds, a symbol key, a hole, a property of an array, makes it one that does not fit. An accessor is what it reads as.
 */

import type { CodeWriter, Names } from '../base/code-writer.ts';
import { frameOf, hasOnly, isPlainDate } from '../schema/inference.ts';
import type { ColumnType, RecordType } from '../schema/type.ts';
import type { FieldKind } from './row.ts';

/** An expression, and what is known of its value. */
export interface CheckedValue {
  readonly kind: FieldKind;
  readonly nullable: boolean;
  readonly expression: string;
}

/** Where a check is written. */
export interface CheckPlace {
  readonly code: CodeWriter;
  readonly names: Names;
  /** Writes what happens to a record that does not fit; leaves the function. */
  readonly misfit: () => void;
}

/** The condition under which a value fits a column; undefined when it always does. */
function valueCheck(value: CheckedValue, column: ColumnType, names: Names): string | undefined {
  if (column.kind === 'any') return undefined;
  const { expression: x } = value;
  const sameKind = value.kind === column.kind || (value.kind === 'int32' && column.kind === 'float64');
  if (sameKind) return value.nullable && !column.nullable ? `${x} !== null` : undefined;
  if (value.kind === 'null' && column.nullable) return undefined;
  const check = kindCheck(x, column, names);
  return column.nullable ? `(${x} === null || ${check})` : check;
}

function kindCheck(x: string, column: ColumnType, names: Names): string {
  switch (column.kind) {
    case 'float64':
      return `typeof ${x} === 'number'`;
    case 'int32':
      return `typeof ${x} === 'number' && Object.is(${x} | 0, ${x})`;
    case 'bigint64':
      return `typeof ${x} === 'bigint' && BigInt.asIntN(64, ${x}) === ${x}`;
    case 'bool':
      return `typeof ${x} === 'boolean'`;
    case 'string':
      return `typeof ${x} === 'string'`;
    case 'timestamp':
      return `${names.constant('isPlainDate', isPlainDate)}(${x})`;
    case 'null':
      return `${x} === null`;
    case 'any':
      return 'true';
  }
}

/** Writes checks that values fit their columns. */
export function checkValues(values: readonly CheckedValue[], columns: readonly ColumnType[], { code, names, misfit }: CheckPlace): void {
  const checks = values.flatMap((value, i) => valueCheck(value, columns[i] as ColumnType, names) ?? []);
  if (checks.length > 0) code.block(`if (!(${checks.join(' && ')}))`, misfit);
}

/** Writes checks that the value `v`, of which nothing is known, has the form of a type; returns an expression for each column. */
export function takeApart(type: RecordType, place: CheckPlace): string[] {
  if (type.form === 'scalar') return ['v'];
  return type.form === 'tuple' ? takeTuple(type, place) : takeObject(type, place);
}

function takeTuple(type: RecordType, { code, names, misfit }: CheckPlace): string[] {
  const prototype = names.constant('ArrayPrototype', Array.prototype);
  const length = type.names.length;
  code.block(`if (!Array.isArray(v) || v.length !== ${length} || Object.getPrototypeOf(v) !== ${prototype})`, misfit);
  // As many values as elements, and all elements there: no holes and no other properties. Keys would cost a string for each index.
  const present = type.names.map((name) => `${name} in v`).join(' && ');
  const values = names.constant('valuesOf', Object.values);
  const symbols = names.constant('symbolsOf', Object.getOwnPropertySymbols);
  code.block(`if (!(${present}) || ${values}(v).length !== ${length} || ${symbols}(v).length !== 0)`, misfit);
  return type.names.map((name, i) => {
    code.line(`const x${i} = v[${name}];`);
    return `x${i}`;
  });
}

/**
 * Names in their order first; then that there are no others, which means symbols by now, and that all of them can be read. V8 answers
 * both without leaving compiled code.
 */
function takeObject(type: RecordType, { code, names, misfit }: CheckPlace): string[] {
  const prototype = names.constant('ObjectPrototype', Object.prototype);
  const list = names.constant('names', type.names);
  code.block(`if (typeof v !== 'object' || v === null || Object.getPrototypeOf(v) !== ${prototype})`, misfit);
  code.line('let at = 0;');
  code.line(`for (const name in v) if (${list}[at++] !== name) { at = -1; break; }`);
  code.block(`if (at !== ${type.names.length})`, misfit);
  const frame = names.constant('frame', frameOf(type.names));
  code.block(`if (!${names.constant('hasOnly', hasOnly)}(v, ${frame}))`, misfit);
  return type.names.map((name, i) => {
    code.line(`const x${i} = v[${JSON.stringify(name)}];`);
    return `x${i}`;
  });
}

/** Writes a function that tells whether a value has a type, and returns its name. */
export function writeTypeCheck(type: RecordType, code: CodeWriter, names: Names): string {
  const name = names.fresh('hasType');
  const place: CheckPlace = { code, names, misfit: () => code.line('return false;') };
  code.block(
    `const ${name} = (v) =>`,
    () => {
      const values = takeApart(type, place).map((expression) => ({ kind: 'js', nullable: false, expression }) as const);
      checkValues(values, type.columns, place);
      code.line('return true;');
    },
    '};',
  );
  return name;
}
