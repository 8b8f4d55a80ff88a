/** Connectors under the names that users know them by. */

import { callbackSink } from '../connectors/callback/callback-sink.ts';
import { type FileSinkOptions, fileSink } from '../connectors/files/file-sink.ts';
import { type FileSourceOptions, fileSource } from '../connectors/files/file-source.ts';
import { type HttpSinkOptions, httpSink } from '../connectors/http/http-sink.ts';
import { type SocketOptions, socketSource } from '../connectors/socket/socket-source.ts';
import { type StdinOptions, stdinSource } from '../connectors/stdin/stdin-source.ts';
import { type SyslogListenOptions, syslogSource } from '../connectors/syslog/syslog-source.ts';
import type { Sink } from '../graph/sink.ts';
import type { Source } from '../graph/source.ts';

/** Files. */
export const files = {
  /**
   * Reads lines of text, or the records of another format: a path, a glob, or several of them. Large files are divided among all subtasks;
   * `.gz` is unpacked.
   *
   * @example env.fromSource(files.source('logs/access.log*', { format: formats.combinedLog() }))
   */
  source: <T = string>(pathOrGlob: string | readonly string[], options?: FileSourceOptions<T>): Source<T> =>
    fileSource<T>(pathOrGlob, options),
  /**
   * Writes records to a directory, each subtask to files of its own. With checkpoints every record is in them exactly once.
   *
   * @example orders.sinkTo(files.sink('results', { format: 'json', rolling: { interval: '10s' } }))
   */
  sink: <T>(directory: string, options: FileSinkOptions<T>): Sink<T> => fileSink<T>(directory, options),
} as const;

/** Web services. */
export const http = {
  /**
   * Sends records to a web service, many in a request. With checkpoints at least once.
   *
   * @example orders.sinkTo(http.sink('https://example.com/orders', { headers: { authorization: `Bearer ${token}` } }))
   */
  sink: <T>(url: string, options?: HttpSinkOptions): Sink<T> => httpSink<T>(url, options),
} as const;

/** TCP. */
export const socket = {
  /** Reads lines, or the records of another format: `env.fromSource(socket.source({ host, port, reconnect: { delay: '1s' } }))`. */
  source: <T = string>(options: SocketOptions<T>): Source<T> => socketSource<T>(options),
} as const;

/** Syslog messages that others send. */
export const syslog = {
  /** Listens at a port: `env.fromSource(syslog.listen({ port: 5514, protocol: 'udp', format: formats.syslog() }))`. */
  listen: <T = string>(options: SyslogListenOptions<T>): Source<T> => syslogSource<T>(options),
} as const;

/** Standard input. */
export const stdin = {
  /** Reads lines: `env.fromSource(stdin.source({ bounded: false }))`. */
  source: <T = string>(options?: StdinOptions<T>): Source<T> => stdinSource<T>(options),
} as const;

/** A function as a sink: `orders.sinkTo(callback(async (order) => …))`. */
export const callback = callbackSink;
