/**
 * Compiles a stage: one loop per input type that takes a batch through the whole chain of operators, and one loop per
 * operator that emits what is left at the end of the input. The operators write their parts; here they are joined.
 */

import { CodeWriter, Names } from '../base/code-writer.ts';
import type { MillraceError } from '../base/errors.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { Exchange, Stage } from '../graph/job.ts';
import type { LogicalOperator, PartitionerSpec, UserFunction } from '../graph/logical.ts';
import type { RecordType } from '../schema/type.ts';
import type { ExchangeWriter } from './exchange-writer.ts';
import { InputRow, type InputRowOptions, isLatin1 } from './input-row.ts';
import type { BatchPart, CallResult, Emit, OperatorCode, OperatorContext, OperatorInstance } from './operator.ts';
import { writeTypeCheck } from './record-check.ts';
import { type Row, wholeRecord } from './row.ts';
import { showRecord, typeMismatch } from './show.ts';
import { generateCall } from './user-call.ts';

/**
 * Takes the rows of a batch from one on through the chain, until an output has no room, an operator is not ready, or `limit` rows
 * are through: an operator that takes them column by column takes all. Returns the row to go on with, in the same loop: the number of rows
 * once all are through.
 */
export type InputLoop = (batch: RecordBatch, from?: number, limit?: number) => number;

/** Emits at most `limit` rows; true once nothing is left, or due. */
export type EmittingLoop = (limit: number) => boolean;

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
  /** By operator and role; undefined where an operator has none. */
  readonly #emittingLoops = new Map<string, EmittingLoop | undefined>();

  constructor(options: StageCompilerOptions) {
    this.#options = options;
    for (const { writer } of options.outputs) writer.changed = this.#invalidate;
  }

  /** Throws the loops away; they are compiled again when they are asked for. The one that runs may run on to its end. */
  readonly #invalidate = (): void => {
    this.#loops.clear();
    this.#emittingLoops.clear();
  };

  /** The loop for batches like this one from an input with this partitioner (undefined for a source's own). */
  inputLoop(batch: RecordBatch, partitioner: PartitionerSpec | undefined, input = 0): InputLoop {
    const latin1 = isLatin1(batch) && this.#takesLatin1();
    const variant = `${input} ${inputVariant(partitioner)}${batch.timestamps === null ? '' : ' timestamps'}${latin1 ? ' latin1' : ''}`;
    const known = this.#loops.get(variant)?.get(batch.type);
    if (known !== undefined) return known;
    // Compiling may throw other loops away, but not this one: it knows already what made it do so.
    const loop = this.#compileInput({ batch, partitioner, retains: this.#options.retains, latin1 }, input);
    const loops = this.#loops.get(variant) ?? new Map<RecordType, InputLoop>();
    this.#loops.set(variant, loops.set(batch.type, loop));
    return loop;
  }

  /** The loop for batches like this one that are for a side output of the head, which is a source. */
  sideLoop(batch: RecordBatch, side: string): InputLoop {
    const variant = `side ${side}`;
    const loops = this.#loops.get(variant) ?? new Map<RecordType, InputLoop>();
    this.#loops.set(variant, loops);
    const options = { batch, partitioner: undefined, retains: this.#options.retains, latin1: false };
    const loop = loops.get(batch.type) ?? this.#compileInput(options, 0, side);
    // Compiling may have thrown loops away.
    this.#loops.set(variant, loops.set(batch.type, loop));
    return loop;
  }

  /** Whether a loop for Latin-1 bytes is worth having: some operators have their own way with them, and none objects. */
  #takesLatin1(): boolean {
    const answers = this.#options.instances.map((instance) => instance.takesLatin1?.());
    return answers.includes(true) && !answers.includes(false);
  }

  /** The loop that emits what is left in an operator at the end of its input, or undefined when there is none. */
  finishLoop(index: number): EmittingLoop | undefined {
    return this.#emittingLoop(index, 'generateFinish');
  }

  /** The loop that emits what has become due in an operator, or undefined when nothing ever does. */
  dueLoop(index: number): EmittingLoop | undefined {
    return this.#emittingLoop(index, 'generateDue');
  }

  #emittingLoop(index: number, role: 'generateFinish' | 'generateDue'): EmittingLoop | undefined {
    const key = `${role} ${index}`;
    if (!this.#emittingLoops.has(key)) this.#emittingLoops.set(key, this.#compileEmitting(index, role));
    return this.#emittingLoops.get(key);
  }

  #compileEmitting(index: number, role: 'generateFinish' | 'generateDue'): EmittingLoop | undefined {
    const instance = this.#options.instances[index] as OperatorInstance;
    if (instance[role] === undefined) return undefined;
    const stageCode = new StageCode(this.#options, this.#invalidate);
    const body = new CodeWriter();
    const { code, emit } = stageCode.operator(index, body);
    const done = instance[role](code, stageCode.canStall ? `(${stageCode.stalled()} ? 0 : limit)` : 'limit', emit);
    const source = new CodeWriter();
    source.append(stageCode.hoisted);
    source.block('return function emitting(limit)', () => {
      source.append(body);
      source.line(`return ${done};`);
    });
    const part = `${role === 'generateDue' ? 'due' : 'finish'}-${index}`;
    return stageCode.names.evaluate(source.toString(), this.#sourceName(part)) as EmittingLoop;
  }

  #compileInput(options: InputRowOptions, origin: number, side?: string): InputLoop {
    const stageCode = new StageCode(this.#options, this.#invalidate);
    const input = new InputRow(options);
    const body = new CodeWriter();
    if (input.record === undefined && side === undefined) stageCode.consumeBatch(0, input.row, body, origin);
    else {
      stageCode.eachRow(body, () => {
        if (input.record !== undefined) body.line(`const record = ${input.record};`);
        if (side === undefined) stageCode.consume(0, input.row, body, origin);
        else stageCode.operator(0, body).emit(input.row, side);
      });
    }
    const source = new CodeWriter();
    source.append(stageCode.hoisted);
    source.block('return function run(batch, from = 0, limit = batch.rowCount)', () => {
      source.append(input.prologue());
      source.line('const end = Math.min(rows, from + limit);');
      source.append(body);
      source.line('return rows;');
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

/** Rows between two looks at whether operators are ready, a power of two: so many may have to wait in one that is not. */
const askedRows = 16;

/** Rows that go through the chain whatever happens. */
const madeOfRow: BatchPart = { kind: 'row', first: '0', stop: undefined };

/** The code of one loop over the chain. */
class StageCode {
  readonly names = new Names();
  readonly hoisted = new CodeWriter();
  readonly #options: StageCompilerOptions;
  readonly #invalidate: () => void;
  /** Of the rows that a loop written now would go over. */
  #part: BatchPart;

  constructor(options: StageCompilerOptions, invalidate: () => void) {
    this.#options = options;
    this.#invalidate = invalidate;
    this.#part = { kind: 'batch', first: 'from', stop: this.canStall ? 'return i' : undefined };
  }

  /** Whether a loop may find an output without room, or an operator that is not ready. */
  get canStall(): boolean {
    const { outputs, instances } = this.#options;
    return outputs.length > 0 || instances.some(({ isReady, pressing }) => isReady !== undefined || pressing !== undefined);
  }

  /** Writes what operator `index` does with a row from one of its inputs. */
  consume(index: number, row: Row, body: CodeWriter, input = 0): void {
    const instance = this.#options.instances[index] as OperatorInstance;
    const { code, emit } = this.operator(index, body);
    instance.generate(code, row, emit, input);
  }

  /**
   * The expression of whether an output has no room, an operator is not ready, or time must advance.
   *
   * @param unless where operators need not be asked
   */
  stalled(unless = ''): string {
    const blocked = this.#options.outputs.map(({ writer }) => `${this.names.constant('output', writer)}.blocked`);
    const waiting = this.#options.instances.flatMap((instance) =>
      instance.isReady === undefined ? [] : [`${unless}!${this.names.constant('operator', instance)}.isReady()`],
    );
    const pressing = this.#options.instances.flatMap((instance) =>
      instance.pressing === undefined ? [] : [`${this.names.constant('operator', instance)}.pressing`],
    );
    return [...blocked, ...waiting, ...pressing].join(' || ');
  }

  /** Writes a loop over the rows of the present part of a batch, which stops in front of a row while the chain stalls. */
  eachRow(body: CodeWriter, write: () => void): void {
    const { kind, first, stop } = this.#part;
    const end = kind === 'batch' ? 'end' : 'rows';
    body.block(`for (let i = ${first}; i < ${end}; i++)`, () => {
      // A loop that does nothing else at all feels it when an operator is asked for every row.
      if (stop !== undefined) body.line(`if (${this.stalled(`(i & ${askedRows - 1}) === 0 && `)}) ${stop};`);
      // What a row becomes goes through as a whole.
      this.#within(madeOfRow, write);
    });
    if (kind === 'batch') body.line('if (end < rows) return end;');
  }

  #within(part: BatchPart, write: () => void): void {
    const outer = this.#part;
    this.#part = part;
    write();
    this.#part = outer;
  }

  /** Writes what operator `index` does with all rows of a batch: at once where it can, else one by one. */
  consumeBatch(index: number, row: Row, body: CodeWriter, input = 0): void {
    const instance = this.#options.instances[index] as OperatorInstance;
    const { code, emit } = this.operator(index, body);
    if (input === 0 && instance.generateBatch?.(code, row, emit) === true) return;
    this.eachRow(body, () => this.consume(index, row, body, input));
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
    const batch = (row: Row, part?: BatchPart): void => {
      this.#within(part ?? this.#part, () => {
        const next = this.#onlyConsumer(index);
        if (next !== undefined) this.consumeBatch(next, row, place.body);
        else this.eachRow(place.body, () => emit(row));
      });
    };
    return { code, emit: Object.assign(emit, { batch, sides: this.#sidesOf(index) }) };
  }

  /** The one operator that takes an operator's main output, where nothing has to happen in between with each record. */
  #onlyConsumer(index: number): number | undefined {
    const chained = this.#chained(index, undefined);
    const isOnly = chained.length === 1 && this.#exchanged(index, undefined).length === 0 && !this.#isChecked(index);
    return isOnly ? chained[0] : undefined;
  }

  /** Exchanges check the type that `returns` declared for an operator's records; in the chain it is checked here. */
  #checkDeclared(index: number, code: OperatorCode, row: Row): Row {
    const { name, type } = this.#options.stage.operators[index] as LogicalOperator;
    if (type === undefined || !this.#isChecked(index)) return row;
    const { names, body } = code;
    const record = names.fresh('declared');
    const mismatch = (value: unknown): MillraceError =>
      typeMismatch({ operatorName: name, declared: type, record: value, shown: showRecord(value, this.#options.shownCharacters) });
    body.line(`const ${record} = ${wholeRecord(row)};`);
    body.line(`if (!${writeTypeCheck(type, this.hoisted, names)}(${record})) throw ${names.constant('mismatch', mismatch)}(${record});`);
    return { ...row, value: record };
  }

  #isChecked(index: number): boolean {
    const { id, type, spec } = this.#options.stage.operators[index] as LogicalOperator;
    const chained = this.#options.stage.operators.some((operator, consumer) => consumer > 0 && operator.inputs[0]?.from === id);
    const fromSource = (spec as { readonly source?: { readonly type?: RecordType } }).source?.type === type;
    return type !== undefined && chained && !fromSource;
  }

  #code(index: number, place: { body: CodeWriter }): OperatorCode {
    const { names, hoisted } = this;
    const failure = this.#options.failures[index];
    const code: OperatorCode = {
      names,
      retains: this.#options.retains,
      part: this.#part,
      get body() {
        return place.body;
      },
      eachRow: (write) => this.eachRow(place.body, write),
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

  /** The operators chained to an output of an operator. */
  #chained(index: number, side: string | undefined): number[] {
    const { operators } = this.#options.stage;
    const { id } = operators[index] as LogicalOperator;
    const isFed = ({ inputs: [edge] }: LogicalOperator): boolean => edge?.from === id && edge.side === side;
    return operators.flatMap((operator, consumer) => (consumer > 0 && isFed(operator) ? [consumer] : []));
  }

  #exchanged(index: number, side: string | undefined): StageCompilerOptions['outputs'] {
    const { stage, outputs } = this.#options;
    const { id } = stage.operators[index] as LogicalOperator;
    return outputs.filter(({ exchange }) => exchange.from.operator.id === id && exchange.side === side);
  }

  /** The operators chained to an output of an operator, and its exchanges. */
  #consumers(index: number, side: string | undefined): ((row: Row, place: CodeWriter) => void)[] {
    return [
      ...this.#chained(index, side).map((consumer) => (row: Row, place: CodeWriter) => this.consume(consumer, row, place)),
      ...this.#exchanged(index, side).map(
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
