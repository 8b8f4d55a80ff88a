/**
 * A reader of files that are followed, as tests drive it: until it has read what they wait for. Its time is that of its looks at the files,
 * a millisecond for each that finds nothing to read: what waits for time to pass waits as long on a machine that is busy.
 */

import { onTestFinished } from 'vitest';
import type { Limits } from '../../../../src/base/limits.ts';
import type { Clock } from '../../../../src/base/system.ts';
import { RecordBatch } from '../../../../src/batch/record-batch.ts';
import { recordReader } from '../../../../src/compiler/input-row.ts';
import { type FileSourceOptions, fileSource } from '../../../../src/connectors/files/file-source.ts';
import type { FollowOptions } from '../../../../src/connectors/files/follow/follow-options.ts';
import type { Format } from '../../../../src/formats/format.ts';
import type { Source, SourceReader, Split } from '../../../../src/graph/source.ts';
import { stringsOf } from '../../strings-of.ts';
import { ReaderContext, sourceContext } from '../../support.ts';

export interface FollowerOptions extends Omit<FileSourceOptions<never>, 'follow' | 'format'> {
  readonly format?: Format<unknown>;
  readonly limits?: Partial<Limits>;
  readonly follow?: FollowOptions;
  /** What another one had read. */
  readonly splits?: readonly Split[];
}

class LookClock implements Clock {
  readonly #start = Date.now();
  #passedMs = 0;

  now(): number {
    return this.#start + this.#passedMs;
  }

  monotonic(): number {
    return this.#passedMs;
  }

  advance(milliseconds: number): void {
    this.#passedMs += milliseconds;
  }
}

export class Follower {
  readonly context: ReaderContext;
  readonly reader: SourceReader<unknown>;
  readonly lines: string[] = [];
  /** Whenever it has nothing to read. */
  pauses = 0;
  readonly #clock: LookClock;
  #closed = false;

  private constructor(context: ReaderContext, reader: SourceReader<unknown>, clock: LookClock) {
    this.context = context;
    this.reader = reader;
    this.#clock = clock;
  }

  static async start(patterns: string | readonly string[], options: FollowerOptions = {}): Promise<Follower> {
    const { limits, follow, splits: before, ...rest } = options;
    const source: Source<unknown> = fileSource<unknown>(patterns, { ...rest, follow: { pollInterval: 1, closeInactive: 20, ...follow } });
    const clock = new LookClock();
    const { system, ...others } = sourceContext(limits);
    const context = new ReaderContext({ ...others, system: { ...system, clock } });
    const splits = before === undefined ? await source.enumerate(context) : (source.divideAgain?.(before, 1) ?? before);
    const follower = new Follower(context, source.createReader(context), clock);
    onTestFinished(() => follower.close());
    for (const split of structuredClone(splits)) follower.reader.addSplit(split);
    return follower;
  }

  get warnings(): readonly string[] {
    return this.context.warnings;
  }

  /** Takes a batch, if there is one. */
  poll(): boolean {
    const polled = this.reader.poll();
    if (polled instanceof RecordBatch) this.lines.push(...linesOf(polled));
    else {
      this.pauses++;
      this.advance(1);
    }
    return polled instanceof RecordBatch;
  }

  /** Lets time pass. */
  advance(milliseconds: number): void {
    this.#clock.advance(milliseconds);
  }

  /** Reads until the condition holds. */
  async until(condition: () => boolean): Promise<this> {
    while (!condition()) if (!this.poll()) await this.context.awake();
    return this;
  }

  /** Reads until there is nothing more to read, whatever is looked for. */
  async rest(looks = 4): Promise<readonly string[]> {
    const before = this.pauses;
    await this.until(() => this.pauses >= before + looks);
    return this.lines;
  }

  /** What a checkpoint would keep, and the end of this reader. */
  kill(): readonly Split[] {
    const splits = structuredClone(this.reader.splits());
    this.close();
    return splits;
  }

  close(): void {
    if (!this.#closed) this.reader.close();
    this.#closed = true;
  }
}

/** Texts as they are, other records as JSON. */
function linesOf(batch: RecordBatch): string[] {
  if (batch.type.form === 'scalar') return stringsOf(batch);
  const read = recordReader(batch.type);
  return Array.from({ length: batch.rowCount }, (_, row) => JSON.stringify(read(batch, row)));
}
