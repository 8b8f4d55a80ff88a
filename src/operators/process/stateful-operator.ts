/** The operator of a function object with states of keys, timers, and a method for each of its inputs. */

import { callable, checkArgument, optional } from '../../base/options.ts';
import type { Operator } from '../../compiler/operator.ts';
import type { UserFunction } from '../../graph/logical.ts';
import { synchronous } from '../functions.ts';
import type { SubtaskContext } from './context.ts';
import { checkStates, type DeclaredStates, describeStates, type StateKind, splitStates } from './state-declarations.ts';
import { type InputMethod, StatefulInstance } from './stateful-instance.ts';

/** What functions of all kinds of streams have beside the methods for records. */
export interface FunctionObject {
  readonly state?: DeclaredStates;
  open?(context: SubtaskContext): void;
  onTimer?: unknown;
  close?(): void;
}

export interface StatefulOperatorOptions {
  readonly kind: string;
  readonly fn: FunctionObject;
  /** By input. They are methods of `fn`. */
  readonly inputs: readonly Omit<InputMethod, 'fn'>[];
  /** The kinds of states that the function may declare. */
  readonly states: readonly StateKind[];
  /** Options that make it another operator, besides its states. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export function statefulOperator({ kind, fn, inputs, states, details }: StatefulOperatorOptions): Operator {
  const methods = fn as unknown as Readonly<Record<string, UserFunction>>;
  for (const method of ['open', 'onTimer', 'close'] as const) checkArgument(fn[method], optional(callable), `process: ${method}`);
  const declared: DeclaredStates = checkStates(fn.state, states, 'process');
  const bounded = inputs.map((input): InputMethod => ({ ...input, fn: bound(methods, input.method) }));
  const called = [...inputs.map(({ method }) => method), 'onTimer'].filter((method) => methods[method] !== undefined);
  return {
    kind,
    title: 'process',
    functions: Object.fromEntries(called.map((method) => [method, methods[method] as UserFunction])),
    details: { ...details, state: describeStates(declared) },
    retains: true,
    create: (context) =>
      new StatefulInstance(
        {
          inputs: bounded,
          onTimer: fn.onTimer === undefined ? undefined : bound(methods, 'onTimer'),
          open: fn.open?.bind(fn),
          close: fn.close?.bind(fn),
          ...splitStates(declared),
        },
        context,
      ),
  };
}

/** A method of a function object, callable by itself. */
export function bound<Name extends string>(fn: { readonly [N in Name]?: unknown }, name: Name): UserFunction {
  synchronous(fn[name] as UserFunction, 'process');
  return (value: never, context: never, out: never) => (fn[name] as UserFunction).call(fn, value, context, out);
}
