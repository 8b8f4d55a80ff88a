/**
 * The common and the combined log format, as Apache's httpd and nginx write them:
 *
 *     127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 2326 "http://example.com/" "Mozilla/5.0"
 *
 * The common format ends behind the bytes. Behind the combined one servers are often told to write more: a number that comes next is the
 * time of the request, as nginx writes `$request_time`; what else there is stays unread. In both, `-` stands for a value that is not there. Servers escape what would end a quoted
 * field, and bytes that cannot be printed: `\"`, `\\`, `\n`, `\xhh`.
 */

import type { Format } from './format.ts';
import { lineFormat } from './line-format.ts';
import {
  countPart,
  type FieldPart,
  type LinePart,
  quotedPart,
  scanQuoted,
  stringOrNull,
  stringPart,
  timePart,
  unescapeQuoted,
} from './line-parts.ts';
import type { FieldSpec } from './parser-code.ts';
import { checkAt, lineFeed, slowNumber } from './scan-code.ts';
import { ClfTime } from './times.ts';

/** A request, as the common log format tells of it. */
export interface CommonLog {
  /** Address or name of the client. */
  readonly ip: string;
  /** Who the client says it is; null where it says nothing. */
  readonly user: string | null;
  /** When the request came, epoch milliseconds. */
  readonly timestamp: number;
  /** Null where the request is no method, path and protocol. */
  readonly method: string | null;
  /** What was asked for; the whole request where that is no method, path and protocol. */
  readonly url: string;
  readonly protocol: string | null;
  readonly status: number;
  /** Bytes of the response without its headers. */
  readonly bytes: number;
  /** The line. */
  readonly raw: string;
}

/** A request, as the combined log format tells of it. */
export interface CombinedLog extends Omit<CommonLog, 'raw'> {
  /** Where the client came from; null where it does not say. */
  readonly referrer: string | null;
  /** The program that asked; null where it does not say. */
  readonly userAgent: string | null;
  /** Seconds that the request took, where the server writes a number behind the format's own fields; null elsewhere. */
  readonly requestTime: number | null;
  /** The line. */
  readonly raw: string;
}

/** The records of `formats.commonLog()`. */
export function commonLog(): Format<CommonLog> {
  return lineFormat<CommonLog>({ name: 'commonLog', parts: commonParts });
}

/** The records of `formats.combinedLog()`. */
export function combinedLog(): Format<CombinedLog> {
  return lineFormat<CombinedLog>({
    name: 'combinedLog',
    parts: [...commonParts, ' ', quotedPart('referrer', '-'), ' ', quotedPart('userAgent', '-'), requestTimePart()],
  });
}

const space = 32;

/**
 * Method, path and protocol. The first and the last space divide them, since paths with spaces do occur.
 *
 * @param nullText what stands for a method or protocol that is not known
 */
export function requestPart(nullText?: string): FieldPart {
  const string = (name: string, nullable: boolean): FieldSpec => ({ name, type: { kind: 'string', nullable } });
  return {
    fields: [string('method', true), string('url', false), string('protocol', true)],
    plain: { kind: 'request', names: ['method', 'url', 'protocol'], nothing: nullText },
    write: (code, terminator) => {
      const { body, names } = code;
      const bad = code.bad('no quote behind the request');
      const [from, first, last] = [names.fresh('from'), names.fresh('first'), names.fresh('last')];
      const escaped = code.flag();
      const known = (name: string, from: string, to: string): void => {
        if (nullText === undefined) code.string(name, from, to);
        else stringOrNull(code, { name, nullText, from, to });
      };
      body.line(`const ${from} = p;`);
      body.line(`let ${first} = 0;`);
      body.line(`let ${last} = 0;`);
      scanQuoted(code, escaped, bad, `if (${first} === 0) ${first} = p; else ${last} = p;`);
      checkAt(code, terminator, bad);
      body.block(
        `if (${last} !== 0)`,
        () => {
          known('method', from, first);
          code.string('url', `${first} + 1`, last);
          known('protocol', `(${last} + 1)`, 'p');
        },
        `} else if (${first} !== 0) {`,
      );
      code.string('method', from, first);
      code.string('url', `${first} + 1`, 'p');
      code.null('protocol');
      body.line('} else {');
      code.null('method', from);
      code.string('url', from, 'p');
      code.null('protocol');
      body.line('}');
      for (const name of ['method', 'url', 'protocol']) code.rewrite(name, escaped, unescapeQuoted);
    },
  };
}

/** What stands behind the combined format: perhaps a number, perhaps more. */
function requestTimePart(): FieldPart {
  const name = 'requestTime';
  return {
    fields: [{ name, type: { kind: 'float64', nullable: true } }],
    plain: { kind: 'tail', names: [name], read: numberBehind },
    write: (code) => {
      const { body, names } = code;
      if (code.wants(name)) {
        const value = names.fresh('seconds');
        body.line(`const ${value} = ${names.constant('numberBehind', numberBehind)}(bytes, p);`);
        body.block(`if (${value} === ${value})`, () => code.number(name, value), '} else {');
        code.null(name);
        body.line('}');
      }
      body.line(`p = bytes.indexOf(${lineFeed}, p);`);
    },
  };
}

/** The number behind the space at `at`; NaN where there is none. */
function numberBehind(bytes: Buffer, at: number): number {
  if (bytes[at] !== space) return Number.NaN;
  let end = at + 1;
  while ((bytes[end] as number) > space) end++;
  return slowNumber(bytes, at + 1, end);
}

const commonParts: readonly LinePart[] = [
  stringPart('ip'),
  ' ',
  stringPart(undefined),
  ' ',
  stringPart('user', '-'),
  ' [',
  timePart('timestamp', new ClfTime(), '10/Oct/2000:13:55:36 -0700'),
  '] "',
  requestPart(),
  '" ',
  countPart('status'),
  ' ',
  countPart('bytes', '-'),
];
