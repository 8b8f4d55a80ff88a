/** All sources keep the contract of sources. */

import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { dataSource } from '../../src/connectors/data/data-source.ts';
import { sequenceSource } from '../../src/connectors/data/sequence-source.ts';
import { fileSource } from '../../src/connectors/files/file-source.ts';
import { socketSource } from '../../src/connectors/socket/socket-source.ts';
import { StdinReader } from '../../src/connectors/stdin/stdin-reader.ts';
import { stdinSource } from '../../src/connectors/stdin/stdin-source.ts';
import { text as textFormat } from '../../src/formats/format.ts';
import type { Source, Split } from '../../src/graph/source.ts';
import { describeSourceConformance } from './source-conformance.ts';
import { temporaryDirectory } from './support.ts';

function untyped<T, S extends Split>(source: Source<T, S>): Source<unknown, Split> {
  return source as unknown as Source<unknown, Split>;
}

const lines = ['one', '', 'zwölf', '日本', 'a line that is longer than the others', ...Array.from({ length: 40 }, (_, i) => `line ${i}`)];
const text = `${lines.join('\n')}\n`;

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return path;
}

const rows = Array.from({ length: 50 }, (_, i) => ({ i, text: `row ${i}` }));
describeSourceConformance('fromData', { repeatable: true, open: () => ({ source: untyped(dataSource(rows)), records: rows }) });

describeSourceConformance('fromData of nothing', { repeatable: true, open: () => ({ source: untyped(dataSource([])), records: [] }) });

describeSourceConformance('fromSequence', {
  repeatable: true,
  open: () => ({ source: untyped(sequenceSource({ from: -20, to: 20 })), records: Array.from({ length: 41 }, (_, i) => i - 20) }),
});

describeSourceConformance('fromSequence beyond 32 bits', {
  repeatable: true,
  open: () => ({
    source: untyped(sequenceSource({ from: 2 ** 31 - 10, to: 2 ** 31 + 10 })),
    records: Array.from({ length: 21 }, (_, i) => 2 ** 31 - 10 + i),
  }),
});

describeSourceConformance('text file', {
  repeatable: true,
  open: () => ({ source: untyped(fileSource(fileOf('some.txt', text))), records: lines }),
});

describeSourceConformance('several text files', {
  repeatable: true,
  open: () => ({
    source: untyped(fileSource([fileOf('a.txt', text), fileOf('b.txt', 'without an end'), fileOf('c.txt', '')])),
    records: [...lines, 'without an end'],
  }),
});

describeSourceConformance('packed text file', {
  repeatable: true,
  open: () => ({ source: untyped(fileSource(fileOf('some.txt.gz', gzipSync(text)))), records: lines }),
});

describeSourceConformance('socket', {
  repeatable: false,
  open: async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(text);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    return { source: untyped(socketSource({ host: '127.0.0.1', port })), records: lines };
  },
});

describeSourceConformance('stdin', {
  repeatable: false,
  open: () => {
    // Another descriptor than 0, which belongs to the process that runs the tests; the reader closes it.
    const file = fileOf('stdin.txt', text);
    const source = stdinSource({ bounded: true });
    return {
      source: untyped({
        ...source,
        createReader: (context) =>
          new StdinReader(context, { descriptor: openSync(file, 'r'), front: undefined }, { format: textFormat() }),
      }),
      records: lines,
    };
  },
});
