/** Files of lines as a source. */

import { MillraceError } from '../../base/errors.ts';
import { checkArgument, checkOptions, type OptionRules, oneOf, oneOrMore, optional, type Rule, text } from '../../base/options.ts';
import type { Storage } from '../../base/system.ts';
import type { RecordBatch } from '../../batch/record-batch.ts';
import type { Polled, Source, SourceContext, SourceReader, SourceReaderContext } from '../../graph/source.ts';
import { failedOperation } from '../failed-operation.ts';
import { createLineBatch, lineType, type TextEncoding } from '../lines/line-batch.ts';
import { type FileLines, type FileLinesOptions, openFile, readBlock } from './file-lines.ts';
import { divideFiles, type FileSplit, type FoundFile } from './file-split.ts';
import { GzipFileLines } from './gzip-file-lines.ts';
import { PlainFileLines } from './plain-file-lines.ts';

export interface FileSourceOptions {
  /** How the files are stored; `'utf8'` by default. */
  readonly encoding?: TextEncoding | undefined;
  /** Name of the source; the patterns by default. */
  readonly name?: string;
}

export const textFileRules: OptionRules<FileSourceOptions> = { encoding: optional(oneOf('utf8', 'latin1')), name: optional(text) };

const patternRule: Rule = oneOrMore('a path or glob, or an array of them', text);

/**
 * Reads the lines of text files.
 *
 * A line ends with a line feed, or a carriage return and a line feed; the last one needs none. Empty lines are records, and a byte
 * order mark at the front of a file is not part of its text. Files are divided and read by all subtasks; the lines of one
 * file are in order within a split. Gzip files are decompressed, one subtask each.
 *
 * Bytes that are not valid UTF-8 become U+FFFD, with a warning that says where; `encoding: 'latin1'` reads any bytes.
 *
 * @param patterns paths or globs, relative to the working directory; a path that exists is itself, whatever its characters
 * @param of for errors: the function as users call it
 * @throws MillraceError SOURCE_FAILED at the start of the job when a pattern matches no file, later when a file cannot be read
 * @example textFileSource('logs/*.log')
 */
export function textFileSource(
  patterns: string | readonly string[],
  options: FileSourceOptions = {},
  of = 'files.source',
): Source<string, FileSplit> {
  checkArgument(patterns, patternRule, `${of}: the path`);
  const { encoding = 'utf8', name } = checkOptions<FileSourceOptions>(options, textFileRules, of);
  const list = typeof patterns === 'string' ? [patterns] : [...patterns];
  return {
    name: name ?? list.join(', '),
    bounded: true,
    type: lineType,
    enumerate: (context) => enumerate(list, context),
    createReader: (context) => new TextFileReader(context, encoding),
    totalBytes: (splits) => splits.reduce((sum, split) => sum + split.end - split.start, 0),
  };
}

async function enumerate(patterns: readonly string[], { system, limits, parallelism }: SourceContext): Promise<FileSplit[]> {
  const paths = new Set<string>();
  for (const pattern of patterns) for (const path of await findFiles(pattern, system.storage)) paths.add(path);
  const files = [...paths].map((path) => inspectFile(path, system.storage));
  return divideFiles(files, { ...limits, parallelism });
}

async function findFiles(pattern: string, storage: Storage): Promise<readonly string[]> {
  const paths = await storage.list(pattern).catch((error: unknown) => {
    throw failedOperation('SOURCE_FAILED', `cannot read files '${pattern}'`, error);
  });
  if (paths.length > 0) return paths;
  throw new MillraceError('SOURCE_FAILED', `no file matches '${pattern}' (working directory: ${process.cwd()})`);
}

function inspectFile(path: string, storage: Storage): FoundFile {
  const file = openFile(path, storage);
  try {
    const start = new Uint8Array(2);
    const read = readBlock(file, path, { target: start, offset: 0, length: 2, position: 0 });
    const compressed = read > 0 && (path.endsWith('.gz') || (start[0] === 0x1f && start[1] === 0x8b));
    return { path, size: file.size, identity: file.identity, compression: compressed ? 'gzip' : undefined };
  } finally {
    file.close();
  }
}

/** Reads its splits one after the other; a batch holds lines of one split. */
class TextFileReader implements SourceReader<string, FileSplit> {
  readonly #context: SourceReaderContext;
  readonly #linesOptions: FileLinesOptions;
  readonly #batch: RecordBatch;
  readonly #queue: FileSplit[] = [];
  /** Files whose invalid bytes were warned of. */
  readonly #warned = new Set<string>();
  #lines: FileLines | undefined;
  /** Bytes of the splits before the one that is being read. */
  #bytesBefore = 0;
  #last = false;

  constructor(context: SourceReaderContext, encoding: TextEncoding) {
    this.#context = context;
    this.#batch = createLineBatch(context.limits);
    this.#linesOptions = {
      storage: context.system.storage,
      limits: context.limits,
      encoding,
      wake: () => context.wake(),
      warn: (message) => context.warn(message),
      onInvalid: (path, offset) => this.#warnInvalid(path, offset),
    };
  }

  addSplit(split: FileSplit): void {
    this.#queue.push(split);
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<string> {
    for (;;) {
      const lines = this.#lines ?? this.#openNext();
      if (lines === undefined) return this.#last ? 'end' : 'needs-split';
      const taken = lines.take(this.#batch);
      if (taken === 'batch') return this.#batch;
      if (taken === 'pending') return 'pending';
      this.#closeLines(lines);
    }
  }

  splits(): readonly FileSplit[] {
    const current = this.#lines?.remaining();
    return current === undefined ? [...this.#queue] : [current, ...this.#queue];
  }

  close(): void {
    if (this.#lines !== undefined) this.#closeLines(this.#lines);
  }

  get bytesRead(): number {
    return this.#bytesBefore + (this.#lines?.bytesRead ?? 0);
  }

  /** The split stays in the queue until it is open, so that `splits` has it when opening fails. */
  #openNext(): FileLines | undefined {
    const [split] = this.#queue;
    if (split === undefined) return undefined;
    const lines =
      split.compression === 'gzip' ? new GzipFileLines(split, this.#linesOptions) : new PlainFileLines(split, this.#linesOptions);
    this.#queue.shift();
    this.#lines = lines;
    return lines;
  }

  #closeLines(lines: FileLines): void {
    this.#bytesBefore += lines.bytesRead;
    this.#lines = undefined;
    lines.close();
  }

  #warnInvalid(path: string, offset: number): void {
    if (this.#warned.has(path)) return;
    this.#warned.add(path);
    this.#context.warn(
      `'${path}': byte ${offset} is not valid UTF-8; such bytes become U+FFFD. If the file is Latin-1, read it with encoding: 'latin1'`,
    );
  }
}
