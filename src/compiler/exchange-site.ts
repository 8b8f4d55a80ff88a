/**
 * Generates the function that writes one row into the batches of an exchange: checks that it has the record type, finds the
 * consumer, stores each field in its column.
 */

import { CodeWriter, Names, optionalMember, propertyKey } from '../base/code-writer.ts';
import { isFloat } from '../batch/record-batch.ts';
import { valueBytes } from '../batch/value-size.ts';
import type { PartitionerSpec } from '../graph/logical.ts';
import { batchColumns, type ColumnType, type RecordForm, type RecordType } from '../schema/type.ts';
import type { ExchangeSite, ExchangeTarget, ExchangeWriter } from './exchange-writer.ts';
import { lateHashExpression } from './key-code.ts';
import { type CheckedValue, checkValues, takeApart } from './record-check.ts';
import type { FieldKind } from './row.ts';

export interface ShapeField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** Whether it comes as a string column, a row in it, and the column's rows. */
  readonly column: boolean;
  /** Whether it comes as encoded rows, and a row of them. */
  readonly encoded: boolean;
}

/** What the calling code knows of its rows. */
export interface SiteShape {
  readonly form: RecordForm | 'unknown';
  readonly fields: readonly ShapeField[];
  readonly key: ShapeField | undefined;
  readonly hash: boolean;
  /** Whether the hash is 0 for strings, which are hashed here or with the whole column. */
  readonly hashesLate: boolean;
  readonly target: boolean;
  readonly timestamp: boolean;
}

interface SiteCode {
  readonly write: (...values: never[]) => void;
  readonly bind: (target: ExchangeTarget) => void;
}

/** A value to store: parameters of the write function, or an expression made from them. */
interface Value extends CheckedValue {
  /** Arguments for `StringColumn.copy` where it comes from a column, for `AnyColumn.copy` where it is encoded. */
  readonly copy: string | undefined;
}

export function generateSite(writer: ExchangeWriter, site: ExchangeSite): SiteCode {
  return new SiteGenerator(writer, site).generate();
}

class SiteGenerator {
  readonly #writer: ExchangeWriter;
  readonly #site: ExchangeSite;
  readonly #names = new Names();
  readonly #code = new CodeWriter();
  readonly #parameters: string[] = [];

  constructor(writer: ExchangeWriter, site: ExchangeSite) {
    this.#writer = writer;
    this.#site = site;
  }

  generate(): SiteCode {
    const { shape } = this.#site;
    const fields = shape.form === 'unknown' ? [] : shape.fields.map((field, i) => this.#parameter(field, `x${i}`));
    if (shape.form === 'unknown') this.#parameters.push('v');
    const key = shape.key === undefined ? undefined : this.#parameter(shape.key, 'k');
    for (const [present, name] of [
      [shape.hash, 'h'],
      [shape.target, 'd'],
      [shape.timestamp, 'ts'],
    ] as const) {
      if (present) this.#parameters.push(name);
    }
    const record = shape.form === 'unknown' ? 'v' : this.#literal(fields);
    const { type } = this.#writer;
    this.#code.block(
      `const write = (${this.#parameters.join(', ')}) =>`,
      () => {
        if (type === null) this.#misfit(record, key);
        else {
          const values = this.#check(type, fields, record, key);
          this.#hash(type, values, record);
          this.#store(type, values);
        }
      },
      '};',
    );
    this.#bindFunction(type);
    this.#code.line('return { write, bind };');
    return this.#names.evaluate(
      this.#code.toString(),
      `millrace:exchange/${encodeURIComponent(this.#writer.options.operatorName.replace(/\p{Surrogate}/gu, '?'))}.js`,
    ) as SiteCode;
  }

  #parameter(field: ShapeField, name: string): Value {
    if (field.encoded) {
      const pair = [`${name}r`, `${name}i`];
      this.#parameters.push(...pair);
      return { kind: field.kind, nullable: field.nullable, expression: `${pair[0]}.at(${pair[1]})`, copy: pair.join(', ') };
    }
    if (!field.column) {
      this.#parameters.push(name);
      return { kind: field.kind, nullable: field.nullable, expression: name, copy: undefined };
    }
    const triple = [`${name}c`, `${name}i`, `${name}n`];
    this.#parameters.push(...triple);
    const expression = `${triple[0]}.at(${triple[1]}, ${triple[2]})`;
    return { kind: field.kind, nullable: field.nullable, expression, copy: triple.join(', ') };
  }

  #literal(fields: readonly Value[]): string {
    const { form, fields: shapes } = this.#site.shape;
    if (form === 'scalar') return (fields[0] as Value).expression;
    if (form === 'tuple') return `[${fields.map((field) => field.expression).join(', ')}]`;
    return `{ ${fields.map((field, i) => `${propertyKey((shapes[i] as ShapeField).name)}: ${field.expression}`).join(', ')} }`;
  }

  #misfit(record: string, key: Value | undefined): void {
    const writer = this.#names.constant('writer', this.#writer);
    const site = this.#names.constant('site', this.#site);
    this.#code.line(
      `return void ${writer}.misfit(${site}, ${record}, ${key?.expression ?? 'undefined'}, [${this.#parameters.join(', ')}]);`,
    );
  }

  /** Writes the checks that a row has the type; returns the value of each column. */
  #check(type: RecordType, fields: readonly Value[], record: string, key: Value | undefined): Value[] {
    const { shape } = this.#site;
    const misfit = (): void => this.#misfit(record, key);
    const place = { code: this.#code, names: this.#names, misfit };
    const value = (expression: string): Value => ({ kind: 'js', nullable: false, expression, copy: undefined });
    let values: Value[];
    if (shape.form === 'unknown') values = takeApart(type, place).map(value);
    else if (
      shape.form === type.form &&
      shape.fields.every((field, i) => field.name === type.names[i]) &&
      shape.fields.length === type.names.length
    ) {
      values = [...fields];
    } else if (isAny(type)) values = [value(record)];
    else {
      misfit();
      return [];
    }
    if (type.key !== undefined) values.push(key as Value);
    checkValues(values, batchColumns(type), place);
    return values;
  }

  /** Hashes the key, where that is left to this place, and the column is not hashed as a whole. */
  #hash(type: RecordType, values: readonly Value[], record: string): void {
    const { partitioner } = this.#writer.options;
    if (!this.#site.shape.hashesLate || this.#writer.hashedColumn >= 0 || partitioner.kind !== 'hash') return;
    const index = keyColumn(type, partitioner);
    const kind = batchColumns(type)[index]?.kind;
    // Without values, all rows of the site are misfits.
    if (values.length === 0 || (index >= 0 && kind !== 'string' && kind !== 'any')) return;
    const name = partitioner.key.kind === 'fields' ? (partitioner.key.fields[0] as string) : '';
    const key = index < 0 ? optionalMember(`(${record})`, name) : (values[index] as Value).expression;
    this.#code.line(`const kh = ${key};`);
    this.#code.line(`h = ${lateHashExpression(this.#names, 'kh', 'h')};`);
  }

  #store(type: RecordType, values: readonly Value[]): void {
    const { targets } = this.#writer;
    const kind = this.#writer.options.partitioner.kind;
    const list = this.#names.constant('targets', targets);
    if (kind === 'broadcast') {
      this.#code.block(`for (let d = 0; d < ${targets.length}; d++)`, () => this.#storeInto(type, values, `${list}[d]`));
    } else if (targets.length === 1) {
      this.#storeInto(type, values, this.#names.constant('target', targets[0]));
    } else this.#storeInto(type, values, `${list}[${this.#targetExpression(kind)}]`);
  }

  #targetExpression(kind: string): string {
    const writer = this.#names.constant('writer', this.#writer);
    const count = this.#writer.targets.length;
    switch (kind) {
      case 'hash': {
        const routes = this.#names.constant('routes', this.#writer.routes);
        return `${routes}[(h >>> 0) % ${this.#writer.options.maxParallelism}]`;
      }
      case 'custom':
        return 'd';
      case 'shuffle':
        return `Math.floor(${this.#names.constant('random', this.#writer.options.random)}.next() * ${count})`;
      default:
        return `(${writer}.next = ${writer}.next + 1 < ${count} ? ${writer}.next + 1 : 0)`;
    }
  }

  #storeInto(type: RecordType, values: readonly Value[], target: string): void {
    const writer = this.#names.constant('writer', this.#writer);
    const { limits } = this.#writer.options;
    const columns = batchColumns(type);
    const code = this.#code;
    code.line(`const t = ${target};`);
    code.line('const n = t.n;');
    if (columns.some(isFloat)) code.line('const { floats } = t;');
    let floats = 0;
    for (const [i, value] of values.entries()) {
      const column = columns[i] as ColumnType;
      this.#storeColumn(i, column, value, isFloat(column) ? `floats[n + ${limits.batchRows * floats++}]` : `t.c${i}[n]`);
    }
    if (this.#writer.hashed && this.#writer.hashedColumn < 0) code.line('t.hashes[n] = h;');
    if (this.#writer.timestamps) code.line(`t.timestamps[n] = ${this.#site.shape.timestamp ? 'ts' : 'NaN'};`);
    code.line('t.n = n + 1;');
    const bytes = columns.flatMap((column, i) => (column.kind === 'string' ? [`t.c${i}.rowBytes`] : []));
    if (columns.some(({ kind }) => kind === 'any')) bytes.push('t.bytes');
    const full = bytes.length === 0 ? '' : ` || ${bytes.join(' + ')} >= ${limits.batchBytes}`;
    code.line(`if (n + 1 === ${limits.batchRows}${full}) ${writer}.seal(t);`);
  }

  #storeColumn(index: number, column: ColumnType, value: Value, place: string): void {
    const { expression } = value;
    const code = this.#code;
    switch (column.kind) {
      case 'null':
        return;
      case 'any': {
        if (this.#writer.encodes(index)) {
          code.line(value.copy === undefined ? `t.e${index}.set(n, ${expression});` : `t.bytes += t.e${index}.copy(n, ${value.copy});`);
          if (value.copy !== undefined) return;
        } else code.line(`${place} = ${expression};`);
        const size = this.#names.constant('valueBytes', valueBytes);
        code.line(`t.bytes += ${size}(${expression}, ${this.#writer.options.limits.batchBytes});`);
        return;
      }
      case 'string':
        code.line(value.copy === undefined ? `t.c${index}.set(n, ${expression});` : `t.c${index}.copy(n, ${value.copy});`);
        return;
      default: {
        const raw = column.kind === 'bool' ? `${expression} ? 1 : 0` : column.kind === 'timestamp' ? `${expression}.getTime()` : expression;
        if (!column.nullable) code.line(`${place} = ${raw};`);
        else if (value.kind === 'null') code.line(`t.n${index}[n] = 0;`);
        else code.line(`if (${expression} === null) t.n${index}[n] = 0; else { t.n${index}[n] = 1; ${place} = ${raw}; }`);
      }
    }
  }

  /** The function that gives a target the arrays of its new batch. */
  #bindFunction(type: RecordType | null): void {
    this.#code.block(
      'const bind = (t) =>',
      () => {
        if (type === null) return;
        this.#code.line('const { columns } = t.batch;');
        this.#code.line('t.floats = t.batch.floats;');
        this.#code.line('t.bytes = 0;');
        for (const [i, column] of batchColumns(type).entries()) {
          if (column.kind === 'string') this.#code.line(`t.c${i} = columns[${i}];`);
          else if (column.kind === 'any' && this.#writer.encodes(i)) this.#code.line(`t.e${i} = columns[${i}];`);
          else if (column.kind === 'any') this.#code.line(`t.c${i} = columns[${i}].values;`);
          else if (column.kind !== 'null' && !isFloat(column)) this.#code.line(`t.c${i} = columns[${i}].values(t.batch.capacity);`);
          if (column.nullable && column.kind !== 'string') this.#code.line(`t.n${i} = columns[${i}].validity(t.batch.capacity);`);
        }
        if (this.#writer.hashed) this.#code.line('t.hashes = t.batch.hashes;');
        if (this.#writer.timestamps) this.#code.line('t.timestamps = t.batch.timestamps;');
      },
      '};',
    );
  }
}

/** The column in which the key of a hash exchange lies; −1 for none. */
export function keyColumn(type: RecordType, partitioner: PartitionerSpec): number {
  if (partitioner.kind !== 'hash') return -1;
  if (type.key !== undefined) return type.columns.length;
  const { key } = partitioner;
  return type.form !== 'scalar' && key.kind === 'fields' && !key.composite ? type.names.indexOf(key.fields[0] as string) : -1;
}

function isAny(type: RecordType): boolean {
  return type.form === 'scalar' && (type.columns[0] as ColumnType).kind === 'any';
}
