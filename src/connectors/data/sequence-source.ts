/** Whole numbers in order, as fast as they are taken or at a steady rate. */

import { assert } from '../../base/assert.ts';
import { MillraceError } from '../../base/errors.ts';
import type { Timer } from '../../base/system.ts';
import type { FixedColumn } from '../../batch/column.ts';
import { RecordBatch } from '../../batch/record-batch.ts';
import type { Polled, Source, SourceReader, SourceReaderContext, Split } from '../../graph/source.ts';
import { column, internType, scalarType } from '../../schema/type.ts';

export interface SequenceOptions {
  readonly from: number;
  /** The last number; endless when undefined. */
  readonly to: number | undefined;
  readonly ratePerSecond?: number | undefined;
  readonly name?: string;
}

export interface SequenceSplit extends Split {
  /** The next number, and the distance to the one after it. */
  readonly next: number;
  readonly step: number;
  /** No number is above this; null for an endless sequence. */
  readonly last: number | null;
  /** Further ones that the same reader reads in turn with it. */
  readonly others?: readonly SequenceSplit[];
}

const type = internType(scalarType(column('float64')));
/** Of batches whose numbers all fit: arithmetic of whole numbers is several times as fast, `%` most of all. */
const int32Type = internType(scalarType(column('int32')));

export function sequenceSource(options: SequenceOptions): Source<number, SequenceSplit> {
  const { from, to, name = 'fromSequence' } = options;
  for (const [option, value] of Object.entries({ from, to })) {
    if (value !== undefined && !Number.isSafeInteger(value))
      throw new MillraceError('INVALID_OPTION', `${name}: ${option} must be a whole number, got ${String(value)}`);
  }
  return {
    name,
    bounded: to !== undefined,
    type,
    details: { from, to, ratePerSecond: options.ratePerSecond },
    enumerate: ({ parallelism }) => divide(options, parallelism),
    divideAgain,
    createReader: (context) => new SequenceReader(options, context),
  };
}

/** Ranges of consecutive numbers; every n-th number each where the sequence is endless or rated, to keep time in step. */
function divide({ from, to, ratePerSecond }: SequenceOptions, parallelism: number): SequenceSplit[] {
  const length = to === undefined ? Number.POSITIVE_INFINITY : to - from + 1;
  const count = Math.max(0, Math.min(parallelism, length));
  return Array.from({ length: count }, (_, i) => {
    if (to === undefined || ratePerSecond !== undefined) return { id: `every-${i}`, next: from + i, step: count, last: to ?? null };
    const next = from + Math.floor((length * i) / count);
    return { id: `range-${i}`, next, step: 1, last: from + Math.floor((length * (i + 1)) / count) - 1 };
  });
}

/** Fewer readers take what there is in turn: one after the other, an endless one would keep all others for ever, and time would go apart. */
function divideAgain(splits: readonly SequenceSplit[], parallelism: number): readonly SequenceSplit[] {
  const parts = splits.flatMap(partsOf);
  return parts.slice(0, parallelism).map((part, i) => {
    const others = parts.filter((_, j) => j >= parallelism && j % parallelism === i);
    return others.length === 0 ? part : { ...part, others };
  });
}

/** A split that was divided before, and no reader has begun, has others with it. */
function partsOf({ others = [], ...first }: SequenceSplit): SequenceSplit[] {
  return [first, ...others];
}

class SequenceReader implements SourceReader<number, SequenceSplit> {
  readonly #context: SourceReaderContext;
  /** By whether the numbers fit 32 bits; both are the same records. */
  readonly #int32Batch: RecordBatch;
  readonly #float64Batch: RecordBatch;
  readonly #ratePerSecond: number;
  /** Read in turn, the first next. */
  #parts: SequenceSplit[] = [];
  #complete = false;
  #startedAt = 0;
  /** Numbers since the start. */
  #emitted = 0;
  #timer: Timer | null = null;

  constructor({ ratePerSecond }: SequenceOptions, context: SourceReaderContext) {
    this.#context = context;
    const options = { capacity: context.limits.batchRows, timestamps: false, hashes: false };
    this.#int32Batch = new RecordBatch(int32Type, options);
    this.#float64Batch = new RecordBatch(type, options);
    this.#ratePerSecond = ratePerSecond ?? Number.POSITIVE_INFINITY;
  }

  addSplit(split: SequenceSplit): void {
    assert(this.#parts.length === 0, 'a reader reads one split at a time');
    this.#parts = partsOf(split);
    this.#startedAt = this.#context.system.clock.monotonic();
    this.#emitted = 0;
  }

  noMoreSplits(): void {
    this.#complete = true;
  }

  poll(): Polled<number> {
    const split = this.#parts[0];
    if (split === undefined) return this.#complete ? 'end' : 'needs-split';
    if (this.#timer !== null) return 'pending';
    const left = split.last === null ? Number.POSITIVE_INFINITY : Math.floor((split.last - split.next) / split.step) + 1;
    const due = this.#due();
    if (due < 1) return this.#wait();
    const count = Math.min(left, due, this.#context.limits.batchRows);
    const batch = this.#fill(split, count);
    this.#emitted += count;
    this.#parts.shift();
    if (count < left) this.#parts.push({ ...split, next: split.next + count * split.step });
    return batch;
  }

  /** Numbers a second of this reader: of every n-th number it has an n-th of the rate. */
  get #rate(): number {
    return this.#parts.reduce((sum, { step }) => sum + this.#ratePerSecond / step, 0);
  }

  #fill({ next, step }: SequenceSplit, count: number): RecordBatch {
    const behind = next + count * step;
    const batch = isInt32(next) && isInt32(behind) ? this.#int32Batch : this.#float64Batch;
    batch.rowCount = count;
    const column = batch.columns[0] as FixedColumn;
    if (batch === this.#int32Batch) fillInt32(column.values(batch.capacity) as Int32Array, { next, step }, count);
    else fillFloat64(column.values(batch.capacity) as Float64Array, { next, step }, count);
    return batch;
  }

  /** Numbers that the rate allows now. */
  #due(): number {
    if (this.#ratePerSecond === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const elapsedMs = this.#context.system.clock.monotonic() - this.#startedAt;
    return Math.floor((elapsedMs * this.#rate) / 1000) + 1 - this.#emitted;
  }

  /**
   * Wakes when the next number is due; a millisecond at least, so that fast rates come in small batches. Until then nothing is due,
   * however often somebody asks: one number at a time, a thread would be busy all the time, and be made to wait for its core.
   */
  #wait(): 'pending' {
    const dueAt = this.#startedAt + (this.#emitted * 1000) / this.#rate;
    const delayMs = Math.max(1, dueAt - this.#context.system.clock.monotonic());
    this.#timer = this.#context.system.timers.after(delayMs, () => {
      this.#timer = null;
      this.#context.wake();
    });
    return 'pending';
  }

  splits(): readonly SequenceSplit[] {
    return [...this.#parts];
  }

  close(): void {
    this.#timer?.cancel();
  }
}

function isInt32(value: number): boolean {
  return (value | 0) === value;
}

type Series = Pick<SequenceSplit, 'next' | 'step'>;

// One function for each kind of array, so that V8 compiles each for the one it sees.
function fillInt32(values: Int32Array, { next, step }: Series, count: number): void {
  for (let i = 0, value = next; i < count; i++, value += step) values[i] = value;
}

function fillFloat64(values: Float64Array, { next, step }: Series, count: number): void {
  for (let i = 0; i < count; i++) values[i] = next + i * step;
}
