/** What the function of a window sees of the operator: the run state of its context, one object for each subtask. */

import type { EpochMs } from '../../base/ids.ts';
import { unexpected } from '../../base/options.ts';
import type { OperatorContext } from '../../compiler/operator.ts';
import type { KeyIndex } from '../../state/key-index.ts';
import type { Pane } from '../../time/windows/pane.ts';
import type { Window } from '../../time/windows/window.ts';
import type { OutputTag } from '../process/context.ts';
import type { ProcessWindowContext } from './window-function.ts';
import type { WindowResults } from './window-results.ts';
import type { WindowStates } from './window-states.ts';

/** What the context asks of the operator. */
export interface WindowCallHost {
  readonly index: KeyIndex;
  readonly keyed: boolean;
  readonly watermark: number;
  readonly results: WindowResults;
  reads(side: string): boolean;
}

export class WindowCallContext implements ProcessWindowContext<unknown, Window, unknown, unknown> {
  readonly subtask: number;
  readonly parallelism: number;
  readonly jobName: string;
  readonly windowState: unknown;
  readonly globalState: unknown;
  readonly #context: OperatorContext;
  readonly #states: WindowStates;
  readonly #host: WindowCallHost;
  /** The window that is processed. */
  #pane: Pane<Window> | undefined;
  #isOpen = false;

  constructor(context: OperatorContext, states: WindowStates, host: WindowCallHost) {
    this.subtask = context.subtask;
    this.parallelism = context.parallelism;
    this.jobName = context.jobName;
    this.windowState = states.windowState;
    this.globalState = states.globalState;
    this.#context = context;
    this.#states = states;
    this.#host = host;
  }

  get key(): unknown {
    const { slot } = this.#current;
    return this.#host.keyed ? this.#host.index.key(slot) : undefined;
  }

  get window(): Window {
    return this.#current.window;
  }

  get watermark(): number {
    return this.#host.watermark;
  }

  get processingTime(): EpochMs {
    return this.#context.system.clock.now() as EpochMs;
  }

  /** A call begins. */
  begin(pane: Pane<Window>): void {
    this.#pane = pane;
    this.#isOpen = true;
    this.#states.enter(pane);
  }

  /** What is called now hands on nothing. */
  closeOutputs(): void {
    this.#isOpen = false;
  }

  /** The call has returned. */
  end(): void {
    this.#isOpen = false;
    this.#states.leave(this.#current);
    this.#pane = undefined;
  }

  /** Hands on a record. */
  readonly out = (record: unknown): void => {
    if (!this.#isOpen) throw new Error('out was called after the function had returned; records can be emitted only during the call');
    this.#host.results.add(record, this.#current.window.maxTimestamp, undefined);
  };

  output<R>(tag: OutputTag<R>, value: R): void {
    if (!this.#isOpen) throw new Error('ctx.output was called after the function had returned');
    if (typeof tag?.id !== 'string') throw unexpected('ctx.output', "an OutputTag, such as new OutputTag('late')", tag);
    if (this.#host.reads(tag.id)) this.#host.results.add(value, this.#current.window.maxTimestamp, tag.id);
  }

  get #current(): Pane<Window> {
    if (this.#pane === undefined) throw new Error('ctx.key and ctx.window belong to a window: use them while it is processed');
    return this.#pane;
  }
}
