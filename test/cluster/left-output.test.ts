/** Output of a sink that the job has no more: what is said of it, and that files get their names as they were at the checkpoint. */

import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { encodeValue } from '../../src/batch/value-codec.ts';
import type { OperatorManifest } from '../../src/checkpoint/manifest.ts';
import { memoryStorage } from '../../src/checkpoint/memory-storage.ts';
import { commitLeftOutput, leftOutput, type OutputPlace } from '../../src/cluster/left-output.ts';
import { fileSink } from '../../src/connectors/files/file-sink.ts';
import { PreparedTransactions } from '../../src/operators/prepared-transactions.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { inline, operator, subtask } from '../checkpoint/manifests.ts';
import { filesBelow } from '../connectors/files/files-below.ts';
import { sinkContext, temporaryDirectory } from '../connectors/support.ts';

const system = nodeSystem();
const place: OutputPlace = {
  state: memoryStorage().openState({ system, limits: limitsWith(), stateDir: '' }),
  files: system.storage,
};

/** A sink in a manifest, as its subtasks stored it. */
function stored(...subtasks: readonly { readonly transactions: readonly unknown[]; readonly state: unknown }[]): OperatorManifest {
  const encoded = (value: readonly unknown[]) => {
    const sink = new ByteSink();
    encodeValue(sink, value);
    return inline(sink.bytes.slice(0, sink.length));
  };
  return operator({
    kind: 'sink',
    subtasks: subtasks.map(({ transactions, state }, index) => {
      const prepared = new PreparedTransactions(index);
      prepared.add(transactions, 1);
      const parts = Object.entries(prepared.parts([state])).map(([name, { distribution, items }]) => [
        name,
        { distribution, count: items.length, items: encoded(items) },
      ]);
      return subtask({ parts: Object.fromEntries(parts) });
    }),
  });
}

/** A part that has ended, and one that goes on, with something behind the checkpoint. */
async function written(compression?: 'gzip'): Promise<{ readonly directory: string; readonly sink: OperatorManifest }> {
  const directory = join(temporaryDirectory(), 'out');
  const sink = fileSink<string>(directory, { format: 'text', rolling: { size: 8 }, ...(compression === undefined ? {} : { compression }) });
  const writer = sink.createWriter(sinkContext({ checkpoints: true, limits: limitsWith({ sinkBytes: 1 }) }));
  for (const record of ['complete', 'open']) writer.write(record);
  writer.flush?.();
  const transactions = await writer.prepareCommit(1, false);
  const state = writer.snapshot?.();
  writer.close?.();
  return { directory, sink: stored({ transactions, state }) };
}

test('files are told of, and committed as they were', async () => {
  const { directory, sink } = await written();
  appendFileSync(join(directory, '.part-0-1.txt.inprogress'), 'behind\n');
  expect(leftOutput(sink, place)).toEqual({
    isEmpty: false,
    isCommitted: true,
    text: `2 hidden files (.….inprogress) of 14 bytes in '${directory}': part-0-0.txt (9 bytes), part-0-1.txt (5 bytes)`,
  });
  await commitLeftOutput(sink, place);
  const whole = { 'part-0-0.txt': 'complete\n', 'part-0-1.txt': 'open\n' };
  expect(filesBelow(directory)).toEqual(whole);
  // Once more, after a crash.
  await commitLeftOutput(sink, place);
  expect(filesBelow(directory)).toEqual(whole);
  expect(leftOutput(sink, place)).toMatchObject({ isEmpty: true });
});

test('compressed files too', async () => {
  const { directory, sink } = await written('gzip');
  await commitLeftOutput(sink, place);
  expect(Object.values(filesBelow(directory)).join('')).toBe('complete\nopen\n');
});

test('a file that is gone is an error', async () => {
  const { directory, sink } = await written();
  rmSync(join(directory, '.part-0-1.txt.inprogress'));
  await expect(commitLeftOutput(sink, place)).rejects.toMatchObject({ code: 'SINK_CORRUPT' });
});

test('transactions of other sinks are named, and cannot be committed', async () => {
  const sink = stored({ transactions: ['t1', { id: 7 }], state: null }, { transactions: ['t2'], state: { next: 4 } });
  expect(leftOutput(sink, place)).toEqual({ isEmpty: false, isCommitted: false, text: "3 prepared transactions: 't1', { id: 7 }, 't2'" });
  const many = stored({ transactions: [1, 2, 3, 4, 5, 6, 7], state: null });
  expect(leftOutput(many, place).text).toBe('7 prepared transactions: 1, 2, 3, 4, 5 and 2 more');
  expect(leftOutput(stored({ transactions: [], state: 1 }), place).text).toBe('what its writers hold');
  await commitLeftOutput(sink, place);
});
