/** Lines that come over a TCP connection, as a source. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { anything, checkOptions, group, type OptionRules, optional, type Rule, text, wholeNumber } from '../../base/options.ts';
import { lineType } from '../../formats/text-parser.ts';
import type { Source, Split } from '../../graph/source.ts';
import { type Reconnect, SocketReader } from './socket-reader.ts';

export interface SocketOptions {
  readonly host: string;
  readonly port: number;
  /** What to do when the server closes the connection or cannot be reached. */
  readonly reconnect?: ReconnectOptions | undefined;
  /** What ends a line; a line feed by default, with or without a carriage return in front. */
  readonly delimiter?: string | undefined;
}

export interface ReconnectOptions {
  /** Time between two attempts. */
  readonly delay: Duration;
  /** Attempts in a row until the source gives up, 10 by default. At 0 a closed connection is the end of the input. */
  readonly maxAttempts?: number;
}

const attemptsMax = 10;

const attempts: Rule = {
  expected: 'a whole number from 0, or Infinity',
  accepts: (value) => (Number.isInteger(value) && (value as number) >= 0) || value === Number.POSITIVE_INFINITY,
};

const reconnectRules: OptionRules<ReconnectOptions> = { delay: anything, maxAttempts: optional(attempts) };

export const socketRules: OptionRules<SocketOptions> = {
  host: { ...text, expected: 'a name or an address' },
  port: wholeNumber(1, 65_535),
  reconnect: optional(group<ReconnectOptions>(reconnectRules)),
  delimiter: optional(text),
};

/**
 * Reads lines of UTF-8 from a TCP server.
 *
 * A connection that cannot be opened is tried again up to `maxAttempts` times (10), with a warning at the first time, after
 * `delay` or else after 100 ms, 200 ms, 400 ms and so on up to 5 s; then the job fails. When the server closes an open
 * connection, that is the end of the input, as in Flink, unless `reconnect` is given: then it is opened again. A connection
 * that breaks fails the job unless `reconnect` is given.
 *
 * What is left at the end of a connection without a delimiter is a line, too, unless the connection broke. A socket cannot be
 * read again: after a restart the source connects anew, and what was sent meanwhile is lost.
 *
 * @param of for errors: the function as users call it
 * @throws MillraceError INVALID_OPTION at once; SOURCE_FAILED, naming host and port, when the server cannot be reached
 * @example socketTextSource({ host: 'localhost', port: 9999, reconnect: { delay: '1s' } })
 */
export function socketTextSource(options: SocketOptions, of = 'socket.source'): Source<string, Split> {
  const { host, port, delimiter = '\n', reconnect: wanted } = checkOptions<SocketOptions>(options, socketRules, of);
  const reconnect = reconnectOf(wanted, of);
  return {
    name: `socket ${host}:${port}`,
    bounded: false,
    type: lineType,
    parallelismMax: 1,
    enumerate: () => [{ id: `${host}:${port}` }],
    createReader: (context) => new SocketReader(context, { host, port, delimiter, reconnect }),
  };
}

function reconnectOf(option: ReconnectOptions | undefined, of: string): Reconnect {
  if (option === undefined) return { delayMs: undefined, attemptsMax, afterClose: false };
  const { delay, maxAttempts = attemptsMax } = option;
  return { delayMs: parseDuration(delay, `${of}: reconnect.delay`), attemptsMax: Math.max(1, maxAttempts), afterClose: maxAttempts > 0 };
}
