/** The code that takes messages of syslog apart. */

import { nullId } from '../batch/string-column.ts';
import { stringOrNull } from './line-parts.ts';
import type { ParserCode } from './parser-code.ts';
import { scanUntil } from './scan-code.ts';
import type { TimeReader } from './times.ts';

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const colon = 58;
const opening = 91;
const backslash = 92;
const closing = 93;
/** The highest priority: facility 23, severity 7. */
const priorityMax = 191;

/** Fields behind the priority, in the order of RFC 5424. */
const sequence = ['timestamp', 'host', 'app', 'procId', 'msgId', 'structuredData', 'message'];

export class SyslogCode {
  readonly #code: ParserCode;
  readonly #times: { readonly iso: TimeReader; readonly bsd: TimeReader };
  /** Index in the sequence of the last field that is asked for; −1 for none. */
  readonly #last: number;

  constructor(code: ParserCode, times: { readonly iso: TimeReader; readonly bsd: TimeReader }) {
    this.#code = code;
    this.#times = times;
    this.#last = sequence.findLastIndex((name) => code.wants(name));
  }

  write(): void {
    const { body } = this.#code;
    this.#priority();
    const isDigit = (at: string): string => `bytes[${at}] - 48 >>> 0 < 10`;
    body.block(`if (priority >= 0 && ${isDigit('p')} && bytes[p + 1] === ${space})`, () => this.#write5424(), '} else {');
    this.#write3164(isDigit('p'));
    body.line('}');
    body.line(`p = bytes.indexOf(${lineFeed}, p) + 1;`);
  }

  #priority(): void {
    const code = this.#code;
    const { body } = code;
    const bad = code.bad(`its priority is no number from 0 to ${priorityMax} in <>`);
    body.line('let priority = -1;');
    body.block('if (bytes[p] === 60)', () => {
      body.line('const digits = ++p;');
      body.line('priority = 0;');
      body.line('for (let d = bytes[p] - 48; d >>> 0 < 10; d = bytes[++p] - 48) priority = priority * 10 + d;');
      body.line(`if (bytes[p] !== 62 || p === digits || p > digits + 3 || priority > ${priorityMax}) ${bad}`);
      body.line('p++;');
    });
    body.block('if (priority < 0)', () => writeNulls(code, ['facility', 'severity']), '} else {');
    code.number('facility', 'priority >>> 3');
    code.number('severity', 'priority & 7');
    body.line('}');
    code.choice('facilityName', `priority < 0 ? ${nullId} : priority >>> 3`);
    code.choice('severityName', `priority < 0 ? ${nullId} : priority & 7`);
  }

  #write5424(): void {
    const code = this.#code;
    const { body } = code;
    if (this.#last >= 0) {
      body.line(`if (bytes[p] !== 49) ${code.bad('its version is not 1')}`);
      body.line('p += 2;');
      this.#isoTime(true);
    }
    for (const name of sequence.slice(1, Math.min(this.#last, 4) + 1)) this.#token(name);
    if (this.#last >= 5) this.#structuredData();
    if (this.#last >= 6) this.#message5424();
  }

  /** An ISO time and the space behind it. */
  #isoTime(nullable: boolean): void {
    const code = this.#code;
    const { body, names } = code;
    const bad = code.bad("'timestamp' is no time like 2003-10-11T22:14:15.003Z, or no space follows");
    const write = (): void => {
      const [from, time] = [names.fresh('from'), names.fresh('time')];
      body.line(`const ${from} = p;`);
      body.line(`while (bytes[p] > ${space}) p++;`);
      body.line(`const ${time} = ${names.constant('iso', this.#times.iso)}.read(bytes, ${from}, p);`);
      body.line(`if (${time} !== ${time} || bytes[p] !== ${space}) ${bad}`);
      body.line('p++;');
      code.number('timestamp', time);
    };
    if (!nullable) {
      write();
      return;
    }
    body.block(
      `if (bytes[p] === 45 && bytes[p + 1] === ${space})`,
      () => {
        code.null('timestamp');
        body.line('p += 2;');
      },
      '} else {',
    );
    write();
    body.line('}');
  }

  /** Text and the space behind it. */
  #token(name: string): void {
    const code = this.#code;
    const { body, names } = code;
    const from = names.fresh('from');
    body.line(`const ${from} = p;`);
    body.line(`while (bytes[p] > ${space}) p++;`);
    body.line(`if (bytes[p] !== ${space} || p === ${from}) ${code.bad(`no space behind '${name}'`)}`);
    stringOrNull(code, { name, nullText: '-', from, to: 'p' });
    body.line('p++;');
  }

  #structuredData(): void {
    const code = this.#code;
    const { body, names } = code;
    body.line('const data = p;');
    body.line(`p = ${names.constant('behindData', behindStructuredData)}(bytes, p);`);
    body.line(`if (p < 0) ${code.bad("'structuredData' is neither - nor [elements]")}`);
    stringOrNull(code, { name: 'structuredData', nullText: '-', from: 'data', to: 'p' });
  }

  #message5424(): void {
    const code = this.#code;
    const { body } = code;
    body.block(
      `if (bytes[p] === ${space})`,
      () => {
        body.line('p++;');
        body.line('if (bytes[p] === 0xef && bytes[p + 1] === 0xbb && bytes[p + 2] === 0xbf) p += 3;');
        this.#message();
      },
      '} else {',
    );
    code.null('message');
    body.line('}');
  }

  /** The rest of the line. */
  #message(from = 'p'): void {
    const { body, names } = this.#code;
    const [to, begin] = [names.fresh('to'), names.fresh('begin')];
    body.line(`const ${begin} = ${from};`);
    body.line(`let ${to} = bytes.indexOf(${lineFeed}, p);`);
    body.line(`if (${to} > ${begin} && bytes[${to} - 1] === ${carriageReturn}) ${to}--;`);
    this.#code.string('message', begin, to);
  }

  #write3164(startsWithDigit: string): void {
    const code = this.#code;
    const { body, names } = code;
    writeNulls(code, ['msgId', 'structuredData']);
    // Whether a line is one of syslog, its time tells.
    body.block(`if (${startsWithDigit})`, () => this.#isoTime(false), '} else {');
    const time = names.fresh('time');
    body.line(`const ${time} = ${names.constant('bsd', this.#times.bsd)}.read(bytes, p, p + 15);`);
    body.line(
      `if (${time} !== ${time} || bytes[p + 15] !== ${space}) ${code.bad("'timestamp' is no time like Oct 11 22:14:15, or no space follows")}`,
    );
    code.number('timestamp', time);
    body.line('p += 16;');
    body.line('}');
    if (this.#last >= 1) this.#token('host');
    if (this.#last >= 2) this.#tag();
  }

  /** `su[17]: `, or `su: `, and the message. Without a tag all is message. */
  #tag(): void {
    const code = this.#code;
    const { body } = code;
    body.line('const tag = p;');
    scanUntil(code, [space, opening, colon, lineFeed], (loop) =>
      loop.line(`if (c === ${space} || c === ${opening} || c === ${colon} || c === ${lineFeed}) break;`),
    );
    body.line('const tagEnd = p;');
    body.line('let pid = 0;');
    body.line('let pidEnd = 0;');
    body.block(`if (bytes[p] === ${opening})`, () => {
      body.line('pid = ++p;');
      body.line(`while (bytes[p] !== ${closing} && bytes[p] !== ${lineFeed}) p++;`);
      body.line('pidEnd = p;');
      body.line(`if (bytes[p] === ${closing}) p++;`);
    });
    body.line(`const tagged = tagEnd > tag && (pid > 0 ? bytes[pidEnd] === ${closing} : bytes[p] === ${colon});`);
    body.block(
      'if (tagged)',
      () => {
        code.string('app', 'tag', 'tagEnd');
        body.line(`if (bytes[p] === ${colon}) p++;`);
        body.line(`if (bytes[p] === ${space}) p++;`);
      },
      '} else {',
    );
    code.null('app');
    body.line('p = tag;');
    body.line('}');
    body.block('if (tagged && pid > 0 && pidEnd > pid)', () => code.string('procId', 'pid', 'pidEnd'), '} else {');
    code.null('procId');
    body.line('}');
    if (this.#last >= 6) this.#message();
  }
}

function writeNulls(code: ParserCode, names: readonly string[]): void {
  for (const name of names) code.null(name);
}

/** The offset behind the structured data at `start`: `-`, or elements in brackets, with escapes in quotes; −1 where it is neither. */
function behindStructuredData(bytes: Buffer, start: number): number {
  let p = start;
  if (bytes[p] === 45) p++;
  else {
    while (bytes[p] === opening) {
      p = behindElement(bytes, p);
      if (p < 0) return -1;
    }
  }
  const behind = bytes[p] as number;
  const ends = behind === space || behind === lineFeed || (behind === carriageReturn && bytes[p + 1] === lineFeed);
  return ends && p > start ? p : -1;
}

function behindElement(bytes: Buffer, start: number): number {
  let quoted = false;
  for (let p = start; bytes[p] !== lineFeed; p++) {
    const byte = bytes[p];
    if (byte === quote) quoted = !quoted;
    else if (quoted && byte === backslash && bytes[p + 1] !== lineFeed) p++;
    else if (!quoted && byte === closing) return p + 1;
  }
  return -1;
}
