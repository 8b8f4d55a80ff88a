/** Reads files that are followed by turns, the ones that were changed first before others until it has caught up. */

import { assert } from '../../../base/assert.ts';
import type { Polled, SideRecords, SourceReader, SourceReaderContext } from '../../../graph/source.ts';
import { failedOperation } from '../../failed-operation.ts';
import { Parsing, type ParsingOptions } from '../../lines/parsing.ts';
import type { FileRecordsOptions } from '../file-records.ts';
import { fileRecordsOptions } from '../records-options.ts';
import { CompressedFileTurn, type FileTurn, PlainFileTurn, type TurnResult } from './file-turn.ts';
import { FileWatch } from './file-watch.ts';
import type { Following } from './follow-options.ts';
import type { FollowedFile } from './followed-file.ts';
import { type DueFile, FollowedFiles } from './followed-files.ts';
import type { FollowedSplit, FollowSplit } from './followed-split.ts';

export class FollowReader implements SourceReader<unknown, FollowSplit | FollowedSplit> {
  readonly #context: SourceReaderContext;
  readonly #following: Following;
  readonly #patterns: readonly string[];
  readonly #parsing: Parsing;
  readonly #recordsOptions: FileRecordsOptions;
  /** Undefined until it is known what was read before. */
  #files: FollowedFiles | undefined;
  #watch: FileWatch | undefined;
  #queue: DueFile[] = [];
  /** Files that were opened, the one first that had its turn the longest ago. Some may be closed by now. */
  readonly #open = new Set<FollowedFile>();
  #turn: FileTurn | undefined;
  /** What the file of the turn had been read to. */
  #readBefore = 0;
  #last = false;
  #hasLooked = false;
  #bytesBefore = 0;
  isBehind = true;
  currentSplit: string | undefined;
  /** Files whose records may go on where they were: event time waits for them. */
  readonly openSplits = new Set<string>();

  constructor(context: SourceReaderContext, patterns: readonly string[], following: Following, parsing: ParsingOptions) {
    this.#context = context;
    this.#following = following;
    this.#patterns = patterns;
    this.#parsing = new Parsing(context, parsing);
    this.#recordsOptions = fileRecordsOptions(context, this.#parsing, parsing);
  }

  addSplit(split: FollowSplit | FollowedSplit): void {
    assert(this.#files === undefined && 'files' in split, 'one split has all files that are followed');
    const context = this.#context;
    const { storage, clock, timers } = context.system;
    this.#files = new FollowedFiles(
      {
        following: this.#following,
        storage,
        clock,
        warn: (message) => context.warn(message),
        completeAfterMs: this.#parsing.parser.completeAfterMs,
      },
      split.files,
    );
    const { pollMs } = this.#following;
    this.#watch = new FileWatch({ patterns: this.#patterns, storage, timers, pollMs, wake: () => context.wake() });
  }

  noMoreSplits(): void {
    this.#last = true;
  }

  poll(): Polled<unknown> {
    if (this.#files === undefined) return this.#last ? 'end' : 'needs-split';
    this.#look(this.#files);
    for (;;) {
      const turn = this.#turn ?? this.#nextTurn();
      if (turn === undefined) {
        this.isBehind &&= !this.#hasLooked;
        return 'pending';
      }
      const taken = turn.take(this.#parsing.batch);
      if (taken === 'pending') return taken;
      if (taken === 'batch') {
        this.#select(turn.file.identity);
        return this.#parsing.batch;
      }
      this.#endTurn(this.#files, turn, taken);
    }
  }

  /** While it catches up, what comes of a file later is newer than all that is still to be read: nothing waits for the files before. */
  #select(id: string): void {
    if (this.isBehind && this.currentSplit !== id) this.openSplits.clear();
    this.currentSplit = id;
    this.openSplits.add(id);
  }

  takeSide(): SideRecords | undefined {
    return this.#parsing.takeSide();
  }

  splits(): readonly (FollowSplit | FollowedSplit)[] {
    return this.#files?.splits ?? [];
  }

  close(): void {
    this.#watch?.close();
    this.#turn?.close();
    this.#files?.close();
  }

  get bytesRead(): number {
    return this.#bytesBefore + (this.#turn?.bytesRead ?? 0);
  }

  #look(files: FollowedFiles): void {
    const found = this.#watch?.take();
    if (found === undefined) return;
    if (!this.#hasLooked && found.length === 0)
      this.#context.warn(`no file matches '${this.#patterns.join("', '")}' yet (working directory: ${process.cwd()}); waiting for one`);
    this.#hasLooked = true;
    files.look(found, this.#turn?.file);
    for (const id of files.atRest) this.openSplits.delete(id);
    this.#queue = files.due(this.#turn?.file);
  }

  #nextTurn(): FileTurn | undefined {
    for (let due = this.#queue.shift(); due !== undefined; due = this.#queue.shift()) {
      this.#turn = this.#openTurn(due);
      if (this.#turn !== undefined) return this.#turn;
    }
    return undefined;
  }

  /** Undefined where another file has its name by now, or none: the next look tells what became of it. */
  #openTurn({ file, final, settled }: DueFile): FileTurn | undefined {
    const { storage } = this.#context.system;
    this.#parsing.reads(file.path);
    this.#readBefore = file.readTo;
    try {
      const opened = file.open(storage);
      if (opened === undefined) return undefined;
      this.#keepOpen(file);
      if (file.compression !== undefined) {
        file.close();
        return new CompressedFileTurn(file, this.#recordsOptions);
      }
      const bytesMax = this.isBehind ? Number.POSITIVE_INFINITY : this.#context.limits.splitBytes;
      return new PlainFileTurn(file, opened, {
        ...this.#recordsOptions,
        fingerprintBytes: this.#following.fingerprintBytes,
        bytesMax,
        final,
        settled,
      });
    } catch (error) {
      throw failedOperation('SOURCE_FAILED', `cannot open '${file.path}'`, error);
    }
  }

  /** Keeps to the number of open files. Those without a name could not be opened again. */
  #keepOpen(current: FollowedFile): void {
    this.#open.delete(current);
    this.#open.add(current);
    for (const file of this.#open) {
      if (this.#open.size <= this.#context.limits.followedFiles) return;
      if (file === current || file.gone) continue;
      file.close();
      this.#open.delete(file);
    }
  }

  #endTurn(files: FollowedFiles, turn: FileTurn, taken: Exclude<TurnResult, 'batch' | 'pending'>): void {
    const { file } = turn;
    this.#leave(turn);
    if (taken === 'replaced') files.replaced(file);
    if (taken === 'more') this.#queue.push({ file, final: false, settled: false });
    if (taken !== 'end') return;
    if (turn.finished) this.openSplits.delete(file.identity);
    if (turn.finished && (file.gone || !file.matches)) files.drop(file);
  }

  #leave(turn: FileTurn): void {
    this.#bytesBefore += turn.bytesRead;
    if (turn.file.readTo > this.#readBefore) turn.file.changedAt = this.#context.system.clock.monotonic();
    this.#turn = undefined;
    turn.close();
  }
}
