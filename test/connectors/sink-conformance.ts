/** What every sink must do. Each one runs this suite, and has tests of its own beside. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { type Limits, limitsWith } from '../../src/base/limits.ts';
import type { Sink, SinkWriter } from '../../src/graph/sink.ts';
import { finishWriter, sinkContext } from './support.ts';

export interface SinkSubject {
  /** A sink that has nothing yet, made anew for each test. */
  readonly open: () => OpenSink;
  /** Records that it takes. */
  readonly records: readonly unknown[];
}

export interface OpenSink {
  readonly sink: Sink<never>;
  /** What a subtask has handed to the outside, record by record as text; undefined when nothing of it can be seen. */
  readonly seen: (subtask: number) => readonly string[] | undefined;
  /** What a record becomes. */
  readonly text: (record: unknown) => string;
}

const sizes: readonly Partial<Limits>[] = [...[1, 2, 7].map((sinkBytes) => ({ sinkBytes })), {}];

export function describeSinkConformance(name: string, { open, records }: SinkSubject): void {
  describe(`sink ${name}`, () => {
    test.each(sizes)('has written every record once, in order, when it has finished: %o', async (limits) => {
      const { sink, seen, text } = open();
      const writer = openWriter(sink, { limits: limitsWith(limits) });
      for (const record of records) await writer.write(record);
      await finishWriter(writer);
      expect(seen(0)).toEqual(records.map(text));
    });

    test('may be told to flush at any time', async () => {
      const { sink, seen, text } = open();
      const writer = openWriter(sink);
      await writer.flush?.();
      for (const record of records) {
        await writer.write(record);
        await writer.flush?.();
        await writer.flush?.();
      }
      await finishWriter(writer);
      expect(seen(0)).toEqual(records.map(text));
    });

    test('may have nothing to write', async () => {
      const { sink, seen } = open();
      await finishWriter(openWriter(sink));
      expect(seen(0) ?? []).toEqual([]);
    });

    test('keeps its subtasks apart', async () => {
      const { sink, seen, text } = open();
      const writers = [0, 1, 2].map((subtask) => openWriter(sink, { subtask, parallelism: 3 }));
      for (const record of records) for (const writer of writers) await writer.write(record);
      for (const writer of writers) await finishWriter(writer);
      for (const subtask of [0, 1, 2]) expect(seen(subtask)).toEqual(records.map(text));
    });

    test('lets go when the job fails, whatever it was doing', async () => {
      for (const count of [0, 1, records.length]) {
        const { sink } = open();
        const writer = sink.createWriter(sinkContext());
        for (const record of records.slice(0, count)) await writer.write(record as never);
        writer.close?.();
      }
    });

    test('shares nothing between two runs but what is outside', async () => {
      const first = open();
      const second = open();
      for (const { sink } of [first, second]) {
        const writer = openWriter(sink);
        await writer.write(records[0]);
        await finishWriter(writer);
      }
      expect(second.seen(0)).toEqual([second.text(records[0])]);
    });
  });
}

function openWriter(sink: Sink<never>, changes: Parameters<typeof sinkContext>[0] = {}): SinkWriter<unknown> {
  const writer = sink.createWriter(sinkContext(changes)) as SinkWriter<unknown>;
  onTestFinished(() => writer.close?.());
  return writer;
}
