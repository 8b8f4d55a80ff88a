/** All sinks keep the contract of sinks. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { callbackSink } from '../../src/connectors/callback/callback-sink.ts';
import { type FileSinkOptions, fileSink } from '../../src/connectors/files/file-sink.ts';
import { describeSinkConformance, type OpenSink } from './sink-conformance.ts';
import { temporaryDirectory } from './support.ts';

const words = ['one', '', 'zwölf', '日本', 'a line that is longer than the others', 'one'];

/** @param header lines in front of the first record */
function openFiles(options: FileSinkOptions, text: (record: unknown) => string, header = 0): OpenSink {
  const directory = temporaryDirectory();
  const suffix = { text: 'txt', json: 'jsonl', csv: 'csv' }[options.format];
  return {
    sink: fileSink<never>(directory, options),
    text,
    seen: (subtask) => {
      const path = join(directory, `part-${subtask}.${suffix}`);
      return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(header, -1) : undefined;
    },
  };
}

describeSinkConformance('text files', { records: words, open: () => openFiles({ format: 'text' }, String) });

describeSinkConformance('files of JSON', {
  records: [{ a: 1, b: 'x' }, null, [1, 2], 'text', 3.5, { nested: { deep: true } }],
  open: () => openFiles({ format: 'json' }, (record) => JSON.stringify(record)),
});

describeSinkConformance('files of CSV', {
  records: words.map((word, i) => ({ i, word })),
  open: () => openFiles({ format: 'csv', csv: { columns: ['i', 'word'] } }, csvText, 1),
});

function csvText(record: unknown): string {
  const { i, word } = record as { i: number; word: string };
  // An empty text is quoted, so that it is none that is missing.
  return `${i},${word === '' ? '""' : word}`;
}

function openCallback(answer: () => void | Promise<void>): OpenSink {
  const calls = new Map<number, string[]>();
  const sink = callbackSink<never>((record, { subtask }) => {
    calls.set(subtask, [...(calls.get(subtask) ?? []), String(record)]);
    return answer();
  });
  return { sink, text: String, seen: (subtask) => calls.get(subtask) };
}

describeSinkConformance('callback', { records: words, open: () => openCallback(() => {}) });

describeSinkConformance('callback that takes its time', {
  records: words,
  open: () => openCallback(() => new Promise((resolve) => setImmediate(resolve))),
});
