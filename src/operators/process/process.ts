/** `process` on a stream without keys: any number of records out for each record in, and side outputs. */

import { callable, checkArgument, optional, unexpected } from '../../base/options.ts';
import type { Operator } from '../../compiler/operator.ts';
import type { UserFunction } from '../../graph/logical.ts';
import { synchronous } from '../functions.ts';
import { generateProcessCall } from './call.ts';
import { CallContext, type ProcessContext, type SubtaskContext } from './context.ts';

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
  if (typeof fn?.processElement !== 'function') throw unexpected('process', 'an object with a method processElement(value, ctx, out)', fn);
  checkArgument(fn.open, optional(callable), 'process: open');
  checkArgument(fn.close, optional(callable), 'process: close');
  synchronous(fn.processElement, 'process');
  const call: UserFunction = (value: never, context: ProcessContext, out: (value: never) => void) => fn.processElement(value, context, out);
  return {
    kind: 'process',
    title: 'process',
    functions: { processElement: fn.processElement },
    retains: true,
    create: (operatorContext) => {
      const context = new CallContext(operatorContext);
      return {
        open: () => fn.open?.(context),
        generate: (code, row, emit) => generateProcessCall(code, row, emit, { fn: call, context, method: 'processElement' }),
        advanceEventTime: (watermark) => {
          context.watermark = watermark;
        },
        close: () => fn.close?.(),
      };
    },
  };
}
