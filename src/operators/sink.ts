/** The end of a stream: hands each record to a sink's writer. */

import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type Row, wholeRecord } from '../compiler/row.ts';
import type { Sink, SinkWriter } from '../graph/sink.ts';

export function sinkOperator(sink: Sink<never>): Operator {
  return {
    kind: 'sink',
    title: sink.name,
    functions: {},
    ...(sink.target === undefined ? {} : { target: sink.target }),
    retains: sink.retains ?? true,
    create: (context) => new SinkInstance(sink as Sink<unknown>, context),
  };
}

class SinkInstance implements OperatorInstance {
  readonly #sink: Sink<unknown>;
  readonly #context: OperatorContext;
  #writer: SinkWriter<unknown> | null = null;
  /** Records that came while the writer was busy; null while it is not. Generated code looks here first. */
  waiting: unknown[] | null = null;

  constructor(sink: Sink<unknown>, context: OperatorContext) {
    this.#sink = sink;
    this.#context = context;
  }

  open(): void {
    this.#writer = this.#sink.createWriter(this.#context);
  }

  generate(code: OperatorCode, row: Row, _emit: Emit): void {
    const record = code.names.fresh('record');
    const written = code.names.fresh('written');
    const sink = code.names.constant('sink', this);
    // Called as a constant, the writer can become part of the loop.
    const writer = code.names.constant('writer', this.#writer);
    code.body.line(`const ${record} = ${wholeRecord(row)};`);
    code.body.line(`if (${sink}.waiting !== null) ${sink}.waiting.push(${record});`);
    code.body.block('else', () => {
      code.body.line(`let ${written};`);
      code.body.line(`try { ${written} = ${writer}.write(${record}); } catch (error) { throw ${code.failure('error', record)}; }`);
      code.body.line(`if (${written} !== undefined && typeof ${written}?.then === 'function') ${sink}.writeLater(${written}, ${record});`);
    });
  }

  /** Waits for a record that is being written, or a flush, then writes what waits behind it, one after the other, and lets the subtask go on. */
  async writeLater(first: Promise<void>, ...record: readonly unknown[]): Promise<void> {
    const waiting: unknown[] = [];
    this.waiting = waiting;
    let current: readonly unknown[] = record;
    try {
      await first;
      // Once closed it writes no more, whatever waits.
      for (let i = 0; i < waiting.length && this.#writer !== null; i++) {
        current = [waiting[i]];
        await this.#writer.write(waiting[i]);
      }
      this.waiting = null;
      this.#context.wake();
    } catch (error) {
      this.#context.fail(this.#context.failure(error, ...current));
    }
  }

  isReady(): boolean {
    return this.waiting === null;
  }

  flush(): void {
    if (this.waiting !== null) return;
    const flushed = this.#writer?.flush?.();
    if (flushed !== undefined) void this.writeLater(flushed);
  }

  async finish(): Promise<void> {
    await this.#writer?.flush?.();
    await this.#writer?.finish?.();
  }

  close(): void {
    const writer = this.#writer;
    this.#writer = null;
    writer?.close?.();
  }
}
