/**
 * Where syslog messages come in: a TCP server with its connections, or a UDP socket. Event handlers only queue what has come and wake the
 * subtask.
 */

import type { Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { MillraceError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { SourceReaderContext } from '../../graph/source.ts';
import { reasonOf } from '../failed-operation.ts';
import { FramingError, MessageFraming } from './message-framing.ts';
import type { MessageQueue } from './message-queue.ts';

export interface ListenAddress {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface SyslogServer {
  readonly bytesRead: number;
  /** There is room again for what comes. */
  resume(): void;
  close(): void;
}

export function listen(address: ListenAddress, queue: MessageQueue, context: SourceReaderContext): SyslogServer {
  return address.protocol === 'tcp' ? new TcpServer(address, queue, context) : new UdpServer(address, queue, context);
}

class TcpServer implements SyslogServer {
  bytesRead = 0;
  readonly #server: Server;
  readonly #queue: MessageQueue;
  readonly #context: SourceReaderContext;
  readonly #limits: Limits;
  readonly #sockets = new Set<Socket>();

  constructor(address: ListenAddress, queue: MessageQueue, context: SourceReaderContext) {
    this.#queue = queue;
    this.#context = context;
    this.#limits = context.limits;
    this.#server = process.getBuiltinModule('node:net').createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = this.#limits.syslogConnections;
    this.#server.on('drop', () =>
      context.warn(`syslog: refused a connection: ${this.#limits.syslogConnections} are open already`, 'syslog: refused'),
    );
    this.#server.on('error', (error) => context.fail(cannotListen(address, error)));
    this.#server.listen(address.port, address.host, () => tellPort(address, this.#server.address(), context));
  }

  resume(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #connected(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const framing = new MessageFraming(this.#limits.syslogMessageBytes, (message) => this.#queue.add(message));
    this.#sockets.add(socket);
    socket.setKeepAlive(true, this.#limits.keepAliveMs);
    socket.on('data', (chunk: Buffer) => this.#guarded(socket, peer, () => this.#arrived(framing, chunk)));
    socket.on('end', () => this.#guarded(socket, peer, () => this.#ended(framing, peer)));
    socket.on('error', (error) =>
      this.#context.warn(`syslog: the connection of ${peer} broke: ${reasonOf(error)}`, `syslog: broken, ${reasonOf(error)}`),
    );
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#isFull) socket.pause();
  }

  get #isFull(): boolean {
    return this.#queue.waitingBytes >= this.#limits.syslogWaitingBytes;
  }

  #arrived(framing: MessageFraming, chunk: Buffer): void {
    this.bytesRead += chunk.length;
    framing.add(chunk);
    if (this.#isFull) for (const socket of this.#sockets) socket.pause();
    this.#context.wake();
  }

  #ended(framing: MessageFraming, peer: string): void {
    const left = framing.end();
    if (left > 0)
      this.#context.warn(`syslog: ${peer} closed the connection in the midst of a message, which is left out`, 'syslog: cut off');
    this.#context.wake();
  }

  /** What one client does wrong ends its connection, and no other. */
  #guarded(socket: Socket, peer: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.#context.warn(`syslog: closed the connection of ${peer}: ${error.message}`, `syslog: closed, ${error.message}`);
      socket.destroy();
      this.#context.wake();
    }
  }
}

class UdpServer implements SyslogServer {
  bytesRead = 0;
  readonly #socket: UdpSocket;
  readonly #queue: MessageQueue;
  readonly #context: SourceReaderContext;
  #dropped = 0;

  constructor(address: ListenAddress, queue: MessageQueue, context: SourceReaderContext) {
    this.#queue = queue;
    this.#context = context;
    this.#socket = process.getBuiltinModule('node:dgram').createSocket(address.host.includes(':') ? 'udp6' : 'udp4');
    this.#socket.on('error', (error) => context.fail(cannotListen(address, error)));
    this.#socket.on('message', (message) => this.#arrived(message));
    this.#socket.bind(address.port, address.host, () => tellPort(address, this.#socket.address(), context));
  }

  /** Nothing holds up a sender. */
  resume(): void {}

  close(): void {
    this.#socket.close();
  }

  #arrived(message: Buffer): void {
    this.bytesRead += message.length;
    if (this.#queue.waitingBytes >= this.#context.limits.syslogWaitingBytes) this.#drop();
    else this.#queue.add(message);
    this.#context.wake();
  }

  /** Tells of the 1st, the 10th, the 100th and so on. */
  #drop(): void {
    this.#dropped++;
    if (!Number.isInteger(Math.log10(this.#dropped))) return;
    const { syslogWaitingBytes } = this.#context.limits;
    this.#context.warn(
      `syslog: the job is slower than what comes by UDP, of which ${syslogWaitingBytes} bytes wait; datagrams dropped so far: ${this.#dropped}. ` +
        'TCP would hold up the senders instead',
    );
  }
}

function cannotListen({ protocol, host, port }: ListenAddress, error: Error): MillraceError {
  const { code } = error as NodeJS.ErrnoException;
  const wayOut =
    code === 'EADDRINUSE'
      ? '; another program listens there, or another subtask: choose another port'
      : code === 'EACCES'
        ? '; ports below 1024 are for privileged programs: choose one above, and have senders use that'
        : '';
  return new MillraceError('SOURCE_FAILED', `cannot listen for syslog at ${protocol} ${host}:${port}: ${reasonOf(error)}${wayOut}`, {
    cause: error,
  });
}

/** Where any free port would do, somebody has to be told which one it is. */
function tellPort({ protocol, host, port }: ListenAddress, bound: ReturnType<Server['address']>, context: SourceReaderContext): void {
  if (port === 0 && typeof bound === 'object' && bound !== null) context.warn(`syslog: listening at ${protocol} ${host}:${bound.port}`);
}
