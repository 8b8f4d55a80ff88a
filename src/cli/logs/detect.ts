/**
 * Recognises the format of logs by their first lines: each format that might be is tried on them, and the first one that fits nearly
 * all of them is it. Pure, but for the formats' own parsers.
 */

import { formats } from '../../api/formats.ts';
import { MillraceError } from '../../base/errors.ts';
import { limitsWith } from '../../base/limits.ts';
import { RecordBatch } from '../../batch/record-batch.ts';
import { RecordBuffer } from '../../connectors/lines/record-buffer.ts';
import type { Format } from '../../formats/format.ts';
import { t } from '../../schema/type.ts';

/** A format with the code that makes it. */
export interface FoundFormat {
  readonly format: Format<unknown>;
  /** `formats.combinedLog()` */
  readonly code: string;
}

/** Of the lines, so many may be something else. */
const oddShare = 0.05;

/** The format of a sample: the beginning of the input, up to a line end. Text, where it is nothing better. */
export function detectFormat(sample: Buffer, only?: string): FoundFormat {
  const lines = linesOf(sample);
  for (const [name, candidate] of lines.length === 0 ? [] : candidates) {
    if (only !== undefined && name !== only) continue;
    const found = candidate(lines, sample);
    if (found !== undefined && (only !== undefined || fits(found.format, sample))) return found;
  }
  if (only !== undefined)
    throw new MillraceError(
      'INVALID_OPTION',
      `--format ${only}: the first lines have no fields of it: ${JSON.stringify(lines[0]?.slice(0, 200) ?? '')}`,
    );
  return { format: formats.text() as Format<unknown>, code: 'formats.text()' };
}

function linesOf(sample: Buffer): string[] {
  return sample
    .toString()
    .split(/\r?\n/)
    .filter((line) => line !== '');
}

/** Whether nearly all lines are records of the format. */
function fits(format: Format<unknown>, sample: Buffer): boolean {
  let bad = 0;
  const { batchRows } = limitsWith();
  const parser = format.createParser({ batchRows, fields: undefined, encoding: 'utf8', onInvalid: () => {}, onBad: () => void bad++ });
  parser.begin?.(true);
  const buffer = new RecordBuffer({ parser, origin: 0, bufferBytes: sample.length, place: 'the sample', lineBytesMax: sample.length + 1 });
  buffer.append(sample);
  buffer.end();
  const batch = new RecordBatch(parser.type, { capacity: batchRows, timestamps: false, hashes: false });
  let good = 0;
  while (buffer.take(batch, Number.POSITIVE_INFINITY)) good += batch.rowCount;
  return good > 0 && bad <= (good + bad) * oddShare;
}

type Candidate = (lines: readonly string[], sample: Buffer) => FoundFormat | undefined;

function plain(name: 'combinedLog' | 'commonLog' | 'syslog' | 'elb' | 'cloudFront'): Candidate {
  return () => ({ format: formats[name]() as Format<unknown>, code: `formats.${name}()` });
}

/** In the order in which they are tried: those that take less come first. */
const candidates: readonly (readonly [name: string, candidate: Candidate])[] = [
  ['json', (lines) => (most(lines, /^\s*\{/) ? declared('json', jsonFields(lines)) : undefined)],
  ['cloudfront', plain('cloudFront')],
  ['elb', plain('elb')],
  ['combined', plain('combinedLog')],
  ['common', plain('commonLog')],
  ['syslog', plain('syslog')],
  [
    'ltsv',
    (lines) =>
      most(lines, /^[\w.-]+:[^\t]*(?:\t[\w.-]+:[^\t]*)*$/) ? declared('ltsv', labelledFields(lines, /([\w.-]+):([^\t]*)/g)) : undefined,
  ],
  [
    'logfmt',
    (lines) =>
      most(lines, /^(?:[\w./-]+=(?:"(?:[^"\\]|\\.)*"|\S*)(?:\s+|$)){2,}/)
        ? declared('logfmt', labelledFields(lines, /([\w./-]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g))
        : undefined,
  ],
  ['tsv', (lines, sample) => delimited('tsv', '\t', lines, sample)],
  ['csv', (lines, sample) => delimited('csv', ',', lines, sample)],
];

function most(lines: readonly string[], pattern: RegExp): boolean {
  return lines.filter((line) => pattern.test(line)).length >= lines.length * (1 - oddShare);
}

/** What is known of the values of a field. */
interface SeenField {
  count: number;
  kind: 'string' | 'float64' | 'bool' | 'any' | undefined;
}

function declared(name: 'json' | 'ltsv' | 'logfmt', fields: ReadonlyMap<string, SeenField>): FoundFormat | undefined {
  const usable = [...fields].filter(([field]) => /^[A-Za-z_$][\w$.-]*$/.test(field) && field !== '__proto__' && field !== 'raw');
  if (usable.length === 0) return undefined;
  const unknown = name === 'json' ? 'any' : 'string';
  const types = Object.fromEntries(usable.map(([field, { kind = unknown }]) => [field, t.nullable(t[kind] as never)]));
  const code = usable.map(
    ([field, { kind = unknown }]) => `${JSON.stringify(field).replace(/^"([A-Za-z_$][\w$]*)"$/, '$1')}: t.nullable(t.${kind})`,
  );
  const format = (formats[name] as (fields: object) => Format<unknown>)(types);
  return { format, code: `formats.${name}({ ${code.join(', ')} })` };
}

function jsonFields(lines: readonly string[]): ReadonlyMap<string, SeenField> {
  const fields = new Map<string, SeenField>();
  for (const line of lines) {
    const record = parsed(line);
    for (const [name, value] of Object.entries(record)) see(fields, name, kindOfValue(value));
  }
  return fields;
}

function parsed(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

function kindOfValue(value: unknown): SeenField['kind'] {
  if (value === null) return undefined;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'float64';
  return typeof value === 'boolean' ? 'bool' : 'any';
}

function labelledFields(lines: readonly string[], pair: RegExp): ReadonlyMap<string, SeenField> {
  const fields = new Map<string, SeenField>();
  for (const line of lines) {
    for (const [, name, quoted, bare] of line.matchAll(pair)) see(fields, name as string, kindOfText(quoted, bare ?? quoted ?? ''));
  }
  return fields;
}

function kindOfText(quoted: string | undefined, text: string): SeenField['kind'] {
  if (text === '' || text === '-') return undefined;
  const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) && (quoted === undefined || quoted === text);
  return isNumber ? 'float64' : 'string';
}

/** A field of several kinds is text where its values are, and any value elsewhere. */
function see(fields: Map<string, SeenField>, name: string, kind: SeenField['kind']): void {
  const seen = fields.get(name) ?? { count: 0, kind: undefined };
  fields.set(name, seen);
  seen.count++;
  if (kind === undefined || kind === seen.kind) return;
  seen.kind = seen.kind === undefined ? kind : kind === 'any' || seen.kind === 'any' || kind === 'bool' ? 'any' : 'string';
}

/** Columns that the format finds itself; a header has no two columns of one name. */
function delimited(name: 'csv' | 'tsv', delimiter: string, lines: readonly string[], sample: Buffer): FoundFormat | undefined {
  const counts = lines.slice(0, 20).map((line) => line.split(delimiter).length);
  if ((counts[0] ?? 0) < 2 || counts.length < 2) return undefined;
  const format = formats[name]() as Format<unknown>;
  try {
    const resolved = format.resolve?.({ bytes: sample, ended: false }, `formats.${name}`) ?? format;
    return { format: resolved as Format<unknown>, code: `formats.${name}()` };
  } catch {
    return undefined;
  }
}
