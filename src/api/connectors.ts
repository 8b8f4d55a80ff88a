/** Connectors under the names that users know them by. */

import { callbackSink } from '../connectors/callback/callback-sink.ts';
import { type FileSinkOptions, fileSink } from '../connectors/files/file-sink.ts';
import { type FileSourceOptions, textFileSource } from '../connectors/files/text-source.ts';
import { type SocketOptions, socketTextSource } from '../connectors/socket/socket-source.ts';
import { type StdinOptions, stdinSource } from '../connectors/stdin/stdin-source.ts';
import type { Sink } from '../graph/sink.ts';
import type { Source } from '../graph/source.ts';

/** Files. */
export const files = {
  /** Reads lines of text: a path, a glob, or several of them. Large files are divided among all subtasks; `.gz` is unpacked. */
  source: (pathOrGlob: string | readonly string[], options?: FileSourceOptions): Source<string> => textFileSource(pathOrGlob, options),
  /**
   * Writes records to a directory, each subtask to files of its own. With checkpoints every record is in them exactly once.
   *
   * @example orders.sinkTo(files.sink('results', { format: 'json', rolling: { interval: '10s' } }))
   */
  sink: <T>(directory: string, options: FileSinkOptions<T>): Sink<T> => fileSink<T>(directory, options),
} as const;

/** TCP. */
export const socket = {
  /** Reads lines: `env.fromSource(socket.source({ host, port, reconnect: { delay: '1s' } }))`. */
  source: (options: SocketOptions): Source<string> => socketTextSource(options),
} as const;

/** Standard input. */
export const stdin = {
  /** Reads lines: `env.fromSource(stdin.source({ bounded: false }))`. */
  source: (options?: StdinOptions): Source<string> => stdinSource(options),
} as const;

/** A function as a sink: `orders.sinkTo(callback(async (order) => …))`. */
export const callback = callbackSink;
