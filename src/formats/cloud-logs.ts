/**
 * Access logs of Amazon Web Services: of Application Load Balancers, and the standard logs of CloudFront. Their fields are those of the
 * services' documentation, under the names that other formats have for them. `-` stands for a value that is not there. Services add
 * fields behind the last: these are passed over, and those that are newer than the log are null.
 */

import { requestPart } from './access-log.ts';
import type { Format } from './format.ts';
import { IsoTime } from './iso-time.ts';
import { grammarFormat } from './line-format.ts';
import { rawField } from './line-parser.ts';
import {
  countPart,
  type FieldPart,
  fieldsOfParts,
  type LinePart,
  numberPart,
  orNull,
  quotedPart,
  stringOrNull,
  stringPart,
  timePart,
  writeParts,
} from './line-parts.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { scanTo, scanUntil, slowNumber } from './scan-code.ts';
import { readText } from './text-values.ts';
import type { TimeReader } from './times.ts';

/** A request, as an Application Load Balancer tells of it. */
export interface ElbLog {
  /** `'http'`, `'https'`, `'h2'`, `'grpcs'`, `'ws'` or `'wss'`. */
  readonly type: string;
  /** When the answer was sent, epoch milliseconds. */
  readonly timestamp: number;
  readonly elb: string;
  /** Address of the client. */
  readonly ip: string | null;
  readonly port: number | null;
  readonly targetIp: string | null;
  readonly targetPort: number | null;
  /** Seconds up to when the request was passed on; −1 where it never was, as the next two. */
  readonly requestTime: number;
  readonly targetTime: number;
  readonly responseTime: number;
  /** Of the answer to the client. */
  readonly status: number | null;
  readonly targetStatus: number | null;
  /** Bytes of the request. */
  readonly requestBytes: number;
  /** Bytes of the response. */
  readonly bytes: number;
  readonly method: string | null;
  readonly url: string;
  readonly protocol: string | null;
  readonly userAgent: string | null;
  readonly sslCipher: string | null;
  readonly sslProtocol: string | null;
  readonly targetGroup: string | null;
  readonly traceId: string | null;
  readonly domain: string | null;
  readonly certificate: string | null;
  readonly rulePriority: number | null;
  /** When the request came, epoch milliseconds. */
  readonly requestTimestamp: number;
  readonly actions: string | null;
  readonly redirectUrl: string | null;
  readonly errorReason: string | null;
  readonly targets: string | null;
  readonly targetStatuses: string | null;
  readonly classification: string | null;
  readonly classificationReason: string | null;
  readonly connectionId: string | null;
  /** The line. */
  readonly raw: string;
}

/** A request, as CloudFront tells of it. */
export interface CloudFrontLog {
  /** When the answer was sent, epoch milliseconds. */
  readonly timestamp: number;
  readonly edge: string | null;
  /** Bytes of the response with its headers. */
  readonly bytes: number;
  readonly ip: string;
  readonly method: string | null;
  /** The domain of the distribution. */
  readonly domain: string | null;
  /** The path, as it is encoded in the log. */
  readonly url: string;
  /** 0 where the client closed the connection. */
  readonly status: number;
  readonly referrer: string | null;
  /** Decoded. */
  readonly userAgent: string | null;
  readonly query: string | null;
  readonly cookie: string | null;
  readonly result: string | null;
  readonly requestId: string | null;
  /** The host that the client asked. */
  readonly host: string | null;
  /** `'http'`, `'https'`, `'ws'`, `'wss'`. */
  readonly scheme: string | null;
  /** Bytes of the request with its headers. */
  readonly requestBytes: number;
  /** Seconds. */
  readonly requestTime: number;
  readonly forwardedFor: string | null;
  readonly sslProtocol: string | null;
  readonly sslCipher: string | null;
  readonly responseResult: string | null;
  readonly protocol: string | null;
  readonly encryptionStatus: string | null;
  readonly encryptedFields: number | null;
  readonly port: number | null;
  /** Seconds. */
  readonly firstByteTime: number | null;
  readonly detailedResult: string | null;
  readonly contentType: string | null;
  readonly contentLength: number | null;
  readonly rangeStart: number | null;
  readonly rangeEnd: number | null;
  /** The line. */
  readonly raw: string;
}

const space = 32;
const quote = 34;
const hash = 35;
const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const nothing = '-';

const exampleTime = '2018-07-02T22:23:00.186641Z';

/** The records of `formats.elb()`: access logs of Application Load Balancers. */
export function elb(): Format<ElbLog> {
  return cloudLog<ElbLog>('elb', elbParts());
}

/** The records of `formats.cloudFront()`: standard logs, without the lines that begin with `#`. */
export function cloudFront(): Format<CloudFrontLog> {
  return cloudLog<CloudFrontLog>('cloudFront', cloudFrontParts());
}

function cloudLog<T>(name: string, parts: readonly LinePart[]): Format<T> {
  const write = (code: ParserCode): void => {
    code.body.line(`if (bytes[p] === ${hash}) ${code.bad('it is a comment')}`);
    writeParts(code, parts);
  };
  return grammarFormat<T>({ name, fields: [...fieldsOfParts(parts), rawField], comment: hash, write });
}

function elbParts(): readonly LinePart[] {
  const row: readonly FieldPart[] = [
    stringPart('type'),
    timePart('timestamp', new IsoTime(), exampleTime),
    stringPart('elb'),
    addressPart('ip', 'port'),
    addressPart('targetIp', 'targetPort'),
    numberPart('requestTime'),
    numberPart('targetTime'),
    numberPart('responseTime'),
    orNull(countPart('status')),
    orNull(countPart('targetStatus')),
    countPart('requestBytes'),
    countPart('bytes'),
  ];
  const behindRequest: readonly FieldPart[] = [
    quotedPart('userAgent', nothing),
    stringPart('sslCipher', nothing),
    stringPart('sslProtocol', nothing),
    stringPart('targetGroup', nothing),
    quotedPart('traceId', nothing),
    quotedPart('domain', nothing),
    quotedPart('certificate', nothing),
    orNull(numberPart('rulePriority')),
  ];
  const required: FieldSpec = { name: 'requestTimestamp', type: { kind: 'float64', nullable: false } };
  const newer = [
    'actions',
    'redirectUrl',
    'errorReason',
    'targets',
    'targetStatuses',
    'classification',
    'classificationReason',
    'connectionId',
  ];
  return [
    ...between(row, ' '),
    ' "',
    requestPart(nothing),
    '" ',
    ...between(behindRequest, ' '),
    ' ',
    endPart([{ spec: required, time: new IsoTime() }, ...newer.map((name) => ({ spec: optionalField(name) }))], space),
  ];
}

function cloudFrontParts(): readonly LinePart[] {
  const text = (name: string): FieldPart => stringPart(name, nothing);
  const row: readonly FieldPart[] = [
    timePart('timestamp', new SpacedTime(), '2019-12-04\t21:02:31'),
    text('edge'),
    countPart('bytes'),
    stringPart('ip'),
    text('method'),
    text('domain'),
    stringPart('url'),
    countPart('status', nothing),
    text('referrer'),
    percentPart('userAgent'),
    ...['query', 'cookie', 'result', 'requestId', 'host', 'scheme'].map(text),
    countPart('requestBytes', nothing),
    numberPart('requestTime'),
    ...['forwardedFor', 'sslProtocol', 'sslCipher', 'responseResult'].map(text),
  ];
  const newer = [
    ...[optionalField('encryptionStatus'), optionalField('encryptedFields', 'float64'), optionalField('port', 'float64')],
    ...[optionalField('firstByteTime', 'float64'), optionalField('detailedResult'), optionalField('contentType')],
    ...['contentLength', 'rangeStart', 'rangeEnd'].map((name) => optionalField(name, 'float64')),
  ];
  return [
    ...between(row, '\t'),
    '\t',
    endPart(
      [optionalField('protocol'), ...newer].map((spec) => ({ spec })),
      tab,
    ),
  ];
}

function between(parts: readonly FieldPart[], text: string): LinePart[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [text, part]));
}

function optionalField(name: string, kind: 'string' | 'float64' = 'string'): FieldSpec {
  return { name, type: { kind, nullable: true } };
}

/** A date and a time of day with a tab between them. */
class SpacedTime implements TimeReader {
  readonly length = 19;
  readonly #iso = new IsoTime();

  read(bytes: Buffer, start: number, end: number): number {
    return end <= bytes.length ? this.#iso.read(bytes, start, end) : Number.NaN;
  }
}

/** An address and a port behind a colon, both null for `-`. */
function addressPart(ip: string, port: string): FieldPart {
  return {
    fields: [optionalField(ip), optionalField(port, 'float64')],
    write: (code, terminator) => {
      const { body, names } = code;
      const [from, colon, number] = [names.fresh('from'), names.fresh('colon'), names.fresh('port')];
      body.line(`const ${from} = p;`);
      scanTo(code, terminator, code.bad(`no space behind '${ip}'`));
      if (!code.wants(ip) && !code.wants(port)) return;
      body.line(`const ${colon} = ${names.constant('portColon', portColon)}(bytes, ${from}, p);`);
      stringOrNull(code, { name: ip, nullText: nothing, from, to: colon });
      if (!code.wants(port)) return;
      body.line(`const ${number} = ${names.constant('number', slowNumber)}(bytes, ${colon} + 1, p);`);
      body.block(`if (${number} === ${number})`, () => code.number(port, number), '} else {');
      code.null(port);
      body.line('}');
    },
  };
}

/** The colon in front of a port, which is the last; the end where there is none. */
function portColon(bytes: Buffer, start: number, end: number): number {
  for (let p = end - 1; p > start; p--) if (bytes[p] === 58) return p;
  return end;
}

/** Text in which bytes are written as `%20`. */
function percentPart(name: string): FieldPart {
  const part = stringPart(name, nothing);
  return {
    fields: part.fields,
    write: (code, terminator) => {
      part.write(code, terminator);
      code.rewrite(name, 'true', percentDecoded);
    },
  };
}

const percent = 37;

function percentDecoded(bytes: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const code = byte === percent && at + 2 < end ? bytes.latin1Slice(at + 1, at + 3) : '';
    const isCode = /^[\da-fA-F]{2}$/.test(code);
    bytes[to++] = isCode ? Number.parseInt(code, 16) : byte;
    if (isCode) at += 2;
  }
  return to;
}

/** A field at the end of a line. */
interface EndField {
  readonly spec: FieldSpec;
  /** Where it is a time. */
  readonly time?: TimeReader;
}

/** The end of a line: fields of which only the first is always there. */
function endPart(fields: readonly EndField[], separator: number): FieldPart {
  return {
    fields: fields.map(({ spec }) => spec),
    write: (code) => {
      const last = fields.findLastIndex(({ spec }) => code.wants(spec.name));
      for (const [i, field] of fields.slice(0, last + 1).entries()) writeEndField(code, field, i === 0 ? undefined : separator, separator);
      code.body.line(`p = bytes.indexOf(${lineFeed}, p);`);
    },
  };
}

/** @param before what stands in front of the field, if that is there; undefined where it was seen */
function writeEndField(code: ParserCode, { spec, time }: EndField, before: number | undefined, separator: number): void {
  const { body, names } = code;
  const [from, to] = [names.fresh('from'), names.fresh('to')];
  body.line(`let ${from} = p;`);
  body.line(`let ${to} = p;`);
  const find = (): void => findEndField(code, from, to, separator);
  if (before === undefined) find();
  else
    body.block(`if (bytes[p] === ${before})`, () => {
      body.line(`${from} = ++p;`);
      find();
    });
  if (!code.wants(spec.name)) return;
  const isNull = `${from} === ${to} || (${to} - ${from} === 1 && bytes[${from}] === ${nothing.charCodeAt(0)})`;
  if (time === undefined) return readText(code, spec, { from, to, isNull });
  const value = names.fresh('time');
  body.line(`const ${value} = ${names.constant('time', time)}.read(bytes, ${from}, ${to});`);
  body.line(`if (${value} !== ${value}) ${code.bad(`'${spec.name}' is no time like ${exampleTime}`)}`);
  code.number(spec.name, value);
}

/** Finds the end of a field, which may stand in quotes. */
function findEndField(code: ParserCode, from: string, to: string, separator: number): void {
  const { body } = code;
  const plain = (): void => {
    const stops = [separator, lineFeed, carriageReturn];
    scanUntil(code, stops, (loop) => loop.line(`if (${stops.map((byte) => `c === ${byte}`).join(' || ')}) break;`));
    body.line(`${to} = p;`);
  };
  if (separator !== space) return plain();
  body.block(
    `if (bytes[p] === ${quote})`,
    () => {
      body.line(`${from} = ++p;`);
      scanUntil(code, [quote, lineFeed], (loop) => loop.line(`if (c === ${quote} || c === ${lineFeed}) break;`));
      body.line(`if (bytes[p] !== ${quote}) ${code.bad('a quote is missing')}`);
      body.line(`${to} = p++;`);
    },
    '} else {',
  );
  plain();
  body.line('}');
}
