/**
 * The end of a stream: hands each record to a sink's writer. Whatever of the writer's calls takes its time, the subtask waits, and so
 * do the records that come meanwhile. At a barrier everything before it is flushed. Runs on the subtask's thread.
 */

import { assert } from '../base/assert.ts';
import { isPromise } from '../base/asynchronous.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type Row, wholeRecord } from '../compiler/row.ts';
import { isTwoPhaseCommit, type Sink, type SinkWriter } from '../graph/sink.ts';
import { SinkCommitter } from './sink-committer.ts';

export function sinkOperator(sink: Sink<never>): Operator {
  return {
    kind: 'sink',
    title: sink.name,
    functions: {},
    ...(sink.target === undefined ? {} : { target: sink.target }),
    retains: sink.retains ?? true,
    create: (context) =>
      isTwoPhaseCommit(sink) ? new CommittingSinkInstance(new SinkCommitter(sink, context), context) : new SinkInstance(sink, context),
  };
}

/** What makes the writer of a subtask. */
type WriterFactory = { createWriter(context: OperatorContext): SinkWriter<unknown> };

class SinkInstance implements OperatorInstance {
  protected readonly context: OperatorContext;
  readonly #sink: WriterFactory;
  #writer: SinkWriter<unknown> | null = null;
  #closed = false;
  /** Records that came while the writer was busy, each with its timestamp behind it; null while it is not. Generated code looks here first. */
  waiting: unknown[] | null = null;

  constructor(sink: WriterFactory, context: OperatorContext) {
    this.#sink = sink;
    this.context = context;
  }

  open(): void {
    // What it had to wait for may have taken longer than the job.
    if (!this.#closed) this.#writer = this.#sink.createWriter(this.context);
  }

  generate(code: OperatorCode, row: Row, _emit: Emit): void {
    const record = code.names.fresh('record');
    const written = code.names.fresh('written');
    const sink = code.names.constant('sink', this);
    // Called as a constant, the writer can become part of the loop.
    const writer = code.names.constant('writer', this.#writer);
    const timed = row.timestamp === undefined ? record : `${record}, ${row.timestamp}`;
    code.body.line(`const ${record} = ${wholeRecord(row)};`);
    code.body.line(`if (${sink}.waiting !== null) ${sink}.waiting.push(${record}, ${row.timestamp});`);
    code.body.block('else', () => {
      code.body.line(`let ${written};`);
      code.body.line(`try { ${written} = ${writer}.write(${timed}); } catch (error) { throw ${code.failure('error', record)}; }`);
      code.body.line(`if (${written} !== undefined && typeof ${written}?.then === 'function') ${sink}.writeLater(${written}, ${record});`);
    });
  }

  /** Called by generated code: a record is being written. */
  writeLater(written: Promise<void>, record: unknown): void {
    this.occupy(written, record).catch(this.context.fail);
  }

  /**
   * Lets the subtask wait for something, writes the records that came meanwhile, one after the other, and lets it go on. Rejects with
   * the failure of the operator, and then never lets it go on.
   */
  protected async occupy(work: Promise<void>, ...record: readonly unknown[]): Promise<void> {
    assert(this.waiting === null, 'the writer of a sink does one thing at a time');
    const waiting: unknown[] = [];
    this.waiting = waiting;
    let current: readonly unknown[] = record;
    try {
      await work;
      // Once closed it writes no more, whatever waits.
      for (let i = 0; i < waiting.length && this.#writer !== null; i += 2) {
        current = [waiting[i]];
        await this.#writer.write(waiting[i], waiting[i + 1] as number | undefined);
      }
      this.waiting = null;
      this.context.wake();
    } catch (error) {
      throw this.context.failure(error, ...current);
    }
  }

  isReady(): boolean {
    return this.waiting === null;
  }

  flush(): void {
    if (this.waiting !== null) return;
    const flushed = this.#writer?.flush?.(true);
    if (isPromise(flushed)) this.occupy(flushed).catch(this.context.fail);
  }

  prepareSnapshot(checkpoint: number, isLast: boolean): void | Promise<void> {
    const flushed = this.#writer?.flush?.();
    const prepared = isPromise(flushed) ? flushed.then(() => this.prepare(checkpoint, isLast)) : this.prepare(checkpoint, isLast);
    if (isPromise(prepared)) return this.occupy(prepared);
  }

  /** Everything before a barrier is flushed. */
  protected prepare(_checkpoint: number, _isLast: boolean): void | Promise<void> {}

  async finish(): Promise<void> {
    await this.#writer?.flush?.();
    await this.#writer?.finish?.();
  }

  close(): void {
    this.#closed = true;
    const writer = this.#writer;
    this.#writer = null;
    writer?.close?.();
  }
}

/** What the writer hands over at a barrier is part of the snapshot, and committed when the checkpoint is complete. */
class CommittingSinkInstance extends SinkInstance {
  readonly #committer: SinkCommitter;

  constructor(committer: SinkCommitter, context: OperatorContext) {
    super(committer, context);
    this.#committer = committer;
  }

  restore(parts: Parameters<SinkCommitter['restore']>[0]): void {
    this.#committer.restore(parts);
  }

  /** The checkpoint is complete that the job goes on from: its transactions are committed, before the writer may look at what is left. */
  override open(): void {
    const committed = this.#committer.commitRestored();
    if (isPromise(committed)) this.occupy(committed.then(() => super.open())).catch(this.context.fail);
    else super.open();
  }

  protected override prepare(checkpoint: number, isLast: boolean): void | Promise<void> {
    return this.#committer.prepare(checkpoint, isLast);
  }

  snapshot(): ReturnType<SinkCommitter['parts']> {
    return this.#committer.parts();
  }

  checkpointCompleted(checkpoint: number): Promise<void> {
    return this.#committer.commit(checkpoint);
  }

  get hasUncommitted(): boolean {
    return this.#committer.hasUncommitted;
  }

  override async finish(): Promise<void> {
    await super.finish();
    await this.#committer.finish();
  }

  override close(): void {
    this.#committer.close();
    super.close();
  }
}
