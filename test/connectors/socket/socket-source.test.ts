/** Lines over TCP, with a real server: cut anywhere, closed, broken, not there yet, or gone. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formats } from '../../../src/api/formats.ts';
import type { FixedColumn } from '../../../src/batch/column.ts';
import { RecordBatch } from '../../../src/batch/record-batch.ts';
import { refusalOf } from '../../../src/connectors/socket/refusal.ts';
import { type SocketOptions, socketSource } from '../../../src/connectors/socket/socket-source.ts';
import type { SourceReader } from '../../../src/graph/source.ts';
import { t } from '../../../src/schema/type.ts';
import { ranges, readerLimits, text } from '../arbitraries.ts';
import { drain, linesOf, nextBatch, ReaderContext, sourceContext } from '../support.ts';

const host = '127.0.0.1';

interface TestServer {
  readonly server: Server;
  readonly port: number;
}

/** A server that does as told with each connection. */
async function listen(serve: (socket: Socket) => void, port = 0): Promise<TestServer> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const { server, port } = await listen(() => {});
  server.close();
  await once(server, 'close');
  return port;
}

async function openReader(options: SocketOptions, context = new ReaderContext()): Promise<SourceReader<string>> {
  const source = socketSource(options);
  const reader = source.createReader(context);
  onTestFinished(() => reader.close());
  for (const split of await source.enumerate(context)) reader.addSplit(split);
  reader.noMoreSplits();
  return reader;
}

/** Sends chunks one after the other, each handed to the system before the next. */
async function send(socket: Socket, chunks: readonly Buffer[]): Promise<void> {
  socket.setNoDelay(true);
  for (const chunk of chunks) await new Promise((resolve) => socket.write(chunk, resolve));
  socket.end();
}

const chunks = text
  .map((content) => Buffer.from(content))
  .chain((whole) => ranges(whole.length).map((parts) => parts.map(({ start, end }) => whole.subarray(start, end))));

describe('socketSource', () => {
  it('gives the lines that the server sends until it closes, whatever the chunks', async () => {
    let next: readonly Buffer[] = [];
    const { port } = await listen((socket) => void send(socket, next));
    await fc.assert(
      fc.asyncProperty(chunks, readerLimits, async (parts, limits) => {
        next = parts;
        const context = new ReaderContext(sourceContext(limits));
        const reader = await openReader({ host, port }, context);
        expect(await drain(reader, context)).toEqual(linesOf(Buffer.concat(parts).toString()));
        expect(reader.poll()).toBe('end');
        expect(reader.splits()).toEqual([]);
        expect(reader.bytesRead).toBe(Buffer.concat(parts).length);
        reader.close();
      }),
      { numRuns: 60 },
    );
  });

  it('gives a line as soon as it is there', async () => {
    const context = new ReaderContext();
    let connection: Socket | undefined;
    const { port } = await listen((socket) => {
      connection = socket;
      socket.write('first\nsec');
    });
    const reader = await openReader({ host, port }, context);
    expect(await nextBatch(reader, context)).toEqual(['first']);
    expect(reader.poll()).toBe('pending');
    expect(reader.splits()).toEqual([{ id: `${host}:${port}` }]);
    connection?.write('ond\n');
    expect(await nextBatch(reader, context)).toEqual(['second']);
  });

  it('takes another delimiter', async () => {
    const context = new ReaderContext();
    const { port } = await listen((socket) => socket.end('a\n;b;;c'));
    const reader = await openReader({ host, port, delimiter: ';' }, context);
    expect(await drain(reader, context)).toEqual(['a\n', 'b', '', 'c']);
  });

  it('reads the records of a format, and counts those that are none', async () => {
    const context = new ReaderContext();
    const { port } = await listen((socket) => socket.end('n:1\nnothing\nn:2\n'));
    const source = socketSource({ host, port, format: formats.ltsv({ n: t.float64 }), onError: { sideOutput: { id: 'bad' } } });
    const reader = source.createReader(context);
    onTestFinished(() => reader.close());
    for (const split of await source.enumerate(context)) reader.addSplit(split);
    reader.noMoreSplits();
    const rows: unknown[] = [];
    const aside: unknown[] = [];
    for (let polled = reader.poll(); polled !== 'end'; polled = reader.poll()) {
      if (polled instanceof RecordBatch)
        rows.push(...[...(polled.columns[0] as FixedColumn).values(polled.rowCount)].slice(0, polled.rowCount));
      if (polled === 'pending') await context.awake();
      aside.push(...(reader.takeSide?.()?.records ?? []));
    }
    expect(rows).toEqual([1, 2]);
    expect(aside).toEqual([expect.objectContaining({ file: `socket ${host}:${port}`, offset: 4, text: 'nothing' })]);
    expect(context.badRecords).toEqual(aside);
  });

  it('refuses a delimiter for a format', () => {
    expect(() => socketSource({ host, port: 1, delimiter: ';', format: formats.ltsv() })).toThrow(
      /delimiter is for lines of text, and ltsv says itself what ends a record/,
    );
  });

  it('warns of invalid UTF-8', async () => {
    const context = new ReaderContext();
    const { port } = await listen((socket) => socket.end(Buffer.from('ok\n\xff\n', 'latin1')));
    const reader = await openReader({ host, port }, context);
    expect(await drain(reader, context)).toEqual(['ok', '\ufffd']);
    expect(context.warnings).toEqual([
      `socket ${host}:${port}: byte 3 is not valid UTF-8; such bytes become U+FFFD. If it is Latin-1, read it with encoding: 'latin1'`,
    ]);
  });

  it('holds the server back while its lines are not taken', async () => {
    const context = new ReaderContext(sourceContext({ readBytes: 1024 }));
    const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i} ${'x'.repeat(100)}`);
    const { port } = await listen((socket) => socket.end(lines.join('\n')));
    const reader = await openReader({ host, port }, context);
    await context.awake();
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(reader.bytesRead).toBeLessThan(500_000);
    expect(await drain(reader, context)).toEqual(lines);
  });

  it('waits for a server that is not there yet, and says so once', async () => {
    const port = await freePort();
    const context = new ReaderContext();
    const reader = await openReader({ host, port, reconnect: { delay: 1, maxAttempts: Number.POSITIVE_INFINITY } }, context);
    await context.until(() => context.warnings.length > 0);
    expect(context.warnings).toEqual([
      `cannot connect to ${host}:${port}: nobody listens at this port (ECONNREFUSED); trying until it can be reached`,
    ]);
    expect(reader.poll()).toBe('pending');
    await listen((socket) => socket.write('at last\n'), port);
    expect(await nextBatch(reader, context)).toEqual(['at last']);
    expect(context.warnings).toHaveLength(1);
  });

  it('gives up in the end, naming host and port', async () => {
    const port = await freePort();
    const context = new ReaderContext();
    await openReader({ host, port, reconnect: { delay: 0, maxAttempts: 3 } }, context);
    await expect(context.until(() => false)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: `cannot connect to ${host}:${port}, tried 3 times: nobody listens at this port (ECONNREFUSED); start the server first, or correct host and port`,
    });
  });

  it('says the same of a name with several addresses, all of which refuse', async () => {
    const port = await freePort();
    const context = new ReaderContext();
    await openReader({ host: 'localhost', port, reconnect: { delay: 0, maxAttempts: 1 } }, context);
    await expect(context.until(() => false)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: `cannot connect to localhost:${port}, tried once: nobody listens at this port (ECONNREFUSED); start the server first, or correct host and port`,
    });
  });

  it.each([
    ['ENOTFOUND', 'there is no host of this name (ENOTFOUND)', 'correct it'],
    ['EHOSTUNREACH', 'the host does not answer (EHOSTUNREACH)', 'is it the right one, and does a firewall let the connection through?'],
    ['EACCES', 'connect EACCES', undefined],
    ['toString', 'toString: connect EACCES', undefined],
  ])('explains %s', (code, reason, wayOut) => {
    expect(refusalOf(Object.assign(new Error('connect EACCES'), { code }))).toEqual({ reason, wayOut });
  });

  it('connects again to a server that was restarted', async () => {
    const context = new ReaderContext();
    const first = await listen((socket) => socket.end('one\npart'));
    const reader = await openReader({ host, port: first.port, reconnect: { delay: 1, maxAttempts: Number.POSITIVE_INFINITY } }, context);
    expect(await nextBatch(reader, context)).toEqual(['one']);
    first.server.close();
    expect(await nextBatch(reader, context)).toEqual(['part']);
    expect(reader.poll()).toBe('pending');
    await context.until(() => context.warnings.length > 0);
    await listen((socket) => socket.write('two\n'), first.port);
    expect(await nextBatch(reader, context)).toEqual(['two']);
    expect(reader.bytesRead).toBe('one\npart'.length + 'two\n'.length);
  });

  it('fails when the connection breaks', async () => {
    const context = new ReaderContext();
    const connections: Socket[] = [];
    const { port } = await listen((socket) => {
      connections.push(socket);
      socket.write('one\nhalf');
    });
    const reader = await openReader({ host, port }, context);
    expect(await nextBatch(reader, context)).toEqual(['one']);
    connections[0]?.resetAndDestroy();
    await expect(nextBatch(reader, context)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: `the connection to ${host}:${port} broke: read ECONNRESET`,
    });
  });

  it('connects again when the connection breaks and it was asked to, and says that a line is lost', async () => {
    const context = new ReaderContext();
    const connections: Socket[] = [];
    const { port } = await listen((socket) => {
      connections.push(socket);
      socket.write(`${connections.length}\nhalf`);
    });
    const reader = await openReader({ host, port, reconnect: { delay: 0 } }, context);
    expect(await nextBatch(reader, context)).toEqual(['1']);
    connections[0]?.resetAndDestroy();
    expect(await nextBatch(reader, context)).toEqual(['2']);
    expect(context.warnings).toEqual([
      `the connection to ${host}:${port} broke (read ECONNRESET); connecting again, an unfinished line is lost`,
    ]);
  });

  it('refuses options that make no sense', () => {
    expect(() => socketSource({ host: '', port: 1 })).toThrow(/host/);
    expect(() => socketSource({ host, port: 0 })).toThrow(/port must be a whole number from 1 to 65535, not 0/);
    expect(() => socketSource({ host, port: 1, delimiter: '' })).toThrow(/delimiter/);
    expect(() => socketSource({ host, port: 1, reconnect: { delay: 1, maxAttempts: -1 } })).toThrow(/maxAttempts/);
    expect(() => socketSource({ host, port: 1, reconnect: { delay: '1x' as '1s' } })).toThrow(/socket.source: reconnect.delay/);
  });
});
