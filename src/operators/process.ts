/** Calls a `ProcessFunction` for each record: any number of records out, and side outputs. */

import { MillraceError } from '../base/errors.ts';
import type { EpochMs } from '../base/ids.ts';
import type { Operator, OperatorContext } from '../compiler/operator.ts';
import { valueRow, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import { synchronous } from './functions.ts';
import { hoistOutput } from './output.ts';

/** Names a side output and the type of its records. */
export class OutputTag<T> {
  readonly id: string;
  declare protected readonly records: T;

  constructor(id: string) {
    if (typeof id !== 'string' || id === '')
      throw new MillraceError('INVALID_OPTION', 'OutputTag: the id must be a text that is not empty');
    this.id = id;
  }
}

/** What a process function knows of the subtask it runs in. */
export interface SubtaskContext {
  /** From 0 to `parallelism` − 1. */
  readonly subtask: number;
  readonly parallelism: number;
  readonly jobName: string;
}

/** What a process function knows of the current record. */
export interface ProcessContext extends SubtaskContext {
  /** Event time of the record, undefined when the stream carries none. */
  readonly timestamp: EpochMs | undefined;
  /** Sends a record to a side output; `getSideOutput(tag)` reads it. Nobody need read it. */
  output<S>(tag: OutputTag<S>, value: S): void;
}

/**
 * A function with a life cycle and side outputs. One object serves all subtasks of a worker.
 *
 * @example
 * const large = new OutputTag<number>('large');
 * const small = numbers.process({
 *   processElement(value: number, ctx, out: (value: number) => void) {
 *     if (value > 100) ctx.output(large, value);
 *     else out(value);
 *   },
 * });
 * small.getSideOutput(large).print('large');
 */
export interface ProcessFunction<T, R> {
  open?(context: SubtaskContext): void;
  processElement(value: T, context: ProcessContext, out: (value: R) => void): void;
  close?(): void;
}

export function processOperator(fn: ProcessFunction<never, never>): Operator {
  if (typeof fn?.processElement !== 'function') {
    throw new MillraceError('INVALID_OPTION', 'process: expected an object with a method processElement(value, ctx, out)');
  }
  synchronous(fn.processElement, 'process');
  const call: UserFunction = (value: never, context: ProcessContext, out: (value: never) => void) => fn.processElement(value, context, out);
  return {
    kind: 'process',
    title: 'process',
    functions: { processElement: fn.processElement },
    retains: true,
    create: (context) => {
      const processing = new Processing(context);
      return {
        open: () => fn.open?.(processing),
        generate(code, row, emit) {
          const output = hoistOutput(code, row, (item, timestamp) => emit(valueRow(item, timestamp)));
          const state = code.names.constant('processing', processing);
          const sides = code.names.fresh('sides');
          const writers = emit.sides.map(
            (side) => [side, hoistOutput(code, row, (item, timestamp) => emit(valueRow(item, timestamp), side))] as const,
          );
          const outputs = [output, ...writers.map(([, writer]) => writer)];
          // Without a prototype, and with computed keys: ids of side outputs may be '__proto__' or 'toString'.
          const entries = ['__proto__: null', ...writers.map(([side, writer]) => `[${JSON.stringify(side)}]: ${writer.guarded()}`)];
          code.hoist(() => code.body.line(`const ${sides} = { ${entries.join(', ')} };`));
          for (const each of outputs) each.begin();
          code.body.line(`${state}.sides = ${sides};`);
          code.body.line(`${state}.timestamp = ${row.timestamp ?? 'undefined'};`);
          const called = code.call(call, row, [state, output.guarded()]);
          code.body.line(`${state}.sides = null;`);
          for (const each of outputs) each.end();
          code.body.block(`if (${called.result} !== undefined)`, () => {
            const check = code.names.constant('noPromise', noPromise);
            code.body.line(`try { ${check}(${called.result}); }`);
            code.body.line(`catch (error) { throw ${code.failure('error', wholeRecord(called.row))}; }`);
          });
        },
        close: () => fn.close?.(),
      };
    },
  };
}

function noPromise(result: unknown): void {
  if (result instanceof Promise) throw new TypeError('process: processElement must not be async: a stage never waits for a record');
}

/** The context object that the function sees; one for each subtask, reused for every record. */
class Processing implements ProcessContext {
  readonly subtask: number;
  readonly parallelism: number;
  readonly jobName: string;
  timestamp: EpochMs | undefined;
  /** By id of the side output; null while no record is processed. */
  sides: Record<string, (value: unknown) => void> | null = null;

  constructor(context: OperatorContext) {
    this.subtask = context.subtask;
    this.parallelism = context.parallelism;
    this.jobName = context.jobName;
  }

  output<S>(tag: OutputTag<S>, value: S): void {
    if (this.sides === null) throw new Error('ctx.output was called after processElement had returned');
    this.sides[tag.id]?.(value);
  }
}
