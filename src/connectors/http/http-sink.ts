/** Records as requests to a web service: many in each, at least once where checkpoints are taken. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { MillraceError } from '../../base/errors.ts';
import {
  anything,
  checkArgument,
  checkOptions,
  group,
  type OptionRules,
  objectLike,
  oneOf,
  optional,
  type Rule,
  wholeNumber,
} from '../../base/options.ts';
import type { Sink } from '../../graph/sink.ts';
import type { HttpTarget } from './delivery.ts';
import { type BatchFormat, HttpWriter } from './http-writer.ts';

export interface HttpSinkOptions {
  /** The body of a request. `'json-array'`, the default: one array; `'json-lines'`: a record on each line. */
  readonly format?: 'json-array' | 'json-lines';
  /** `'POST'` by default. */
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  /** Further headers, or others than the sink's own `content-type`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Records of a request at most; 500 by default. */
  readonly batchSize?: number;
  /** Bytes of its body at most, but for a record that is longer itself; 1 MiB by default. */
  readonly batchBytes?: number;
  /** How long a record waits for others; `'1s'` by default. A checkpoint does not wait. */
  readonly linger?: Duration;
  /** Requests of a subtask that are on their way at a time; 1 by default, which keeps their order. When they are so many, the input waits. */
  readonly maxInFlight?: number;
  /** For the answer to a request; `'30s'` by default. */
  readonly timeout?: Duration;
  readonly retry?: HttpRetryOptions;
}

/** How a request is made again that got no answer, or 429 or 5xx. */
export interface HttpRetryOptions {
  /** Requests in all, the first one included; 10 by default. */
  readonly attempts?: number;
  /** Before the second one; `'200ms'` by default. */
  readonly delay?: Duration;
  /** The delay is multiplied by this each time; 2 by default. */
  readonly backoff?: number;
  /** The longest delay, unless the answer says `Retry-After`; `'30s'` by default. */
  readonly maxDelay?: Duration;
  /** Share of the delay that it is longer or shorter by, by chance; 0.2 by default. */
  readonly jitter?: number;
}

const defaultBatchBytes = 2 ** 20;

/**
 * Sends records to a web service.
 *
 * @throws MillraceError INVALID_OPTION; later SINK_FAILED when no request gets through, SINK_REFUSED at an answer that the same request
 * would get again, UNSUPPORTED_VALUE for a record that JSON cannot hold
 * @example httpSink('https://example.com/orders', { headers: { authorization: `Bearer ${token}` } })
 */
export function httpSink<T>(url: string, options: HttpSinkOptions = {}): Sink<T> {
  checkArgument(url, urlRule, 'http.sink: the URL');
  const checked = checkOptions<HttpSinkOptions>(options, httpSinkRules, 'http.sink');
  const { format = 'json-array', batchSize = 500, batchBytes = defaultBatchBytes, linger = '1s', maxInFlight = 1 } = checked;
  const target = targetOf(url, checked);
  const batches = { format: formats[format], records: batchSize, bytes: batchBytes, maxInFlight };
  const lingerMs = parseDuration(linger, 'http.sink: linger');
  return {
    name: target.name,
    retains: false,
    createWriter: (context) => new HttpWriter({ target, ...batches, lingerMs, context }),
  };
}

const formats: Readonly<Record<'json-array' | 'json-lines', BatchFormat & { readonly contentType: string }>> = {
  'json-array': { start: '[', between: ',', end: ']', contentType: 'application/json' },
  'json-lines': { start: '', between: '\n', end: '\n', contentType: 'application/x-ndjson' },
};

function targetOf(
  url: string,
  { format = 'json-array', method = 'POST', headers = {}, timeout = '30s', retry = {} }: HttpSinkOptions,
): HttpTarget {
  const { origin, pathname } = new URL(url);
  const { attempts = 10, delay = '200ms', backoff = 2, maxDelay = '30s', jitter = 0.2 } = retry;
  return {
    url,
    // What else is in it may be a secret.
    name: `${origin}${pathname}`,
    method,
    headers: { 'content-type': formats[format].contentType, ...plainHeaders(headers) },
    timeoutMs: parseDuration(timeout, 'http.sink: timeout'),
    retry: {
      attempts,
      delayMs: parseDuration(delay, 'http.sink: retry.delay'),
      backoff,
      delayMsMax: parseDuration(maxDelay, 'http.sink: retry.maxDelay'),
      jitter,
    },
  };
}

/** With names in lower case. @throws MillraceError INVALID_OPTION */
function plainHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(new Headers(headers));
  } catch (error) {
    throw new MillraceError('INVALID_OPTION', `http.sink: headers: ${(error as Error).message}`, { cause: error });
  }
}

const urlRule: Rule = {
  expected: "the URL of a service, such as 'https://example.com/orders', with name and password, if any, in headers.authorization",
  accepts: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return false;
    const { protocol, username, password } = new URL(value);
    return /^https?:$/.test(protocol) && username === '' && password === '';
  },
};

const retryRules: OptionRules<HttpRetryOptions> = {
  attempts: optional(wholeNumber(1)),
  delay: optional(anything),
  backoff: optional({ expected: 'a number from 1', accepts: (value) => Number.isFinite(value) && (value as number) >= 1 }),
  maxDelay: optional(anything),
  jitter: optional({
    expected: 'a number from 0 to 1',
    accepts: (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= 1,
  }),
};

const httpSinkRules: OptionRules<HttpSinkOptions> = {
  format: optional(oneOf('json-array', 'json-lines')),
  method: optional(oneOf('POST', 'PUT', 'PATCH')),
  headers: optional(objectLike({ authorization: '' })),
  batchSize: optional(wholeNumber(1)),
  batchBytes: optional(wholeNumber(1)),
  linger: optional(anything),
  maxInFlight: optional(wholeNumber(1)),
  timeout: optional(anything),
  retry: optional(group<HttpRetryOptions>(retryRules)),
};
