/**
 * Messages of syslog, a line each: RFC 5424, and what came before it, of which RFC 3164 says how it mostly looks.
 *
 *     <165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3"] An application event
 *     <34>Oct 11 22:14:15 mymachine su[17]: 'su root' failed for lonvick on /dev/pts/8
 *
 * A version behind the priority tells the first from the second. Files of the second have no priority as a rule, and the time in them is
 * often written as in the first.
 */

import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import { checkOptions, type OptionRules, optional, type Rule, wholeNumber } from '../base/options.ts';
import type { Format } from './format.ts';
import { IsoTime } from './iso-time.ts';
import { grammarType, type LineGrammar, LineParser, rawField } from './line-parser.ts';
import type { FieldSpec } from './parser-code.ts';
import { SyslogCode } from './syslog-code.ts';
import { SyslogTime } from './syslog-time.ts';
import { minuteMs } from './times.ts';

/** A message of syslog. What it does not say is null. */
export interface SyslogMessage {
  /** Number of the kind of program that the message comes from, 0 to 23. */
  readonly facility: number | null;
  /** `'kern'`, `'user'`, `'mail'`, … `'local7'`. */
  readonly facilityName: string | null;
  /** 0, the system is unusable, to 7, for who debugs it. */
  readonly severity: number | null;
  /** `'emerg'`, `'alert'`, `'crit'`, `'err'`, `'warning'`, `'notice'`, `'info'` or `'debug'`. */
  readonly severityName: string | null;
  /** Epoch milliseconds. */
  readonly timestamp: number | null;
  readonly host: string | null;
  /** The program; in RFC 3164 its tag. */
  readonly app: string | null;
  /** The process, mostly its number. */
  readonly procId: string | null;
  /** The kind of message; null in RFC 3164. */
  readonly msgId: string | null;
  /** The text of the structured data, with its brackets; null in RFC 3164. */
  readonly structuredData: string | null;
  readonly message: string | null;
  /** The line. */
  readonly raw: string;
}

export interface SyslogOptions {
  /** The year of times that do not say it; by default the one that puts them closest to now, but not more than a day behind it. */
  readonly year?: number | undefined;
  /** How far clocks are ahead of UTC whose times do not say it: `'+02:00'`; by default not at all. */
  readonly utcOffset?: string | undefined;
}

const offsetRule: Rule = { expected: "an offset such as '+02:00'", accepts: (value) => typeof value === 'string' && offset.test(value) };
const offset = /^([+-])(\d\d):([0-5]\d)$/;
const yearMax = 9999;
const rules: OptionRules<SyslogOptions> = { year: optional(wholeNumber(0, yearMax)), utcOffset: optional(offsetRule) };

const facilities = [
  ...[
    'kern',
    'user',
    'mail',
    'daemon',
    'auth',
    'syslog',
    'lpr',
    'news',
    'uucp',
    'cron',
    'authpriv',
    'ftp',
    'ntp',
    'audit',
    'alert',
    'clock',
  ],
  ...Array.from({ length: 8 }, (_, i) => `local${i}`),
];
const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

const string = (name: string, choices?: readonly string[]): FieldSpec => ({
  name,
  type: { kind: 'string', nullable: true },
  ...(choices === undefined ? {} : { choices }),
});
const number = (name: string): FieldSpec => ({ name, type: { kind: 'float64', nullable: true } });

const fields: readonly FieldSpec[] = [
  number('facility'),
  string('facilityName', facilities),
  number('severity'),
  string('severityName', severities),
  number('timestamp'),
  ...['host', 'app', 'procId', 'msgId', 'structuredData', 'message'].map((name) => string(name)),
  rawField,
];

/**
 * Messages of syslog as RFC 5424 or RFC 3164 has them; each line may be either.
 *
 * @throws MillraceError INVALID_OPTION
 */
export function syslog(options: SyslogOptions = {}): Format<SyslogMessage> {
  const { year, utcOffset = '+00:00' } = checkOptions(options, rules, 'formats.syslog');
  const zoneMs = zoneOf(utcOffset);
  const grammar = (now: () => number): LineGrammar => ({
    name: 'syslog',
    fields,
    write: (code) => new SyslogCode(code, { iso: new IsoTime(), bsd: new SyslogTime({ year, zoneMs, now }) }).write(),
  });
  return {
    name: 'syslog',
    type: grammarType(grammar(noClock)),
    details: { ...(year === undefined ? {} : { year }), utcOffset },
    divisible: true,
    createParser: (options) => new LineParser(grammar(options.now ?? noClock), options),
  };
}

function noClock(): never {
  assert(false, 'a parser of times without a year has a clock');
}

function zoneOf(text: string): number {
  const [, sign, hours, minutes] = offset.exec(text) ?? [];
  if (Number(hours) > 23) throw new MillraceError('INVALID_OPTION', `formats.syslog: utcOffset is more than a day: '${text}'`);
  return (Number(hours) * 60 + Number(minutes)) * minuteMs * (sign === '-' ? -1 : 1);
}
