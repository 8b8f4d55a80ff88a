/** `millrace logs`: questions about logs, answered by an ordinary job that is made of them. */

import { closeSync, mkdtempSync, openSync, readSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { formats } from '../../api/formats.ts';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import type { Format } from '../../formats/format.ts';
import { nodeSystem } from '../../platform/node-system.ts';
import type { ColumnKind } from '../../schema/type.ts';
import { runCommand } from '../run-command.ts';
import { detectFormat, type FoundFormat } from './detect.ts';
import { printingJob, rowsOutput, type SourceCode, toolJob } from './job-code.ts';
import { parseQuery, type Query, type QueryField, type QueryOptions } from './query.ts';
import {
  csvRenderer,
  jsonRenderer,
  limitedRenderer,
  type Renderer,
  type TableOptions,
  tableRenderer,
  topRenderer,
  windowTableRenderer,
} from './renderers.ts';
import type { Row } from './top-rows.ts';

export interface LogsOptions extends QueryOptions {
  /** `auto`, or the name of a format. */
  readonly format: string;
  /** The pattern of format `pattern`. */
  readonly pattern: string | undefined;
  readonly out: 'json' | 'csv' | 'table' | undefined;
  readonly explain: boolean;
  readonly onError: 'fail' | 'skip';
  readonly parallelism: number | undefined;
}

/** Bytes of the input by which its format is recognised. */
const sampleBytes = 64 * 1024;
const standardInput = '-';

export async function logsCommand(files: readonly string[], options: LogsOptions): Promise<number> {
  const isPipe = files.length === 1 && files[0] === standardInput;
  if (!isPipe && files.includes(standardInput)) throw new MillraceError('INVALID_OPTION', "logs: '-' is standard input, and stands alone");
  if (isPipe && options.follow === true)
    throw new MillraceError('INVALID_OPTION', 'logs: --follow is for files; standard input is read to its end anyway');
  const sample = new Sample(files, isPipe);
  const found = await findFormat(options, sample);
  const fields = queryFields(found.format);
  const query = parseQuery(options, fields);
  const source = sourceCode(files, { ...options, isPipe, found, front: sample.front, timeField: timeFieldOf(fields) });
  if (options.explain) {
    process.stdout.write(printingJob(source.shown, query));
    return 0;
  }
  const renderer = createRenderer(query, options);
  return runCommand(temporaryFile('logs.mjs', toolJob(source.run, query)), {
    parallelism: options.parallelism,
    args: [],
    stateDir: undefined,
    from: undefined,
    fresh: false,
    allowNonRestoredState: false,
    reader: {
      output: rowsOutput,
      read: async (rows) => {
        for await (const row of rows) renderer.row(row as Row);
        renderer.end();
      },
    },
  });
}

/** The beginning of the input, read when it is asked for. */
class Sample {
  readonly #files: readonly string[];
  readonly #isPipe: boolean;
  /** What was read of standard input, which nobody can read again. */
  front: Buffer | undefined;

  constructor(files: readonly string[], isPipe: boolean) {
    this.#files = files;
    this.#isPipe = isPipe;
  }

  async read(): Promise<Buffer> {
    if (this.#isPipe) {
      this.front = readFront(0);
      return wholeLines(this.front);
    }
    for (const pattern of this.#files) {
      for (const path of await nodeSystem().storage.list(pattern)) {
        const sample = readFile(path);
        if (sample.length > 0) return sample;
      }
    }
    throw new MillraceError(
      'SOURCE_FAILED',
      `logs: no file with something in it matches ${this.#files.join(', ')}; --format says what is to come`,
    );
  }
}

function readFile(path: string): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(sampleBytes);
    const front = bytes.subarray(0, readSync(descriptor, bytes, 0, sampleBytes, 0));
    return wholeLines(front[0] === 0x1f && front[1] === 0x8b ? gunzipSync(front, { finishFlush: 2 }) : front);
  } finally {
    closeSync(descriptor);
  }
}

/** What is there of a pipe, at least a line of it. */
function readFront(descriptor: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < sampleBytes && !chunks.some((chunk) => chunk.includes(10))) {
    const bytes = Buffer.alloc(sampleBytes);
    const read = readWaiting(descriptor, bytes);
    if (read === 0) break;
    chunks.push(bytes.subarray(0, read));
    length += read;
  }
  return Buffer.concat(chunks);
}

/** A pipe that somebody made non-blocking has nothing now and then. */
function readWaiting(descriptor: number, bytes: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, bytes, 0, bytes.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

/** Without the line that was cut, if there are others. */
function wholeLines(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(10) + 1;
  return end > 0 ? bytes.subarray(0, end) : bytes;
}

/** The formats that need nothing more to be said. */
const named = ['text', 'json', 'csv', 'tsv', 'logfmt', 'ltsv', 'common', 'combined', 'syslog', 'elb', 'cloudfront'] as const;
const spellings: Readonly<Record<string, keyof typeof formats>> = {
  common: 'commonLog',
  combined: 'combinedLog',
  cloudfront: 'cloudFront',
};

async function findFormat({ format, pattern }: LogsOptions, sample: Sample): Promise<FoundFormat> {
  if (pattern !== undefined)
    return { format: formats.pattern(pattern) as Format<unknown>, code: `formats.pattern(${JSON.stringify(pattern)})` };
  if (format === 'auto') return detectFormat(await sample.read());
  if (!(named as readonly string[]).includes(format)) refuseFormat(format);
  // Their fields are found in the first lines.
  if (['json', 'csv', 'tsv', 'logfmt', 'ltsv'].includes(format)) return detectFormat(await sample.read(), format);
  const name = spellings[format] ?? (format as keyof typeof formats);
  return { format: (formats[name] as () => Format<unknown>)(), code: `formats.${name}()` };
}

function refuseFormat(format: string): never {
  const nearest = nearestName(format, named);
  const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  throw new MillraceError(
    'INVALID_OPTION',
    `--format: there is no format '${format}'${hint} There are auto, ${named.join(', ')}, and --pattern for others`,
  );
}

function queryFields({ type }: Format<unknown>): QueryField[] {
  if (type.form !== 'object') return [{ name: 'line', nullable: false, kind: 'string' }];
  return type.names.map((name, i) => {
    const column = type.columns[i] as { kind: ColumnKind; nullable: boolean };
    const isNumber = column.kind === 'float64' || column.kind === 'int32' || column.kind === 'bigint64';
    return { name, nullable: column.nullable, kind: isNumber ? 'number' : column.kind === 'string' ? 'string' : 'other' };
  });
}

/** Fields that tell the time of a record, by their usual names. */
const timeNames = ['timestamp', 'time', 'ts', '@timestamp', 'date', 'datetime'];

/** Only what is a time already: a text would have to be read first. */
function timeFieldOf(fields: readonly QueryField[]): string | undefined {
  return timeNames.find((name) => fields.some((field) => field.name === name && field.kind !== 'string'));
}

interface SourceOptions extends LogsOptions {
  readonly isPipe: boolean;
  readonly found: FoundFormat;
  readonly front: Buffer | undefined;
  readonly timeField: string | undefined;
}

/** The source as it is shown, and as it is run: a pipe's front was read already. */
function sourceCode(files: readonly string[], options: SourceOptions): { readonly shown: SourceCode; readonly run: SourceCode } {
  const { isPipe, found, front, timeField, onError, follow } = options;
  const errors = onError === 'skip' ? ["onError: 'skip'"] : [];
  const common = { imports: ['formats'], isText: found.format.type.form !== 'object', timeField };
  if (isPipe) {
    const shown = { ...common, call: 'stdin(', options: [`format: ${found.code}`, ...errors] };
    const read = front === undefined ? [] : [`front: ${JSON.stringify(temporaryFile('front', front))}`];
    return { shown, run: { ...shown, options: [...shown.options, ...read] } };
  }
  const paths = files.length === 1 ? JSON.stringify(files[0]) : JSON.stringify(files);
  const source = {
    ...common,
    call: `readFile(${paths}, ${found.code}`,
    options: [...errors, ...(follow === true ? ['follow: true'] : [])],
  };
  return { shown: source, run: source };
}

/** A file that is gone when the process ends. */
function temporaryFile(name: string, content: string | Buffer): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-logs-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

function createRenderer(query: Query, { out, top }: LogsOptions): Renderer {
  const isTerminal = process.stdout.isTTY === true;
  const write = (text: string): void => void process.stdout.write(text);
  const isGrouped = query.kind === 'groups';
  const columns = isGrouped
    ? [
        ...(query.window === undefined ? [] : ['start', 'end']),
        ...query.by.map(({ name }) => name),
        ...query.aggregates.map(({ name }) => name),
      ]
    : query.columns.map(({ name }) => name);
  const order = isGrouped ? (query.top?.column ?? query.aggregates[0]?.name) : undefined;
  const table: TableOptions = {
    columns,
    groups: isGrouped ? query.by.map(({ name }) => name) : [],
    order,
    rows: top,
    width: () => process.stdout.columns || 120,
  };
  const kind = out ?? (isTerminal ? 'table' : 'csv');
  const isWindowed = isGrouped && query.window !== undefined;
  if (kind === 'table') return isWindowed ? windowTableRenderer(table, isTerminal && query.follow, write) : tableRenderer(table, write);
  const rows = kind === 'json' ? jsonRenderer(write) : csvRenderer(columns, write);
  return isGrouped && query.top !== undefined && !isWindowed
    ? topRenderer(query.top, rows)
    : query.kind === 'rows' && query.limit !== undefined
      ? limitedRenderer(query.limit, rows)
      : rows;
}
