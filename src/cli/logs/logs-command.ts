/** `millrace logs`: questions about logs, answered by an ordinary job that is made of them. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { type RunOptions, runCommand } from '../run-command.ts';
import { quoted } from './code-layout.ts';
import { type DetectOptions, detectFormat, type FoundFormat, patternFormat, plainFormat } from './detect.ts';
import { printingJob, rowsOutput, type SourceCode, toolJob } from './job-code.ts';
import { createOutput, isShownAsTable, type RowsOutput, windowTableRows } from './output-kinds.ts';
import { isWindowed, parseQuery, type QueryOptions } from './query.ts';
import { sampleOfFiles, sampleOfInput } from './sample.ts';
import { sourceCode } from './source-code.ts';
import type { Row } from './top-rows.ts';

export interface LogsOptions extends QueryOptions {
  /** `auto`, or the name of a format. */
  readonly format: string;
  /** The pattern of format `pattern`. */
  readonly pattern: string | undefined;
  /** The field that tells the time of a record. */
  readonly time: string | undefined;
  readonly out: 'json' | 'csv' | 'table' | undefined;
  readonly explain: boolean;
  readonly onError: 'fail' | 'skip';
  readonly parallelism: number | undefined;
}

const standardInput = '-';

export async function logsCommand(files: readonly string[], options: LogsOptions): Promise<number> {
  const isPipe = files.length === 1 && files[0] === standardInput;
  checkInput(files, { ...options, isPipe });
  const { found, front } = await findFormat(files, { ...options, isPipe });
  if (found.hint !== undefined) process.stderr.write(`warning: it is read as text, but ${found.hint}\n`);
  if (isWindowed(options)) checkTime(found, { ...options, isPipe });
  // Rows of one window come from several subtasks: a table wants those of one window together.
  const top = options.top ?? (isWindowed(options) && isShownAsTable(options) ? windowTableRows : undefined);
  const query = parseQuery({ ...options, top }, found.fields, found.time);
  const source = sourceCode(files, { ...options, isPipe, found, layout: query.layout });
  if (options.explain) {
    process.stdout.write(printingJob(source, query));
    return 0;
  }
  const output = createOutput(query, options);
  // Records that are looked at as they come, or of which the first are wanted, come in their order.
  const inOrder = query.kind === 'rows' && (isPipe || query.follow || query.limit !== undefined);
  const parallelism = options.parallelism ?? (inOrder ? 1 : undefined);
  const code = await runCommand(temporaryFile('logs.mjs', toolJob(withFront(source, front), query)), runOptions(parallelism, output));
  if (code === 0) output.finish?.();
  return code;
}

interface InputOptions extends LogsOptions {
  readonly isPipe: boolean;
}

function checkInput(files: readonly string[], { isPipe, follow, pattern, format }: InputOptions): void {
  if (!isPipe && files.includes(standardInput)) throw new MillraceError('INVALID_OPTION', "logs: '-' is standard input, and stands alone");
  if (isPipe && follow === true)
    throw new MillraceError('INVALID_OPTION', 'logs: --follow is for files; standard input is read to its end anyway');
  if (isPipe && process.stdin.isTTY === true) process.stderr.write('reading standard input from the terminal; Ctrl-D ends it\n');
  if (pattern !== undefined && format !== 'auto')
    throw new MillraceError('INVALID_OPTION', 'logs: --pattern is a format by itself; leave --format out');
}

/** Windows of records without a time would be those of their reading: of what was written before, that says nothing. */
function checkTime({ time, fields }: FoundFormat, { isPipe, follow }: InputOptions): void {
  if (time !== undefined) return;
  const names = fields.map(({ name }) => name).join(', ');
  if (!isPipe && follow !== true)
    throw new MillraceError('INVALID_OPTION', `--window: no field tells the time of a record; --time names one. The fields are ${names}`);
  process.stderr.write('warning: no field tells the time of a record: windows go by the time at which it is read\n');
}

function runOptions(parallelism: number | undefined, output: RowsOutput): RunOptions {
  return {
    parallelism,
    args: [],
    stateDir: undefined,
    from: undefined,
    fresh: false,
    allowNonRestoredState: false,
    reader: { output: rowsOutput, read: (rows) => readRows(rows as AsyncIterable<Row>, output) },
  };
}

async function readRows(rows: AsyncIterable<Row>, output: RowsOutput): Promise<'all' | 'enough'> {
  let taken: 'all' | 'enough' = 'all';
  try {
    for await (const row of rows) {
      if (output.row(row)) continue;
      taken = 'enough';
      break;
    }
  } catch (error) {
    output.abandon?.();
    throw error;
  }
  output.end();
  return taken;
}

/** The formats that can be named, and what they are called in `formats`. */
const plainFormats = {
  text: 'text',
  common: 'commonLog',
  combined: 'combinedLog',
  syslog: 'syslog',
  elb: 'elb',
  cloudfront: 'cloudFront',
} as const;
const sampledFormats = ['json', 'csv', 'tsv', 'logfmt', 'ltsv'];

/** The format, and what was read of standard input to find it. */
async function findFormat(
  files: readonly string[],
  { format, pattern, time, isPipe, ...query }: InputOptions,
): Promise<{ readonly found: FoundFormat; readonly front: Buffer | undefined }> {
  const options: DetectOptions = { time, byTime: isWindowed(query) };
  if (pattern !== undefined) return { found: patternFormat(pattern, options), front: undefined };
  if (Object.hasOwn(plainFormats, format))
    return { found: plainFormat(plainFormats[format as keyof typeof plainFormats], options), front: undefined };
  if (format !== 'auto' && !sampledFormats.includes(format)) refuseFormat(format);
  const { sample, front } = isPipe ? await sampleOfInput() : { sample: await sampleOfFiles(files), front: undefined };
  return { found: detectFormat(sample, { ...options, only: format === 'auto' ? undefined : format }), front };
}

function refuseFormat(format: string): never {
  const named = [...Object.keys(plainFormats), ...sampledFormats];
  const nearest = nearestName(format, named);
  const hint = nearest === undefined ? '; there' : `; did you mean '${nearest}'? There`;
  throw new MillraceError(
    'INVALID_OPTION',
    `--format: there is no format '${format}'${hint} are auto, ${named.join(', ')}, and --pattern for others`,
  );
}

/** The source with what was read of standard input already. */
function withFront(source: SourceCode, front: Buffer | undefined): SourceCode {
  if (front === undefined) return source;
  return { ...source, options: [...source.options, ['front', quoted(temporaryFile('front', front))]] };
}

/** A file that is gone when the process ends. */
function temporaryFile(name: string, content: string | Buffer): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-logs-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
