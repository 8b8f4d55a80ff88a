/** A port that syslog messages are sent to: real sockets. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Limits } from '../../../src/base/limits.ts';
import { RecordBatch } from '../../../src/batch/record-batch.ts';
import { type SyslogListenOptions, syslogSource } from '../../../src/connectors/syslog/syslog-source.ts';
import { stringsOf } from '../strings-of.ts';
import { ReaderContext, sourceContext } from '../support.ts';

async function listening(options: Partial<SyslogListenOptions> = {}, limits: Partial<Limits> = {}) {
  const context = new ReaderContext(sourceContext(limits));
  const source = syslogSource({ port: 0, ...options });
  const reader = source.createReader(context);
  onTestFinished(() => reader.close());
  for (const split of await source.enumerate(context)) reader.addSplit(split);
  await context.until(() => context.warnings.length > 0);
  const port = Number(/:(\d+)$/.exec(context.warnings.shift() as string)?.[1]);
  const messages: string[] = [];
  const until = async (count: number): Promise<string[]> => {
    while (messages.length < count) {
      const polled = reader.poll();
      if (polled instanceof RecordBatch) messages.push(...stringsOf(polled));
      else await context.awake();
    }
    return messages;
  };
  return { context, reader, port, until };
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

describe('over TCP', () => {
  it('takes messages of many connections, each framed in its own way', async () => {
    const { port, until } = await listening();
    const [counted, lines] = [await client(port), await client(port)];
    counted.write('5 <1>a\n3 <2>');
    lines.write('<3>b\r\n<4>');
    expect((await until(3)).sort()).toEqual(['<1>a', '<2>', '<3>b']);
    lines.end('c');
    counted.write('7 <5>d\ne\n');
    expect((await until(5)).slice(3).sort()).toEqual(['<4>c', '<5>d#012e']);
  });

  it('disconnects a client that does not frame its messages, and no other', async () => {
    const { port, until, context } = await listening();
    const [wrong, right] = [await client(port), await client(port)];
    wrong.write('3 <1>and no length');
    await once(wrong, 'close');
    right.write('<2>b\n');
    expect((await until(2)).sort()).toEqual(['<1>', '<2>b']);
    expect(context.warnings).toEqual([
      expect.stringMatching(/^syslog: closed the connection of 127.0.0.1:\d+: a message does not begin with its length$/),
    ]);
  });

  it('tells of a message that was cut off', async () => {
    const { port, context } = await listening();
    (await client(port)).end('10 <1>');
    await context.until(() => context.warnings.length > 0);
    expect(context.warnings[0]).toMatch(/closed the connection in the midst of a message/);
  });

  it('holds up senders while the job is behind, and loses nothing', async () => {
    const { port, until } = await listening({}, { syslogWaitingBytes: 1000, syslogMessageBytes: 100 });
    const socket = await client(port);
    const all = Array.from({ length: 20_000 }, (_, i) => `<1>message ${i}`);
    socket.end(`${all.join('\n')}\n`);
    expect(await until(all.length)).toEqual(all);
  });

  it('says when the port is taken', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const context = new ReaderContext();
    const reader = syslogSource({ port }).createReader(context);
    onTestFinished(() => reader.close());
    reader.addSplit({ id: 'any' });
    await expect(context.awake()).rejects.toThrow(`cannot listen for syslog at tcp 127.0.0.1:${port}: `);
  });
});

describe('over UDP', () => {
  it('takes a datagram for a message, and drops what there is no room for', async () => {
    const { port, until, context } = await listening({ protocol: 'udp' }, { syslogWaitingBytes: 10, syslogMessageBytes: 10 });
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    const send = (text: string) => new Promise<void>((resolve) => socket.send(text, port, '127.0.0.1', () => resolve()));
    await send('<1>one\ntwo\n');
    expect(await until(1)).toEqual(['<1>one#012two']);
    await send('<2>the queue is full');
    await context.awake();
    await send('<3>dropped');
    await context.until(() => context.warnings.length > 0);
    expect(context.warnings).toEqual([expect.stringMatching(/slower than what comes by UDP, .* dropped so far: 1\. TCP would hold up/)]);
    expect(await until(2)).toEqual(['<1>one#012two', '<2>the queue is full']);
    await send('<4>');
    expect((await until(3)).at(-1)).toBe('<4>');
  });
});
