/** `process` on a stream without keys: any number of records out for each record in, side outputs, and state of the subtask. */

import { callable, checkArgument, optional, unexpected } from '../../base/options.ts';
import type { Operator, OperatorContext } from '../../compiler/operator.ts';
import type { ListStateDeclarations, OperatorStateDeclarations } from '../../state/descriptors.ts';
import { OperatorStates } from '../../state/operator-states.ts';
import type { StateOf } from '../../state/states.ts';
import { generateProcessCall } from './call.ts';
import { CallContext, type ProcessContext, type SubtaskContext } from './context.ts';
import { checkStates, describeStates, subtaskStates } from './state-declarations.ts';
import { bound } from './stateful-operator.ts';

/** What a function without keys knows when it declares state. */
export interface StatefulContext<S> extends ProcessContext {
  /** The states that the function declares, of this subtask. */
  readonly state: S;
}

/**
 * A function with a life cycle, side outputs, and state of the subtask. One object serves all subtasks of a worker, so what a
 * subtask needs belongs into state and not into fields.
 *
 * @example
 * const large = new OutputTag<number>('large');
 * const small = numbers.process({
 *   state: { seen: operatorListState<number>() },
 *   processElement(value: number, ctx, out: (value: number) => void) {
 *     ctx.state.seen.add(value);
 *     if (value > 100) ctx.output(large, value);
 *     else out(value);
 *   },
 * });
 * small.getSideOutput(large).print('large');
 */
export interface ProcessFunction<T, R, D extends ListStateDeclarations = Record<never, never>> {
  readonly state?: D;
  open?(context: SubtaskContext): void;
  processElement(value: T, context: StatefulContext<StateOf<D>>, out: (value: R) => void): void;
  close?(): void;
}

class StatefulCallContext extends CallContext implements StatefulContext<unknown> {
  readonly state: unknown;
  readonly states: OperatorStates<OperatorStateDeclarations>;

  constructor(context: OperatorContext, declarations: OperatorStateDeclarations) {
    super(context);
    this.states = new OperatorStates(declarations);
    this.state = this.states.writable;
  }
}

export function processOperator(fn: ProcessFunction<never, never, ListStateDeclarations>): Operator {
  if (typeof fn?.processElement !== 'function') throw unexpected('process', 'an object with a method processElement(value, ctx, out)', fn);
  checkArgument(fn.open, optional(callable), 'process: open');
  checkArgument(fn.close, optional(callable), 'process: close');
  const state: OperatorStateDeclarations = checkStates(fn.state, subtaskStates, 'process');
  const call = bound(fn, 'processElement');
  return {
    kind: 'process',
    title: 'process',
    functions: { processElement: fn.processElement },
    details: { state: describeStates(state) },
    retains: true,
    create: (operatorContext) => {
      const context = new StatefulCallContext(operatorContext, state);
      return {
        open: () => fn.open?.(context),
        generate: (code, row, emit) => generateProcessCall(code, row, emit, { fn: call, context, method: 'processElement' }),
        advanceEventTime: (watermark) => {
          context.watermark = watermark;
        },
        close: () => fn.close?.(),
        snapshot: () => context.states.snapshot(),
        restore: (parts) => context.states.restore(parts),
      };
    },
  };
}
