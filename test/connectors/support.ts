/** What tests of connectors need: a context that says what was done with it, and readers read to their end. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Limits, limitsWith } from '../../src/base/limits.ts';
import { RecordBatch } from '../../src/batch/record-batch.ts';
import type { SinkContext, SinkWriter, TwoPhaseCommitWriter } from '../../src/graph/sink.ts';
import type { Source, SourceContext, SourceReader, SourceReaderContext, Split } from '../../src/graph/source.ts';
import type { MalformedRecord } from '../../src/metrics/bad-records.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { stringsOf } from './strings-of.ts';

/** A directory of its own, gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

export function sourceContext(limits: Partial<Limits> = {}, parallelism = 1): SourceContext {
  return { system: nodeSystem(), limits: limitsWith(limits), parallelism };
}

export function sinkContext(changes: Partial<SinkContext> = {}): SinkContext {
  return {
    system: nodeSystem(),
    limits: limitsWith(),
    subtask: 0,
    parallelism: 1,
    jobName: 'test',
    checkpoints: false,
    fail: (error) => {
      throw error;
    },
    warn: () => {},
    ...changes,
  };
}

/** Ends a writer as a job without checkpoints does; its transactions, where it has any left. */
export async function finishWriter(writer: SinkWriter<never>): Promise<readonly unknown[]> {
  await writer.flush?.();
  await writer.finish?.();
  return (await (writer as Partial<TwoPhaseCommitWriter<never>>).prepareCommit?.(undefined, true)) ?? [];
}

/** The context of one reader. */
export class ReaderContext implements SourceReaderContext {
  readonly system;
  readonly limits;
  readonly parallelism;
  readonly subtask = 0;
  readonly warnings: string[] = [];
  readonly badRecords: MalformedRecord[] = [];
  #wakes = 0;
  #failure: { readonly error: unknown } | undefined;
  #changed = () => {};

  constructor(context: SourceContext = sourceContext()) {
    this.system = context.system;
    this.limits = context.limits;
    this.parallelism = context.parallelism;
  }

  wake(): void {
    this.#wakes += 1;
    this.#changed();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#changed();
  }

  countBad(record: MalformedRecord): void {
    this.badRecords.push(record);
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.#changed();
  }

  /** Resolves when `wake` has been called since the last time. */
  async awake(): Promise<void> {
    await this.until(() => this.#wakes > 0);
    this.#wakes = 0;
  }

  /** Resolves when the condition holds after a call of this context; rejects at `fail`. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

/** The next records, waited for; undefined when the reader wants a split or is at its end. */
export async function nextBatch(reader: SourceReader<string>, context: ReaderContext): Promise<string[] | undefined> {
  for (;;) {
    const polled = reader.poll();
    if (polled instanceof RecordBatch) return stringsOf(polled);
    if (polled !== 'pending') return undefined;
    await context.awake();
  }
}

/** All further records. */
export async function drain(reader: SourceReader<string>, context: ReaderContext): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const batch = await nextBatch(reader, context);
    if (batch === undefined) return lines;
    lines.push(...batch);
  }
}

/** All records of some splits, and what the reader warned of. */
export async function readSplits<S extends Split>(source: Source<string, S>, splits: readonly S[], context: SourceContext) {
  const readerContext = new ReaderContext(context);
  const reader = source.createReader(readerContext);
  for (const split of splits) reader.addSplit(split);
  reader.noMoreSplits();
  try {
    return { lines: await drain(reader, readerContext), warnings: readerContext.warnings };
  } finally {
    reader.close();
  }
}

/** All records of a source. */
export async function readAll<S extends Split>(source: Source<string, S>, context: SourceContext = sourceContext()) {
  return readSplits(source, await source.enumerate(context), context);
}

/** The lines of a text, found in the obvious way. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() as string;
  const complete = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  return last === '' ? complete : [...complete, last];
}
