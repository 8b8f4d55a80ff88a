/** Connectors under the names that users know them by. */

import { callbackSink } from '../connectors/callback/callback-sink.ts';
import { fileSink } from '../connectors/files/file-sink.ts';
import { textFileSource } from '../connectors/files/text-source.ts';
import { socketTextSource } from '../connectors/socket/socket-source.ts';
import { stdinSource } from '../connectors/stdin/stdin-source.ts';

/**
 * Files: `files.source(glob)` reads lines of text, `files.sink(directory, { format })` writes one part for each subtask.
 *
 * @example orders.sinkTo(files.sink('results', { format: 'json' }))
 */
export const files = { source: textFileSource, sink: fileSink } as const;

/** Lines over TCP: `env.fromSource(socket.source({ host, port, reconnect: { delay: '1s' } }))`. */
export const socket = { source: socketTextSource } as const;

/** Standard input: `env.fromSource(stdin.source({ bounded: false }))`. */
export const stdin = { source: stdinSource } as const;

/** A function as a sink: `orders.sinkTo(callback(async (order) => …))`. */
export const callback = callbackSink;
