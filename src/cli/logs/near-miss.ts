/** What most lines of a sample are that is read as text, because others are something else. Pure, but for the formats' own parsers. */

import { formats } from '../../api/formats.ts';
import type { Format } from '../../formats/format.ts';
import { parseSample } from './parse-sample.ts';

/** What lines look like of formats that take nearly anything. */
export const linePatterns = {
  json: /^\s*\{/,
  ltsv: /^[\w.-]+:[^\t]*(?:\t[\w.-]+:[^\t]*)+$/,
  logfmt: /^(?:[\w./@-]+=(?:"(?:[^"\\]|\\.)*"|\S*)(?:\s+|$)){2,}/,
} as const;

interface LineKind {
  /** As `--format` has it. */
  readonly name: string;
  /** What its lines are. */
  readonly title: string;
  readonly pattern?: RegExp;
  readonly create: () => Format<unknown>;
}

/** Whose lines stand for themselves. Those of CSV need the first one, and prose with commas looks like them. */
const lineKinds: readonly LineKind[] = [
  { name: 'json', title: 'JSON', pattern: linePatterns.json, create: () => formats.json() },
  { name: 'cloudfront', title: 'of CloudFront', create: () => formats.cloudFront() },
  { name: 'elb', title: 'of a load balancer', create: () => formats.elb() },
  { name: 'combined', title: 'of an access log', create: () => formats.combinedLog() },
  { name: 'common', title: 'of an access log', create: () => formats.commonLog() },
  { name: 'syslog', title: 'syslog', create: () => formats.syslog() },
  { name: 'ltsv', title: 'LTSV', pattern: linePatterns.ltsv, create: () => formats.ltsv() },
  { name: 'logfmt', title: 'logfmt', pattern: linePatterns.logfmt, create: () => formats.logfmt() },
];

/** Fewer lines are none to go by. */
const linesMin = 3;

/** Says what at least half of the lines are, and how to have them read so; undefined where they are nothing. */
export function nearMiss(lines: readonly string[]): string | undefined {
  for (const { name, title, pattern, create } of lineKinds) {
    const alike = pattern === undefined ? lines : lines.filter((line) => pattern.test(line));
    if (!areMany(alike.length, lines)) continue;
    const fitting = parseSample(create(), Buffer.from(`${alike.join('\n')}\n`)).records.length;
    if (areMany(fitting, lines)) return `${fitting} of ${lines.length} lines are ${title}; --format ${name} reads them`;
  }
  return undefined;
}

function areMany(count: number, lines: readonly string[]): boolean {
  return count >= linesMin && count >= lines.length / 2;
}
