/**
 * Compiles a stage: one loop per input type that takes a batch through the whole chain of operators, and one loop per
 * operator that emits what is left at the end of the input. The operators write their parts; here they are joined.
 */

import { assert } from '../base/assert.ts';
import type { MillraceError } from '../base/errors.ts';
import { StringColumn } from '../batch/column.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { Exchange, Stage } from '../graph/job.ts';
import type { LogicalOperator, PartitionerSpec, UserFunction } from '../graph/logical.ts';
import { typeCheck } from '../schema/fits.ts';
import type { ColumnType, RecordType } from '../schema/type.ts';
import { CodeWriter, member, Names } from './code-writer.ts';
import { carriesKey, type ExchangeWriter } from './exchange-writer.ts';
import type { CallResult, Emit, OperatorCode, OperatorContext, OperatorInstance } from './operator.ts';
import { type Field, fieldOf, localField, type Row, type RowKey, wholeRecord } from './row.ts';
import { showRecord, typeMismatch } from './show.ts';
import { generateCall } from './user-call.ts';

/** Takes the rows of a batch through the chain. */
export type InputLoop = (batch: RecordBatch) => void;

/** Emits at most `limit` rows; true once nothing is left. */
export type FinishLoop = (limit: number) => boolean;

export interface StageCompilerOptions {
  readonly stage: Stage;
  /** The exchange writers of the stage's outputs, with their exchanges. */
  readonly outputs: readonly { readonly exchange: Exchange; readonly writer: ExchangeWriter }[];
  /** One for each operator of the stage. */
  readonly instances: readonly OperatorInstance[];
  /** One for each operator of the stage. */
  readonly failures: readonly OperatorContext['failure'][];
  /** Whether an operator of the stage keeps values of records. */
  readonly retains: boolean;
  /** Characters of a record that an error shows. */
  readonly shownCharacters: number;
}

export class StageCompiler {
  readonly #options: StageCompilerOptions;
  /** By input partitioner and type. */
  readonly #loops = new Map<string, Map<RecordType, InputLoop>>();
  /** By operator; undefined for one that leaves nothing. */
  readonly #finishLoops = new Map<number, FinishLoop | undefined>();

  constructor(options: StageCompilerOptions) {
    this.#options = options;
    for (const { writer } of options.outputs) writer.changed = this.#invalidate;
  }

  /** Throws the loops away; they are compiled again when they are asked for. The one that runs may run on to its end. */
  readonly #invalidate = (): void => {
    this.#loops.clear();
    this.#finishLoops.clear();
  };

  /** The loop for batches like this one from an input with this partitioner (undefined for a source's own). */
  inputLoop(batch: RecordBatch, partitioner: PartitionerSpec | undefined): InputLoop {
    const variant = `${inputVariant(partitioner)}${batch.timestamps === null ? '' : ' timestamps'}`;
    const known = this.#loops.get(variant)?.get(batch.type);
    if (known !== undefined) return known;
    // Compiling may throw other loops away, but not this one: it knows already what made it do so.
    const loop = this.#compileInput(batch, partitioner);
    const loops = this.#loops.get(variant) ?? new Map<RecordType, InputLoop>();
    this.#loops.set(variant, loops.set(batch.type, loop));
    return loop;
  }

  /** The loop that emits what is left in an operator, or undefined when there is none. */
  finishLoop(index: number): FinishLoop | undefined {
    if (!this.#finishLoops.has(index)) this.#finishLoops.set(index, this.#compileFinish(index));
    return this.#finishLoops.get(index);
  }

  #compileFinish(index: number): FinishLoop | undefined {
    const instance = this.#options.instances[index] as OperatorInstance;
    if (instance.generateFinish === undefined) return undefined;
    const stageCode = new StageCode(this.#options, this.#invalidate);
    const body = new CodeWriter();
    const { code, emit } = stageCode.operator(index, body);
    const done = instance.generateFinish(code, 'limit', emit);
    const source = new CodeWriter();
    source.append(stageCode.hoisted);
    source.block('return function finish(limit)', () => {
      source.append(body);
      source.line(`return ${done};`);
    });
    return stageCode.names.evaluate(source.toString(), this.#sourceName(`finish-${index}`)) as FinishLoop;
  }

  #compileInput(batch: RecordBatch, partitioner: PartitionerSpec | undefined): InputLoop {
    const stageCode = new StageCode(this.#options, this.#invalidate);
    const input = new InputRow(batch, partitioner, this.#options.retains);
    const body = new CodeWriter();
    if (!stageCode.consumeBatch(input.row, body)) {
      body.block('for (let i = 0; i < rows; i++)', () => {
        if (input.record !== undefined) body.line(`const record = ${input.record};`);
        stageCode.consume(0, input.row, body);
      });
    }
    const source = new CodeWriter();
    source.append(stageCode.hoisted);
    source.block('return function run(batch)', () => {
      source.append(input.prologue());
      source.append(body);
    });
    return stageCode.names.evaluate(source.toString(), this.#sourceName('run')) as InputLoop;
  }

  #sourceName(part: string): string {
    const { stage } = this.#options;
    const name = stage.operators.map((operator) => operator.name).join('→');
    return `millrace:stage-${stage.id}/${encodeURIComponent(name.replace(/\p{Surrogate}/gu, '?'))}/${part}.js`;
  }
}

function inputVariant(partitioner: PartitionerSpec | undefined): string {
  if (partitioner?.kind !== 'hash') return 'plain';
  return partitioner.key.kind === 'fields' && !partitioner.key.composite ? `field ${partitioner.key.fields[0]}` : 'carried';
}

/** The code of one loop over the chain. */
class StageCode {
  readonly names = new Names();
  readonly hoisted = new CodeWriter();
  readonly #options: StageCompilerOptions;
  readonly #invalidate: () => void;

  constructor(options: StageCompilerOptions, invalidate: () => void) {
    this.#options = options;
    this.#invalidate = invalidate;
  }

  /** Writes what operator `index` does with a row. */
  consume(index: number, row: Row, body: CodeWriter): void {
    const instance = this.#options.instances[index] as OperatorInstance;
    const { code, emit } = this.operator(index, body);
    instance.generate(code, row, emit);
  }

  /** Writes what the head does with a whole batch, where it can. */
  consumeBatch(row: Row, body: CodeWriter): boolean {
    const instance = this.#options.instances[0] as OperatorInstance;
    if (row.form === 'unknown' || instance.generateBatch === undefined) return false;
    return instance.generateBatch(this.operator(0, body).code, row);
  }

  /** The place where an operator writes, and what its output rows go through. */
  operator(index: number, body: CodeWriter): { code: OperatorCode; emit: Emit } {
    const place = { body };
    const code = this.#code(index, place);
    const emit = (row: Row, side?: string): void => {
      const checked = side === undefined ? this.#checkDeclared(index, code, row) : row;
      const consumers = this.#consumers(index, side);
      if (consumers.length === 1) consumers[0]?.(checked, place.body);
      else for (const consumer of consumers) place.body.block('', () => consumer(checked, place.body));
    };
    return { code, emit: Object.assign(emit, { sides: this.#sidesOf(index) }) };
  }

  /** Exchanges check the type that `returns` declared for an operator's records; in the chain it is checked here. */
  #checkDeclared(index: number, code: OperatorCode, row: Row): Row {
    const { id, name, type, spec } = this.#options.stage.operators[index] as LogicalOperator;
    const chained = this.#options.stage.operators.some((operator, consumer) => consumer > 0 && operator.inputs[0]?.from === id);
    const fromSource = (spec as { readonly source?: { readonly type?: RecordType } }).source?.type === type;
    if (type === undefined || !chained || fromSource) return row;
    const { names, body } = code;
    const record = names.fresh('declared');
    const mismatch = (value: unknown): MillraceError =>
      typeMismatch({ operatorName: name, declared: type, record: value, shown: showRecord(value, this.#options.shownCharacters) });
    body.line(`const ${record} = ${wholeRecord(row)};`);
    body.line(`if (!${names.constant('check', typeCheck(type))}(${record})) throw ${names.constant('mismatch', mismatch)}(${record});`);
    return { ...row, value: record };
  }

  #code(index: number, place: { body: CodeWriter }): OperatorCode {
    const { names, hoisted } = this;
    const failure = this.#options.failures[index];
    const code: OperatorCode = {
      names,
      get body() {
        return place.body;
      },
      hoist: (write) => {
        // Written aside first: what is hoisted inside must stand in front of what uses it.
        const outer = place.body;
        place.body = new CodeWriter();
        write();
        hoisted.append(place.body);
        place.body = outer;
      },
      call: (fn: UserFunction, row: Row, further: readonly string[] = []): CallResult => generateCall(code, fn, row, further),
      invalidate: this.#invalidate,
      failure: (error, record) => `${names.constant('failure', failure)}(${error}, ${record})`,
    };
    return code;
  }

  /** The operators chained to an output of an operator, and its exchanges. */
  #consumers(index: number, side: string | undefined): ((row: Row, place: CodeWriter) => void)[] {
    const { stage, outputs } = this.#options;
    const { id } = stage.operators[index] as LogicalOperator;
    const chained = [...stage.operators.entries()].filter(([consumer, operator]) => {
      const edge = operator.inputs[0];
      return consumer > 0 && edge?.from === id && edge.side === side;
    });
    const exchanged = outputs.filter(({ exchange }) => exchange.from.operator.id === id && exchange.side === side);
    return [
      ...chained.map(
        ([consumer]) =>
          (row: Row, place: CodeWriter) =>
            this.consume(consumer, row, place),
      ),
      ...exchanged.map(
        ({ writer }) =>
          (row: Row, place: CodeWriter) =>
            writer.generate(this.#code(index, { body: place }), row),
      ),
    ];
  }

  #sidesOf(index: number): string[] {
    const { stage, outputs } = this.#options;
    const { id } = stage.operators[index] as LogicalOperator;
    const chained = stage.operators.flatMap((operator) => operator.inputs.filter((edge) => edge.from === id).map((edge) => edge.side));
    const exchanged = outputs.filter(({ exchange }) => exchange.from.operator.id === id).map(({ exchange }) => exchange.side);
    return [...new Set([...chained, ...exchanged])].filter((side) => side !== undefined);
  }
}

/** The row that a batch's columns make, and the code that gets the columns ready. */
class InputRow {
  readonly row: Row;
  /** The expression of the whole record, where the batch holds records as they are. */
  readonly record: string | undefined;
  readonly #type: RecordType;
  readonly #used = new Set<number>();
  readonly #hashed: boolean;

  constructor(batch: RecordBatch, partitioner: PartitionerSpec | undefined, retains: boolean) {
    this.#type = batch.type;
    this.#hashed = partitioner?.kind === 'hash';
    const fields = batch.type.columns.map((column, i) => this.#field(batch.type.names[i] as string, column, i, retains));
    const timestamp = batch.timestamps === null ? undefined : 'times[i]';
    const plain = batch.type.form === 'scalar' && batch.type.columns[0]?.kind === 'any';
    this.record = plain ? (fields[0] as Field).read() : undefined;
    const row: Row = plain
      ? { form: 'unknown', fields: [], value: 'record', timestamp, key: undefined }
      : { form: batch.type.form, fields, value: undefined, timestamp, key: undefined };
    this.row = { ...row, key: this.#key(row, partitioner, retains) };
  }

  #key(row: Row, partitioner: PartitionerSpec | undefined, retains: boolean): RowKey | undefined {
    if (partitioner?.kind !== 'hash') return undefined;
    if (carriesKey(partitioner)) {
      assert(this.#type.key !== undefined, 'a carried key has a column');
      return { field: this.#field('key', this.#type.key, this.#type.columns.length, retains), hash: 'hashes[i]' };
    }
    assert(partitioner.key.kind === 'fields', 'a key that is not carried is a field');
    const name = partitioner.key.fields[0] as string;
    const field = fieldOf(row, name) ?? localField(name, member(row.value ?? wholeRecord(row), name));
    return { field, hash: 'hashes[i]' };
  }

  #field(name: string, column: ColumnType, index: number, retains: boolean): Field {
    const use = (): string => {
      this.#used.add(index);
      return `c${index}`;
    };
    const read = (): string => {
      const object = use();
      const raw = `v${index}[i]`;
      const orNull = (value: string) => (column.nullable ? `(n${index}[i] === 0 ? null : ${value})` : value);
      switch (column.kind) {
        case 'null':
          return 'null';
        case 'any':
          return `v${index}[i]`;
        case 'string':
          return `${object}.${retains ? 'detached' : 'at'}(i, rows)`;
        case 'bool':
          return orNull(`${raw} === 1`);
        case 'timestamp':
          return orNull(`new Date(${raw})`);
        default:
          return orNull(raw);
      }
    };
    const field: Field = { name, kind: column.kind, nullable: column.nullable, read };
    if (column.kind === 'string') return { ...field, column: { use, row: 'i', rows: 'rows' } };
    if (column.nullable || (column.kind !== 'float64' && column.kind !== 'int32')) return field;
    const numbers = (): string => {
      use();
      return `v${index}`;
    };
    return { ...field, numbers: { use: numbers } };
  }

  /** Declares the columns that the body turned out to use. */
  prologue(): CodeWriter {
    const code = new CodeWriter();
    code.line('const rows = batch.rowCount;');
    if (this.#hashed) code.line('const { hashes } = batch;');
    if (this.row.timestamp !== undefined) code.line('const times = batch.timestamps;');
    for (const index of [...this.#used].sort((a, b) => a - b)) {
      const column = this.#type.columns[index] ?? (this.#type.key as ColumnType);
      code.line(`const c${index} = batch.columns[${index}];`);
      if (column.kind === 'any') code.line(`const v${index} = c${index}.load(rows);`);
      else if (column.kind !== 'string' && column.kind !== 'null') {
        code.line(`const v${index} = c${index}.values(rows);`);
        if (column.nullable) code.line(`const n${index} = c${index}.validity(rows);`);
      }
    }
    return code;
  }
}

/** A function that makes the record of a row, for whoever takes records one by one. */
export function recordReader(type: RecordType): (batch: RecordBatch, row: number) => unknown {
  const columns = type.columns.map((column, i) => (batch: RecordBatch, row: number) => valueAt(batch, i, column, row));
  if (type.form === 'scalar') return columns[0] as (batch: RecordBatch, row: number) => unknown;
  if (type.form === 'tuple') return (batch, row) => columns.map((read) => read(batch, row));
  return (batch, row) => {
    const record: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) record[type.names[i] as string] = columns[i]?.(batch, row);
    return record;
  };
}

function valueAt(batch: RecordBatch, index: number, type: ColumnType, row: number): unknown {
  const column = batch.columns[index];
  if (column === undefined || column.kind === 'null') return null;
  if (column.kind === 'any') return column.load(batch.rowCount)[row];
  // Whoever reads records one by one may keep them.
  if (column instanceof StringColumn) return column.detached(row, batch.rowCount);
  if (column.validity(batch.rowCount)?.[row] === 0) return null;
  const raw = column.values(batch.rowCount)[row];
  if (type.kind === 'bool') return raw === 1;
  return type.kind === 'timestamp' ? new Date(raw as number) : raw;
}
