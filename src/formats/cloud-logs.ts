/**
 * Access logs of Amazon Web Services: of Application Load Balancers, and the standard logs of CloudFront. Their fields are those of the
 * services' documentation, under the names that other formats have for them. `-` stands for a value that is not there. Services add
 * fields behind the last: these are passed over, and those that are newer than the log are null.
 */

import { requestPart } from './access-log.ts';
import { addressPart, between, endPart, nothing, optionalField, percentPart, SpacedTime } from './cloud-parts.ts';
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
  stringPart,
  timePart,
  writeParts,
} from './line-parts.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';

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
const hash = 35;
const tab = 9;

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
  ];
  const required: FieldSpec = { name: 'requestTime', type: { kind: 'float64', nullable: false } };
  const newer = [
    ...['forwardedFor', 'sslProtocol', 'sslCipher', 'responseResult', 'protocol'].map((name) => optionalField(name)),
    ...[optionalField('encryptionStatus'), optionalField('encryptedFields', 'float64'), optionalField('port', 'float64')],
    ...[optionalField('firstByteTime', 'float64'), optionalField('detailedResult'), optionalField('contentType')],
    ...['contentLength', 'rangeStart', 'rangeEnd'].map((name) => optionalField(name, 'float64')),
  ];
  return [
    ...between(row, '\t'),
    '\t',
    endPart(
      [required, ...newer].map((spec) => ({ spec })),
      tab,
    ),
  ];
}
