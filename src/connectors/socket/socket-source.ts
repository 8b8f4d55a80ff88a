/** Lines that come over a TCP connection, as a source. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { MillraceError } from '../../base/errors.ts';
import { anything, checkOptions, group, type OptionRules, optional, type Rule, text, wholeNumber } from '../../base/options.ts';
import { type Format, text as textFormat } from '../../formats/format.ts';
import { lineType, TextParser } from '../../formats/text-parser.ts';
import type { Source, SourceReader, Split } from '../../graph/source.ts';
import { type FormatOptions, formatDetails, formatRules, type ParsingOptions, parsedType } from '../lines/parsing.ts';
import { type Reconnect, SocketReader, type SocketReaderOptions } from './socket-reader.ts';

export interface SocketOptions<T = string> extends FormatOptions<T> {
  readonly host: string;
  readonly port: number;
  /** What to do when the server closes the connection or cannot be reached. */
  readonly reconnect?: ReconnectOptions | undefined;
  /** What ends a line of text; a line feed by default, with or without a carriage return in front. */
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

export const socketRules: OptionRules<SocketOptions<never>> = {
  host: { ...text, expected: 'a name or an address' },
  port: wholeNumber(1, 65_535),
  reconnect: optional(group<ReconnectOptions>(reconnectRules)),
  delimiter: optional(text),
  ...formatRules,
};

/**
 * Reads lines of text, or the records of another format, from a TCP server.
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
 * @example socketSource({ host: 'localhost', port: 9999, reconnect: { delay: '1s' } })
 */
export function socketSource<T = string>(options: SocketOptions<T>, of = 'socket.source'): Source<T, Split> {
  const checked = checkOptions<SocketOptions<T>>(options, socketRules as never, of);
  const { host, port, delimiter, reconnect: wanted, format: given, ...parsing } = checked;
  if (given !== undefined && delimiter !== undefined)
    throw new MillraceError('INVALID_OPTION', `${of}: delimiter is for lines of text, and ${given.name} says itself what ends a record`);
  const format = (given ?? (delimiter === undefined ? textFormat() : delimitedText(delimiter))) as Format<unknown>;
  return socketSourceOf<T>({ host, port, reconnect: reconnectOf(wanted, of) }, { ...parsing, format });
}

function socketSourceOf<T>(options: SocketReaderOptions, parsing: ParsingOptions): Source<T, Split> {
  const place = `${options.host}:${options.port}`;
  return {
    name: `socket ${place}`,
    bounded: false,
    type: parsedType(parsing),
    hasAnyFields: parsing.format.hasAnyFields === true,
    details: formatDetails(parsing.format),
    parallelismMax: 1,
    enumerate: () => [{ id: place }],
    createReader: (context) => new SocketReader(context, options, parsing) as SourceReader<T, Split>,
    project: (fields, _, members) => socketSourceOf<T>(options, { ...parsing, fields, members }),
  };
}

function delimitedText(delimiter: string): Format<string> {
  return { name: 'text', type: lineType, divisible: false, createParser: (options) => new TextParser({ ...options, delimiter }) };
}

function reconnectOf(option: ReconnectOptions | undefined, of: string): Reconnect {
  if (option === undefined) return { delayMs: undefined, attemptsMax, afterClose: false };
  const { delay, maxAttempts = attemptsMax } = option;
  return { delayMs: parseDuration(delay, `${of}: reconnect.delay`), attemptsMax: Math.max(1, maxAttempts), afterClose: maxAttempts > 0 };
}
