/** Files of records as a source. */

import { MillraceError } from '../../base/errors.ts';
import { checkArgument, checkOptions, type OptionRules, oneOrMore, optional, type Rule, text } from '../../base/options.ts';
import type { Storage } from '../../base/system.ts';
import { type Format, text as textFormat } from '../../formats/format.ts';
import type { Polled, SideRecords, Source, SourceContext, SourceReader, SourceReaderContext } from '../../graph/source.ts';
import { failedOperation } from '../failed-operation.ts';
import { type FormatOptions, formatDetails, formatRules, Parsing, type ParsingOptions, parsedType } from '../lines/parsing.ts';
import { CompressedFileRecords } from './compressed-file-records.ts';
import { compressionOf, signatureBytes } from './decompression.ts';
import { type FileRecords, type FileRecordsOptions, openFile, readBlock } from './file-records.ts';
import { divideFiles, type FileSplit, type FoundFile } from './file-split.ts';
import { type FollowOptions, followingOf, followRule } from './follow/follow-options.ts';
import { followSource } from './follow/follow-source.ts';
import { PlainFileRecords } from './plain-file-records.ts';
import { fileRecordsOptions } from './records-options.ts';
import { sampleOf } from './sample.ts';

export interface FileSourceOptions<T = string> extends FormatOptions<T> {
  /** Name of the source; the patterns by default. */
  readonly name?: string | undefined;
  /** Whether the files are followed: read on when they grow, whatever names they get, and with those that come later. The input then has no end. */
  readonly follow?: boolean | FollowOptions | undefined;
}

export const fileSourceRules: OptionRules<FileSourceOptions<never>> = {
  ...formatRules,
  name: optional(text),
  follow: optional(followRule),
};

const patternRule: Rule = oneOrMore('a path or glob, or an array of them', text);

/**
 * Reads the records of files: lines of text, or what a format makes of them.
 *
 * A line ends with a line feed, or a carriage return and a line feed; the last one needs none. As text, empty lines are records. A byte
 * order mark at the front of a file is not part of its text. Files are divided and read by all subtasks; the records of one
 * file are in order within a split. Gzip files, and zstd files where Node has that, are decompressed, one subtask each.
 *
 * Bytes that are not valid UTF-8 become U+FFFD, with a warning that says where; `encoding: 'latin1'` reads any bytes.
 *
 * With `follow` the input has no end: one subtask reads on where files grow, through rotations, and in files that come later.
 *
 * @param patterns paths or globs, relative to the working directory; a path that exists is itself, whatever its characters
 * @param of for errors: the function as users call it
 * @throws MillraceError SOURCE_FAILED at the start of the job when a pattern matches no file, later when a file cannot be read;
 * MALFORMED_RECORD for a record that is not what the format says
 * @example fileSource('logs/*.log')
 */
export function fileSource<T = string>(
  patterns: string | readonly string[],
  options?: FileSourceOptions<T> & { readonly follow?: false | undefined },
  of?: string,
): Source<T, FileSplit>;
export function fileSource<T = string>(patterns: string | readonly string[], options?: FileSourceOptions<T>, of?: string): Source<T>;
export function fileSource<T>(patterns: string | readonly string[], options: FileSourceOptions<T> = {}, of = 'files.source'): Source<T> {
  checkArgument(patterns, patternRule, `${of}: the path`);
  const checked = checkOptions<FileSourceOptions<T>>(options, fileSourceRules as never, of);
  const list = typeof patterns === 'string' ? [patterns] : [...patterns];
  const { format: given = textFormat() as Format<unknown> } = checked;
  const format = given.resolve === undefined ? given : given.resolve(sampleOf(list), of);
  const { name = list.join(', '), follow, ...parsing } = { ...checked, format };
  const following = followingOf(follow, of);
  if (following === undefined) return fileSourceOf(list, name, parsing);
  return followSource<T>({ patterns: list, name, following, parsing });
}

function fileSourceOf<T>(patterns: readonly string[], name: string, parsing: ParsingOptions): Source<T, FileSplit> {
  const { format } = parsing;
  return {
    name,
    bounded: true,
    type: parsedType(parsing),
    hasAnyFields: format.hasAnyFields === true,
    details: formatDetails(format),
    enumerate: (context) => enumerate(patterns, format.divisible, context),
    createReader: (context) => new FileReader(context, parsing) as SourceReader<T, FileSplit>,
    project: (fields, keys, members) => fileSourceOf<T>(patterns, name, { ...parsing, fields, keys, members }),
    totalBytes: (splits) => splits.reduce((sum, split) => sum + split.end - split.start, 0),
  };
}

async function enumerate(patterns: readonly string[], divisible: boolean, context: SourceContext): Promise<FileSplit[]> {
  const { system, limits, parallelism } = context;
  const paths = new Set<string>();
  for (const pattern of patterns) for (const path of await findFiles(pattern, system.storage)) paths.add(path);
  const files = [...paths].map((path) => inspectFile(path, system.storage));
  return divideFiles(files, { ...limits, parallelism, divisible });
}

async function findFiles(pattern: string, storage: Storage): Promise<readonly string[]> {
  const paths = await storage.list(pattern).catch((error: unknown) => {
    throw failedOperation('SOURCE_FAILED', `cannot read files '${pattern}'`, error);
  });
  if (paths.length > 0) return paths;
  throw new MillraceError('SOURCE_MISSING', `no file matches '${pattern}' (working directory: ${process.cwd()})`);
}

function inspectFile(path: string, storage: Storage): FoundFile {
  const file = openFile(path, storage);
  try {
    const front = new Uint8Array(signatureBytes);
    const read = readBlock(file, path, { target: front, offset: 0, length: signatureBytes, position: 0 });
    return { path, size: file.size, identity: file.identity, compression: compressionOf(path, front.subarray(0, read)) };
  } finally {
    file.close();
  }
}

/** Reads its splits one after the other; a batch holds records of one split. */
class FileReader implements SourceReader<unknown, FileSplit> {
  readonly #parsing: Parsing;
  readonly #recordsOptions: FileRecordsOptions;
  readonly #queue: FileSplit[] = [];
  #records: FileRecords | undefined;
  /** Bytes of the splits before the one that is being read. */
  #bytesBefore = 0;
  #last = false;

  constructor(context: SourceReaderContext, options: ParsingOptions) {
    this.#parsing = new Parsing(context, options);
    this.#recordsOptions = fileRecordsOptions(context, this.#parsing, options);
  }

  addSplit(split: FileSplit): void {
    this.#queue.push(split);
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<unknown> {
    for (;;) {
      const records = this.#records ?? this.#openNext();
      if (records === undefined) return this.#last ? 'end' : 'needs-split';
      const taken = records.take(this.#parsing.batch);
      if (taken === 'batch') return this.#parsing.batch;
      if (taken === 'pending') return 'pending';
      this.#closeRecords(records);
    }
  }

  takeSide(): SideRecords | undefined {
    return this.#parsing.takeSide();
  }

  splits(): readonly FileSplit[] {
    const current = this.#records?.remaining();
    return current === undefined ? [...this.#queue] : [current, ...this.#queue];
  }

  close(): void {
    if (this.#records !== undefined) this.#closeRecords(this.#records);
  }

  get bytesRead(): number {
    return this.#bytesBefore + (this.#records?.bytesRead ?? 0);
  }

  /** The split stays in the queue until it is open, so that `splits` has it when opening fails. */
  #openNext(): FileRecords | undefined {
    const [split] = this.#queue;
    if (split === undefined) return undefined;
    const options = this.#recordsOptions;
    this.#parsing.reads(split.path);
    const records = split.compression === undefined ? new PlainFileRecords(split, options) : new CompressedFileRecords(split, options);
    this.#queue.shift();
    this.#records = records;
    return records;
  }

  #closeRecords(records: FileRecords): void {
    this.#bytesBefore += records.bytesRead;
    this.#records = undefined;
    records.close();
  }
}
