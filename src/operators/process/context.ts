/** What functions of a job know of the record, the time and the subtask, and what they may do besides handing on records. */

import type { EpochMs } from '../../base/ids.ts';
import { checkArgument, text, unexpected } from '../../base/options.ts';
import type { OperatorContext } from '../../compiler/operator.ts';

/** Names a side output and the type of its records. */
export class OutputTag<T> {
  readonly id: string;
  declare protected readonly records: T;

  constructor(id: string) {
    this.id = checkArgument(id, text, 'OutputTag: the id');
  }
}

/** The tag, if it is one. @throws MillraceError INVALID_OPTION */
export function checkTag<T>(tag: OutputTag<T>, of: string): OutputTag<T> {
  if (!(tag instanceof OutputTag)) throw unexpected(of, "an OutputTag, such as new OutputTag('late')", tag);
  return tag;
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
  /** No record at or before this event time is expected any more; −Infinity before the first watermark. */
  readonly watermark: number;
  /** The time of day. */
  readonly processingTime: EpochMs;
  /** Sends a record to a side output; `getSideOutput(tag)` reads it. Nobody need read it. */
  output<S>(tag: OutputTag<S>, value: S): void;
}

/** The run state of a context: one object for each function that is called, reused for every call. */
export class CallContext implements ProcessContext {
  readonly subtask: number;
  readonly parallelism: number;
  readonly jobName: string;
  timestamp: EpochMs | undefined;
  watermark = Number.NEGATIVE_INFINITY;
  readonly #context: OperatorContext;
  /** By id of the side output; null while nothing is processed. */
  #sides: Record<string, (value: unknown) => void> | null = null;

  constructor(context: OperatorContext) {
    this.#context = context;
    this.subtask = context.subtask;
    this.parallelism = context.parallelism;
    this.jobName = context.jobName;
  }

  get processingTime(): EpochMs {
    return this.#context.system.clock.now() as EpochMs;
  }

  /** A call begins. @param timestamp NaN for none */
  begin(sides: Record<string, (value: unknown) => void>, timestamp: number): void {
    this.#sides = sides;
    this.timestamp = Number.isNaN(timestamp) ? undefined : (timestamp as EpochMs);
  }

  /** The call has returned. */
  end(): void {
    this.#sides = null;
  }

  output<S>(tag: OutputTag<S>, value: S): void {
    this.checkOpen('ctx.output');
    if (typeof tag?.id !== 'string') throw unexpected('ctx.output', "an OutputTag, such as new OutputTag('late')", tag);
    this.#sides?.[tag.id]?.(value);
  }

  /** @throws Error unless the function is being called */
  protected checkOpen(method: string): void {
    if (this.#sides === null) throw new Error(`${method} was called after the function had returned`);
  }
}
