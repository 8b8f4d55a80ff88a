/** An operator of functions with keyed state and timers, on one input or two. */

import { callable, checkArgument } from '../../base/options.ts';
import type { Emit, Holdings, OperatorCode, OperatorContext, OperatorInstance } from '../../compiler/operator.ts';
import { type Row, valueRow } from '../../compiler/row.ts';
import type { UserFunction } from '../../graph/logical.ts';
import type { OperatorStateDeclarations, StateDeclarations } from '../../state/descriptors.ts';
import { OperatorStates } from '../../state/operator-states.ts';
import type { SubtaskPart } from '../../wire/state-handles.ts';
import { generateSlot, generateSlots } from '../keyed.ts';
import { generateProcessCall, type ProcessCall } from './call.ts';
import { CallContext, type ProcessContext, type SubtaskContext } from './context.ts';
import { type EventTimeProgress, KeyScope, type TimerService } from './key-scope.ts';

/** Beside the states that functions name. */
const eventTimePart = '$event-time';

/** What a function on a keyed stream knows besides. */
export interface KeyedContext<K, S> extends ProcessContext {
  readonly key: K;
  /** The states that the function declares, of this key. */
  readonly state: S;
  readonly timers: TimerService;
}

/** What `onTimer` knows. */
export interface TimerContext<K, S> extends KeyedContext<K, S> {
  /** Which kind of timer fired. */
  readonly timeDomain: 'event' | 'processing';
}

/** The method that takes the records of an input. */
export interface InputMethod {
  readonly method: string;
  readonly fn: UserFunction;
  readonly keyed: boolean;
  /** Whether it may write broadcast state. */
  readonly broadcast: boolean;
}

export interface StatefulFunction {
  readonly inputs: readonly InputMethod[];
  readonly onTimer: UserFunction | undefined;
  readonly open: ((context: SubtaskContext) => void) | undefined;
  readonly close: (() => void) | undefined;
  readonly state: StateDeclarations;
  readonly operatorState: OperatorStateDeclarations;
}

/** The context of one method: what it may see of the key's scope. */
class KeyedCallContext extends CallContext implements TimerContext<unknown, unknown> {
  readonly #scope: KeyScope;
  readonly state: unknown;

  constructor(context: OperatorContext, scope: KeyScope, state: unknown) {
    super(context);
    this.#scope = scope;
    this.state = state;
  }

  get key(): unknown {
    return this.#scope.key;
  }

  get timers(): TimerService {
    return this.#scope;
  }

  get timeDomain(): 'event' | 'processing' {
    return this.#scope.domain;
  }
}

/** The context of the method for broadcast records: it belongs to no key, but reaches all of them. */
class BroadcastCallContext extends CallContext {
  readonly #scope: KeyScope;
  readonly state: unknown;

  constructor(context: OperatorContext, scope: KeyScope, state: unknown) {
    super(context);
    this.#scope = scope;
    this.state = state;
  }

  applyToKeyedState(fn: (key: unknown, state: unknown) => void): void {
    checkArgument(fn, callable, 'ctx.applyToKeyedState');
    this.checkOpen('ctx.applyToKeyedState');
    this.#scope.forEachKey(fn);
  }
}

export class StatefulInstance implements OperatorInstance {
  readonly #fn: StatefulFunction;
  readonly #context: OperatorContext;
  readonly #scope: KeyScope;
  readonly #shared: OperatorStates<OperatorStateDeclarations>;
  /** By input. */
  readonly #inputContexts: readonly CallContext[];
  readonly #timerContext: KeyedCallContext;

  constructor(fn: StatefulFunction, context: OperatorContext) {
    this.#fn = fn;
    this.#context = context;
    this.#scope = new KeyScope(fn.state, context);
    this.#shared = new OperatorStates(fn.operatorState);
    const shared = this.#shared;
    const readOnly = Object.freeze({ ...this.#scope.states.accessors, ...shared.readable });
    this.#inputContexts = fn.inputs.map(({ broadcast }) =>
      broadcast ? new BroadcastCallContext(context, this.#scope, shared.writable) : new KeyedCallContext(context, this.#scope, readOnly),
    );
    this.#timerContext = new KeyedCallContext(context, this.#scope, readOnly);
  }

  open(): void {
    this.#fn.open?.(this.#timerContext);
  }

  close(): void {
    this.#fn.close?.();
  }

  /** State of the subtask; that of keys is told by the scope. */
  snapshot(): Readonly<Record<string, SubtaskPart>> {
    return { ...this.#shared.snapshot(), [eventTimePart]: { distribution: 'union', items: [this.#scope.snapshot()] } };
  }

  restore(parts: Readonly<Record<string, readonly unknown[]>>): void {
    this.#shared.restore(parts);
    this.#scope.restore((parts[eventTimePart] ?? []) as readonly EventTimeProgress[]);
  }

  get holdings(): Holdings {
    return this.#scope.holdings;
  }

  beginBatch(): void {
    this.#scope.forgetEmpty();
  }

  generate(code: OperatorCode, row: Row, emit: Emit, input: number): void {
    const { keyed, fn, method } = this.#fn.inputs[input] as InputMethod;
    const call = { fn, method, context: this.#inputContexts[input] as CallContext };
    if (!keyed) {
      generateProcessCall(code, row, emit, call);
      return;
    }
    const slotted = generateSlot(code, row, this.#context, this.#scope.index);
    this.#generateCall(code, slotted.row, slotted.slot, emit, call);
  }

  /** The slots of all rows first, then the rows one by one: what of their state is on disk is read together. */
  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const [{ keyed, fn, method }, ...others] = this.#fn.inputs as [InputMethod, ...InputMethod[]];
    const found = keyed && others.length === 0 ? generateSlots(code, row, this.#context, this.#scope.index) : undefined;
    if (found === undefined) return false;
    const call = { fn, method, context: this.#inputContexts[0] as CallContext };
    code.eachRow(() => this.#generateCall(code, row, `${found.slots}[i]`, emit, call));
    return true;
  }

  /** @param slot an expression */
  #generateCall(code: OperatorCode, row: Row, slot: string, emit: Emit, call: ProcessCall): void {
    const scope = code.names.constant('scope', this.#scope);
    code.body.line(`${scope}.enter(${slot});`);
    generateProcessCall(code, row, emit, call);
    code.body.line(`${scope}.leave();`);
  }

  generateDue(code: OperatorCode, limit: string, emit: Emit): string {
    const scope = code.names.constant('scope', this.#scope);
    const time = code.names.fresh('time');
    const fn = (firedAt: number, context: KeyedCallContext, out: (value: unknown) => void): unknown =>
      this.#callTimer(firedAt, context, out);
    code.body.block(`for (let count = 0; count < ${limit} && ${scope}.isDue; count++)`, () => {
      code.body.line(`if (!${scope}.takeTimer()) break;`);
      code.body.line(`const ${time} = ${scope}.firedAt;`);
      // What a timer of the time of day emits has no event time, as in Flink.
      const row = valueRow(time, `(${scope}.domain === 'event' ? ${time} : NaN)`);
      generateProcessCall(code, row, emit, { fn: fn as UserFunction, method: 'onTimer', context: this.#timerContext });
      code.body.line(`${scope}.leave();`);
    });
    return `!${scope}.isDue`;
  }

  #callTimer(firedAt: number, context: KeyedCallContext, out: (value: unknown) => void): unknown {
    const { onTimer } = this.#fn;
    try {
      return (onTimer as ((...args: unknown[]) => unknown) | undefined)?.(firedAt, context, out);
    } catch (error) {
      throw this.#context.failure(error, { timer: firedAt, key: context.key });
    }
  }

  get isDue(): boolean {
    return this.#scope.isDue;
  }

  get nextTime(): number {
    return this.#scope.nextTime;
  }

  advanceEventTime(watermark: number): void {
    this.#scope.advanceEventTime(watermark);
    for (const context of [...this.#inputContexts, this.#timerContext]) context.watermark = watermark;
  }

  advanceProcessingTime(now: number): void {
    this.#scope.advanceProcessingTime(now);
  }
}
