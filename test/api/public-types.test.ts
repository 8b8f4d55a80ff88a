/**
 * The types of the built package, as a program sees that installed it and nothing else: enough to write sources and sinks of
 * its own, and none of the engine's parts.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
vi.setConfig({ testTimeout: 180_000 });

const directory = mkdtempSync(join(tmpdir(), 'millrace-types-'));
afterAll(() => rmSync(directory, { recursive: true }));

mkdirSync(join(directory, 'node_modules'));
symlinkSync(root, join(directory, 'node_modules/millrace'));
symlinkSync(join(root, 'node_modules/@types'), join(directory, 'node_modules/@types'));
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
writeFileSync(
  join(directory, 'tsconfig.json'),
  JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      declaration: true,
      outDir: 'out',
    },
    files: [],
  }),
);

/** What the compiler has to say of a program. */
function compile(program: string): string {
  const [messages = ''] = compileAll([program]);
  return messages;
}

/** What it has to say of each of several programs, which takes it hardly longer. */
function compileAll(programs: readonly string[]): string[] {
  const folder = mkdtempSync(join(directory, 'programs-'));
  for (const [i, program] of programs.entries()) writeFileSync(join(folder, `program-${i}.ts`), program);
  writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "../tsconfig.json", "include": ["*.ts"] }');
  const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder, encoding: 'utf8' });
  const messages = programs.map(() => '');
  // Each begins with its file; what is of none is of all.
  for (const message of (stdout + stderr.replace(/^npm warn .*\n/gm, '')).split(/^(?=\S)/m)) {
    const [, file] = /^program-(\d+)\.ts/.exec(message) ?? [];
    for (const i of messages.keys()) if (file === undefined || Number(file) === i) messages[i] += message;
  }
  return messages;
}

describe('the types of the package', () => {
  it('name the field that is mistyped, rather than what else a method would take', () => {
    const wrong = [
      ["stream.keyBy('ulr')", `'"ulr"' is not assignable to parameter of type '"bytes" | "url"'`],
      ["stream.partitionCustom(() => 0, 'ulr')", `'"ulr"' is not assignable to parameter of type '"bytes" | "url"'`],
      ["stream.keyBy('url').sum('byte')", `'"byte"' is not assignable`],
      ["stream.keyBy('url').aggregate({ hits: count(), b: sum('byte') })", 'Holding<"byte"'],
      ["stream.keyBy('url').aggregate({ b: sum('byte') }, ({ key }) => key)", 'Holding<"byte"'],
    ] as const;
    const programs = wrong.map(
      ([call]) => `
import { count, eventTime, StreamEnvironment, sum } from 'millrace';
const stream = new StreamEnvironment().fromData([{ url: 'a', bytes: 1 }]);
${call};
`,
    );
    for (const [i, messages] of compileAll(programs).entries()) expect(messages).toContain(wrong[i]?.[1]);
  });

  it('are enough for a source and a sink of your own, and for naming what their methods take', () => {
    const program = `
import {
  type BucketAssigner, type BucketContext, buckets, type CallbackContext, type ColumnType, type CsvOptions, callback,
  type DateTimeBucketOptions, type Duration, type FileSinkOptions, type FileSourceOptions, files, type RestoredSink, type RollingOptions,
  type TwoPhaseCommitSink, type TwoPhaseCommitWriter,
  type Limits, type Polled, type ReadableFile, type RecordBatch, type RecordType, type ReconnectOptions, type Sink, type SinkContext,
  type SinkWriter, type SocketOptions, type Source, type SourceContext, type SourceReader, type SourceReaderContext, type Split,
  type StdinOptions, type Storage, StreamEnvironment, type System, socket, stdin, type Timer, t,
} from 'millrace';

interface Block extends Split {
  readonly position: number;
}

class BlockReader implements SourceReader<string, Block> {
  readonly bytesRead = 0;
  readonly #context: SourceReaderContext;
  readonly #file: ReadableFile;
  #blocks: Block[] = [];
  #last = false;
  #timer: Timer | undefined;

  constructor(context: SourceReaderContext) {
    this.#context = context;
    const storage: Storage = context.system.storage;
    this.#file = storage.open('/dev/null');
  }

  addSplit(split: Block): void {
    this.#blocks.push(split);
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<string> {
    const block = this.#blocks.shift();
    if (block === undefined) return this.#last ? 'end' : 'needs-split';
    const limits: Limits = this.#context.limits;
    const bytes = new Uint8Array(limits.readBytes);
    const read = this.#file.read(bytes, 0, bytes.length, block.position);
    if (read === 0) this.#timer = this.#context.system.timers.after(10, () => this.#context.wake());
    return read === 0 ? 'pending' : [String(read)];
  }

  splits(): readonly Block[] {
    return this.#blocks;
  }

  close(): void {
    this.#timer?.cancel();
    this.#file.close();
  }
}

export class BlockSource implements Source<string, Block> {
  readonly name = 'blocks';
  readonly bounded = true;
  readonly parallelismMax = 1;
  readonly type: RecordType = t.string.record;

  async enumerate({ system, parallelism }: SourceContext): Promise<readonly Block[]> {
    const now: System['clock'] = system.clock;
    return [{ id: String(now.now()), position: parallelism }];
  }

  createReader(context: SourceReaderContext): SourceReader<string, Block> {
    return new BlockReader(context);
  }
}

export const log: Sink<string> = {
  name: 'log',
  target: 'the log',
  createWriter({ subtask, system }: SinkContext): SinkWriter<string> {
    const file = system.storage.create('/tmp/' + subtask);
    return { write: (line) => file.write(Buffer.from(line)), finish: () => file.sync(), close: () => file.close() };
  },
};

export const columns = (batch: RecordBatch): readonly ColumnType[] => batch.type.columns;

const env = new StreamEnvironment({ bufferTimeout: '5ms' });
// Exported, so that the compiler must be able to name what it inferred.
export const lines = env.fromSource(new BlockSource());
export const counts = lines.keyBy((line) => line.length).reduce((a) => a);
lines.sinkTo(log);
const csv: CsvOptions = { header: true };
const sinkOptions: FileSinkOptions = { format: 'csv', csv };
lines.sinkTo(files.sink('out', sinkOptions)).name('files');
const rolling: RollingOptions = { size: 1e6, interval: '10s', inactivity: 500, onCheckpoint: true };
const daily: DateTimeBucketOptions = { time: 'event' };
export const byDay: BucketAssigner<unknown> = buckets.dateTime('yyyy-MM-dd', daily);
lines.sinkTo(files.sink('days', { format: 'text', rolling, bucket: byDay }));
lines.sinkTo(files.sink('lengths', { format: 'text', bucket: (line) => String(line.length) }));
lines.sinkTo(files.sink('hours', { format: 'text', bucket: (line, { timestamp }: BucketContext) => line + timestamp?.toFixed() }));
export const ledger: TwoPhaseCommitSink<string, { readonly id: number }, number> = {
  name: 'ledger',
  createWriter({ subtask, fail }: SinkContext, restored?: RestoredSink<{ readonly id: number }, number>) {
    const writer: TwoPhaseCommitWriter<string, { readonly id: number }, number> = {
      write: (line, timestamp) => fail(line + timestamp),
      prepareCommit: async (checkpoint) => (checkpoint === undefined ? [] : [{ id: checkpoint + subtask }]),
      snapshot: () => Math.max(...(restored?.states ?? [])),
    };
    return writer;
  },
  commit: async (transactions) => void transactions.map(({ id }) => id),
};
lines.sinkTo(ledger);
lines.sinkTo(callback((line: string, context: CallbackContext) => void [line, context.subtask]));
const sourceOptions: FileSourceOptions = { encoding: 'latin1' };
export const read = env.fromSource(files.source('*.log', sourceOptions));
const delay: Duration = '1s';
const reconnect: ReconnectOptions = { delay };
const socketOptions: SocketOptions = { host: 'localhost', port: 9999, reconnect };
export const sockets = [socket.source(socketOptions), stdin.source({ bounded: false } satisfies StdinOptions)];
`;
    expect(compile(program)).toBe('');
  });

  it('have none of the engine in them', () => {
    const program = `
import { type KeyedStream, LocalCluster, StreamEnvironment } from 'millrace';
import { TestEnvironment } from 'millrace/testing';

const env = new StreamEnvironment();
const stream = env.fromData([{ a: 1 }]);
const keyed: KeyedStream<{ a: number }, number> = stream.keyBy('a');
const sink = stream.print();

export type Internal =
  | Extract<keyof StreamEnvironment, 'builder' | 'describe' | 'keyedStream' | 'addEndpoint' | 'collectFrom'>
  | Extract<keyof TestEnvironment, 'builder' | 'describe' | 'keyedStream' | 'addEndpoint' | 'collectFrom'>
  | Extract<keyof typeof stream, 'environment' | 'edges' | 'transform'>
  | Extract<keyof typeof keyed, 'environment' | 'edges' | 'transform'>
  | Extract<keyof LocalCluster, 'run'>;
export const none: Internal extends never ? true : false = true;
export const visible: keyof typeof sink = 'name' as 'name' | 'uid' | 'setParallelism' | 'disableChaining';

// @ts-expect-error: how a job runs is the package's affair.
new StreamEnvironment({}, { args: undefined, parallelism: 1, submit: () => Promise.reject(new Error()) });
`;
    expect(compile(program)).toBe('');
  });
});
