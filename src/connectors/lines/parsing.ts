/** The parser of one reader, its batch, and what becomes of records that are not what their format says. */

import { MillraceError } from '../../base/errors.ts';
import { type OptionRules, oneOf, optional, type Rule } from '../../base/options.ts';
import { RecordBatch } from '../../batch/record-batch.ts';
import type { Format } from '../../formats/format.ts';
import type { BadRecord, RecordParser, TextEncoding } from '../../formats/parser.ts';
import type { MembersRead, SideRecords, SourceReaderContext } from '../../graph/source.ts';
import type { MalformedRecord } from '../../metrics/bad-records.ts';
import { objectOfAny, type RecordType, selectFields } from '../../schema/type.ts';

/** What becomes of a record that is not what its format says. */
export type ErrorPolicy = 'fail' | 'skip' | SidePolicy;

/** It goes to a side output, as a `MalformedRecord`. */
export interface SidePolicy {
  /** `new OutputTag<MalformedRecord>('bad')`; `getSideOutput` of the source's stream reads it. */
  readonly sideOutput: { readonly id: string };
}

/** What users say of the records of an input. */
export interface FormatOptions<T> {
  /** What the bytes mean; lines of text by default. */
  readonly format?: Format<T> | undefined;
  /** How text is stored; `'utf8'` by default. */
  readonly encoding?: TextEncoding | undefined;
  /**
   * What becomes of a record that is not what the format says: by default it fails the job. Where it is left out, or goes to a side output,
   * it is counted: `metrics().badRecords`.
   */
  readonly onError?: ErrorPolicy | undefined;
}

const formatRule: Rule = {
  expected: 'a format, such as formats.json()',
  accepts: (value) => typeof (value as Partial<Format<unknown>> | null)?.createParser === 'function',
};

const policyRule: Rule = {
  expected: "'fail', 'skip' or { sideOutput: new OutputTag('bad') }",
  accepts: (value) => value === 'fail' || value === 'skip' || typeof (value as Partial<SidePolicy> | null)?.sideOutput?.id === 'string',
};

export const formatRules: OptionRules<FormatOptions<never>> = {
  format: optional(formatRule),
  encoding: optional(oneOf('utf8', 'latin1')),
  onError: optional(policyRule),
};

/** What tells a format from others, for the plan; of text there is nothing to say. */
export function formatDetails({ name, details }: Format<unknown>): Readonly<Record<string, unknown>> {
  return name === 'text' ? { ...details } : { format: name, ...details };
}

export interface ParsingOptions extends FormatOptions<unknown> {
  readonly format: Format<unknown>;
  /** The fields that are asked for; all when absent. */
  readonly fields?: readonly string[] | undefined;
  /** Those that records are grouped by. */
  readonly keys?: readonly string[] | undefined;
  /** What is read of the values of the fields, of records that have any; all where absent. */
  readonly members?: MembersRead | undefined;
}

/** The type of the records that are parsed. */
export function parsedType({ format, fields }: ParsingOptions): RecordType {
  if (fields === undefined) return format.type;
  return format.hasAnyFields === true ? objectOfAny(fields) : selectFields(format.type, fields);
}

export class Parsing {
  readonly parser: RecordParser;
  readonly batch: RecordBatch;
  /** What is read at the moment: the path of a file, or what stands for one; and the same as errors show it. */
  #file = '';
  #place = '';
  /** Records for the side output. */
  #aside: MalformedRecord[] = [];
  readonly #context: SourceReaderContext;
  readonly #options: ParsingOptions;
  /** Places whose invalid bytes were warned of. */
  readonly #warned = new Set<string>();

  constructor(context: SourceReaderContext, options: ParsingOptions) {
    const { limits } = context;
    this.#context = context;
    this.#options = options;
    this.parser = options.format.createParser({
      batchRows: limits.batchRows,
      fields: options.fields,
      keys: options.keys,
      members: options.members,
      encoding: options.encoding ?? 'utf8',
      onInvalid: (offset) => this.#invalid(offset),
      onBad: (record) => this.#bad(record),
      now: () => context.system.clock.now(),
    });
    this.batch = new RecordBatch(this.parser.type, { capacity: limits.batchRows, timestamps: false, hashes: false });
  }

  /** Says what is read from now on. */
  reads(file: string, place = `'${file}'`): void {
    this.#file = file;
    this.#place = place;
  }

  #invalid(offset: number): void {
    if (this.#warned.has(this.#place)) return;
    this.#warned.add(this.#place);
    this.#context.warn(
      `${this.#place}: byte ${offset} is not valid UTF-8; such bytes become U+FFFD. If it is Latin-1, read it with encoding: 'latin1'`,
    );
  }

  #bad({ reason, offset, text, fatal = false }: BadRecord): void {
    const { format, onError = 'fail' } = this.#options;
    if (onError === 'fail' || fatal) {
      const wayOut = fatal ? '' : `; onError: 'skip' leaves such records out and counts them`;
      throw new MillraceError(
        'MALFORMED_RECORD',
        `${this.#place}: the record at byte ${offset} is not ${format.name}: ${reason}: ${JSON.stringify(text)}${wayOut}`,
      );
    }
    const record: MalformedRecord = { file: this.#file, offset, text, reason };
    this.#context.countBad(record);
    if (onError === 'skip') this.#warnOf(record);
    else this.#aside.push(record);
  }

  #warnOf({ offset, text, reason }: MalformedRecord): void {
    const { name } = this.#options.format;
    const message = `${this.#place}: left out records that are not ${name}: ${reason}, the first at byte ${offset}: ${text}; further ones are only counted`;
    this.#context.warn(message, `bad records: ${name}: ${reason}`);
  }

  /** Whether there are records for the side output: these are handed on before more is read. */
  get hasAside(): boolean {
    return this.#aside.length > 0;
  }

  takeSide(): SideRecords | undefined {
    const { onError } = this.#options;
    if (this.#aside.length === 0 || typeof onError !== 'object') return undefined;
    const records = this.#aside;
    this.#aside = [];
    return { side: onError.sideOutput.id, records };
  }
}
