/**
 * Windows of any kind, keyed or not: each record joins windows, which hand out results when their triggers fire. What a window does
 * is said by `WindowLogic`; here it meets keys, timers, the time of the subtask, and the generated code.
 */

import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../../compiler/operator.ts';
import { literal, type Row, valueRow, wholeRecord } from '../../compiler/row.ts';
import type { SubtaskPart } from '../../wire/state-handles.ts';
import { generateSlot } from '../keyed.ts';
import { describeComputation, type WindowComputation } from './window-computation.ts';
import { type WindowProgress, WindowScope } from './window-scope.ts';
import { describeWindows, looksAtNoRecord, type WindowSpec, windowFunctions } from './window-spec.ts';

export interface WindowOperatorOptions {
  readonly spec: WindowSpec;
  readonly computation: WindowComputation;
  /** Whether there are two inputs, and windows get `SidedRecord`s of them. */
  readonly sided?: boolean;
}

export function windowOperator({ spec, computation, sided = false }: WindowOperatorOptions): Operator {
  const fieldsRead = () => (sided || !looksAtNoRecord(spec) ? undefined : computation.reads?.());
  return {
    kind: 'window',
    title: computation.title,
    functions: { ...windowFunctions(spec), ...computation.functions, ...computation.finish.functions },
    details: { ...describeWindows(spec), ...describeComputation(computation) },
    retains: true,
    reads() {
      const fields = fieldsRead();
      return fields === undefined ? undefined : { fields, handsOn: false };
    },
    ...(spec.keyed ? {} : { parallelismMax: 1 }),
    create: (context) => new WindowInstance({ spec, computation, sided, fields: fieldsRead() }, context),
  };
}

/** The key and its hash where there is none: all records have the same. */
const onlyKey = 0;

interface InstanceOptions extends Required<WindowOperatorOptions> {
  readonly fields: readonly string[] | undefined;
}

class WindowInstance implements OperatorInstance {
  readonly #context: OperatorContext;
  readonly #keyed: boolean;
  readonly #sided: boolean;
  /** Fields that records need; undefined for all. */
  readonly #fields: readonly string[] | undefined;
  readonly #scope: WindowScope;

  constructor({ spec, computation, sided, fields }: InstanceOptions, context: OperatorContext) {
    this.#context = context;
    this.#sided = sided;
    this.#fields = fields;
    this.#keyed = spec.keyed;
    this.#scope = new WindowScope(spec, computation, context);
  }

  snapshot(): Readonly<Record<string, SubtaskPart>> {
    return { 'event-time': { distribution: 'union', items: [this.#scope.snapshot()] } };
  }

  restore({ 'event-time': progress = [] }: Readonly<Record<string, readonly unknown[]>>): void {
    this.#scope.restore(progress as readonly WindowProgress[]);
  }

  open(): void {
    this.#scope.open();
  }

  finish(): void {
    this.#scope.finish();
  }

  close(): void {
    this.#scope.close();
  }

  beginBatch(): void {
    this.#scope.beginBatch();
  }

  generate(code: OperatorCode, row: Row, emit: Emit, input: number): void {
    this.#scope.setSides(emit.sides);
    const scope = code.names.constant('windows', this.#scope);
    const results = code.names.constant('results', this.#scope.results);
    const slotted = this.#keyed ? generateSlot(code, row, this.#context, this.#scope.index) : { row, slot: this.#onlySlot(code) };
    const needed = this.#needed(slotted.row);
    const record = this.#sided ? `{ side: '${input === 0 ? 'left' : 'right'}', record: ${needed} }` : needed;
    code.body.line(`${scope}.accept(${slotted.slot}, ${record}, ${row.timestamp ?? 'NaN'});`);
    code.body.block(`while (${results}.take())`, () => this.#emitTaken(code, emit));
  }

  /** A record with what is read of it: strings that nobody asks for are not made. */
  #needed(row: Row): string {
    const fields = this.#fields;
    return fields === undefined ? wholeRecord(row) : literal(row, (name) => fields.includes(name));
  }

  #onlySlot(code: OperatorCode): string {
    return `${code.names.constant('index', this.#scope.index)}.ofNumber(${onlyKey}, ${onlyKey})`;
  }

  generateDue(code: OperatorCode, limit: string, emit: Emit): string {
    this.#scope.setSides(emit.sides);
    const scope = code.names.constant('windows', this.#scope);
    code.body.block(`for (let count = 0; count < ${limit} && ${scope}.isDue; count++)`, () => {
      code.body.line(`if (!${scope}.takeDue()) continue;`);
      this.#emitTaken(code, emit);
    });
    return `!${scope}.isDue`;
  }

  #emitTaken(code: OperatorCode, emit: Emit): void {
    const results = code.names.constant('results', this.#scope.results);
    const [item, time] = [code.names.fresh('item'), code.names.fresh('time')];
    code.body.line(`const ${item} = ${results}.item, ${time} = ${results}.time;`);
    const row = valueRow(item, time);
    code.body.block(`if (${results}.side === undefined)`, () => emit(row));
    for (const side of emit.sides) code.body.block(`else if (${results}.side === ${JSON.stringify(side)})`, () => emit(row, side));
  }

  get isDue(): boolean {
    return this.#scope.isDue;
  }

  get nextTime(): number {
    return this.#scope.nextTime;
  }

  advanceEventTime(watermark: number): void {
    this.#scope.advanceEventTime(watermark);
  }

  advanceProcessingTime(now: number): void {
    this.#scope.advanceProcessingTime(now);
  }
}
