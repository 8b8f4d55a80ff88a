/** Gives records their event time, and says watermarks of it: what makes event time of a stream. */

import { unexpected } from '../base/options.ts';
import type { Clock } from '../base/system.ts';
import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../compiler/operator.ts';
import { type RecordReads, readsOf } from '../compiler/record-reads.ts';
import { fieldExpression, fieldOf, type Row, wholeRecord } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import type { SplitObserver } from '../graph/source.ts';
import type { AlignmentGroup } from '../time/alignment.ts';
import { progressBySplit, type SplitProgress } from '../time/split-progress.ts';
import { WatermarkTracker } from '../time/watermark-tracker.ts';
import { checkTimestamp, timestampMax, type WatermarkStrategy } from '../time/watermarks.ts';
import type { SubtaskPart } from '../wire/state-handles.ts';

export interface AssignWatermarksSpec {
  readonly strategy: WatermarkStrategy<never>;
  /** Between two watermarks, in milliseconds; 0 for one after every batch. */
  readonly intervalMs: number;
}

export interface AssignWatermarksOperator extends Operator {
  readonly strategy: WatermarkStrategy<never>;
}

/** @param of what the strategy was given to, for the error */
export function assignWatermarksOperator(spec: AssignWatermarksSpec, of: string): AssignWatermarksOperator {
  const { strategy, intervalMs } = spec;
  if (typeof strategy?.kind !== 'string' || !('idlenessMs' in strategy))
    throw unexpected(of, "a strategy, such as watermarks.boundedOutOfOrderness('5s', { timestamp: 'at' })", strategy);
  const { timestamp, kind, alignment, idlenessMs } = strategy;
  return {
    kind: 'assign-watermarks',
    title: 'watermarks',
    functions: {
      ...(typeof timestamp === 'function' ? { timestamp: timestamp as UserFunction } : {}),
      ...(strategy.kind === 'generator' ? { create: strategy.create as UserFunction } : {}),
    },
    details: {
      kind,
      intervalMs,
      idlenessMs: Number.isFinite(idlenessMs) ? idlenessMs : 'off',
      field: typeof timestamp === 'function' ? undefined : timestamp,
      outOfOrdernessMs: strategy.kind === 'bounded' ? strategy.outOfOrdernessMs : undefined,
      alignment,
    },
    strategy,
    retains: false,
    reads: () => readsForTime(strategy),
    create: (context) => new AssignWatermarks(spec, context),
  };
}

/** A generator is given the whole record. */
function readsForTime({ kind, timestamp }: WatermarkStrategy<never>): RecordReads | undefined {
  if (kind === 'generator') return undefined;
  if (typeof timestamp === 'function') return readsOf([timestamp as UserFunction], true);
  return { fields: timestamp === undefined ? [] : [String(timestamp)], handsOn: true };
}

/** A watermark that is said is finite: the end of the input is told otherwise. */
const latest = Number.MAX_VALUE;

class AssignWatermarks implements OperatorInstance {
  readonly #strategy: WatermarkStrategy<never>;
  readonly #context: OperatorContext;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** How far event time had come where this goes on. */
  #restored: { readonly splits: ReadonlyMap<string, SplitProgress>; readonly watermark: number } | undefined;
  /** Generated code keeps its `maxTimestamp` and `events`. */
  #tracker: WatermarkTracker<never>;
  readonly #alignment: AlignmentGroup | undefined;
  /** Records at the last periodic emission. */
  #emittedEvents = 0;
  /** A generator said something of the last record, which must reach those behind before the next one. */
  #pressing = false;
  /** The time of day of the records of this batch; never goes back. */
  now = Number.NEGATIVE_INFINITY;

  constructor({ strategy, intervalMs }: AssignWatermarksSpec, context: OperatorContext) {
    this.#strategy = strategy;
    this.#context = context;
    this.#clock = context.system.clock;
    this.#intervalMs = intervalMs;
    this.#tracker = this.#newTracker(false);
    this.#alignment = strategy.alignment === undefined ? undefined : context.alignment(strategy.alignment);
  }

  get #everyBatch(): boolean {
    return this.#intervalMs === 0;
  }

  #newTracker(splits: boolean): WatermarkTracker<never> {
    const now = this.#clock.monotonic();
    return new WatermarkTracker(this.#strategy, { intervalMs: Math.max(1, this.#intervalMs), now, splits, restored: this.#restored });
  }

  /** Who has seen no records yet may see the earliest: that others have come further means nothing. Who is idle or done says nothing. */
  snapshot(): Readonly<Record<string, SubtaskPart>> {
    const { watermark, idle } = this.#tracker;
    const isSilent = watermark === Number.POSITIVE_INFINITY || (watermark === Number.NEGATIVE_INFINITY && idle);
    return {
      splits: { distribution: 'union', items: this.#tracker.progress(this.#context.subtask === 0) },
      watermark: { distribution: 'union', items: isSilent ? [] : [watermark] },
    };
  }

  restore({ splits = [], watermark = [] }: Readonly<Record<string, readonly unknown[]>>): void {
    const earliest = watermark.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...(watermark as readonly number[]));
    this.#restored = { splits: progressBySplit(splits as readonly SplitProgress[]), watermark: earliest };
    this.#tracker = this.#newTracker(false);
  }

  /** From now on each split has watermarks of its own. */
  observeSplits(): SplitObserver {
    this.#tracker = this.#newTracker(true);
    return {
      addSplit: (id) => this.#tracker.addSplit(id),
      removeSplit: (id) => this.#tracker.removeSplit(id),
      selectSplit: (id) => {
        this.#tracker.select(id);
        // Another split has another number of records.
        this.#emittedEvents = Number.NaN;
      },
    };
  }

  beginBatch(): void {
    if (this.#strategy.kind === 'ingestion') this.now = Math.max(this.now, this.#clock.now());
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    const { names, body } = code;
    const { timestamp } = this.#strategy;
    const called = typeof timestamp === 'function' ? code.call(timestamp as UserFunction, row, [orUndefined(row.timestamp)]) : undefined;
    const timed = called?.row ?? row;
    const time = names.fresh('time');
    body.line(`let ${time} = ${called?.result ?? this.#timeExpression(code, timed)};`);
    const check = names.constant('checkTime', (value: unknown, record: unknown) => this.#check(value, record));
    body.line(`if (typeof ${time} !== 'number' || ${isNoTime(time)}) ${time} = ${check}(${time}, ${wholeRecord(timed)});`);
    const tracker = names.constant('tracker', this.#tracker);
    if (this.#strategy.kind === 'generator') {
      const generated = names.fresh('generated');
      body.line(`let ${generated};`);
      body.line(`try { ${generated} = ${tracker}.onEvent(${wholeRecord(timed)}, ${time}); }`);
      body.line(`catch (error) { throw ${code.failure('error', wholeRecord(timed))}; }`);
      body.line(`if (${generated}) ${names.constant('assigner', this)}.press();`);
    } else {
      body.line(`if (${time} > ${tracker}.maxTimestamp) ${tracker}.maxTimestamp = ${time};`);
      body.line(`${tracker}.events++;`);
    }
    emit({ ...timed, timestamp: time });
  }

  /** Where times lie in a column they are looked at together. What they say of the watermark holds once all rows are through. */
  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const { timestamp, kind } = this.#strategy;
    const isField = typeof timestamp === 'string' || typeof timestamp === 'number';
    const field = isField && kind === 'bounded' ? fieldOf(row, String(timestamp)) : undefined;
    if (field?.numbers === undefined) return false;
    const { names, body } = code;
    const times = field.numbers.use();
    const latest = names.fresh('latest');
    body.line(`let ${latest} = -Infinity;`);
    body.block('for (let i = 0; i < rows; i++)', () => {
      const check = names.constant('checkTime', (value: unknown, record: unknown) => this.#check(value, record));
      body.line(`if (${isNoTime(`${times}[i]`)}) ${check}(${times}[i], ${wholeRecord(row)});`);
      body.line(`if (${times}[i] > ${latest}) ${latest} = ${times}[i];`);
    });
    emit.batch({ ...row, timestamp: `${times}[i]` });
    const tracker = names.constant('tracker', this.#tracker);
    body.line(`if (${latest} > ${tracker}.maxTimestamp) ${tracker}.maxTimestamp = ${latest};`);
    body.line(`${tracker}.events += rows;`);
    return true;
  }

  #timeExpression(code: OperatorCode, row: Row): string {
    const { timestamp, kind } = this.#strategy;
    if (kind === 'ingestion') return `${code.names.constant('assigner', this)}.now`;
    if (timestamp === undefined) return row.timestamp ?? 'undefined';
    return fieldExpression(row, String(timestamp));
  }

  #check(value: unknown, record: unknown): number {
    const { limits, operator } = this.#context;
    const { timestamp } = this.#strategy;
    const field = typeof timestamp === 'string' ? timestamp : undefined;
    return checkTimestamp(value, { operatorName: operator.name, record, shownCharacters: limits.shownCharacters, field });
  }

  /** Called by generated code when a generator has said something of a record. */
  press(): void {
    this.#pressing = true;
  }

  get pressing(): boolean | undefined {
    return this.#strategy.kind === 'generator' ? this.#pressing : undefined;
  }

  /** Only the end of the input is heard of: what was before says nothing of the times assigned here. */
  advanceEventTime(watermark: number): void {
    if (watermark === Number.POSITIVE_INFINITY) this.#tracker.end();
  }

  get watermark(): number {
    this.#pressing = false;
    const { watermark } = this.#tracker;
    return this.#ended ? watermark : Math.min(watermark, latest);
  }

  get idle(): boolean {
    return this.#tracker.idle;
  }

  get nextTime(): number {
    if (this.#everyBatch && this.#tracker.events !== this.#emittedEvents) return Number.NEGATIVE_INFINITY;
    const deadline = Math.min(this.#tracker.deadline, this.#alignment?.deadline ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(deadline) ? this.#clock.now() + (deadline - this.#clock.monotonic()) : deadline;
  }

  #ended = false;

  advanceProcessingTime(now: number): void {
    const monotonic = this.#clock.monotonic();
    this.#ended ||= now === Number.POSITIVE_INFINITY;
    this.#emittedEvents = this.#tracker.events;
    if (!this.#ended && (this.#everyBatch || this.#tracker.deadline <= monotonic)) this.#tracker.onPeriodicEmit(monotonic);
    this.#alignment?.update(monotonic, this.#ended ? Number.POSITIVE_INFINITY : this.#tracker.watermark, this.#tracker.idle);
  }

  get holdsInput(): boolean {
    const holds = this.#alignment !== undefined && !this.#ended && !this.#alignment.mayRead(this.#tracker.watermark);
    if (this.#alignment !== undefined) this.#tracker.setPaused(holds, this.#clock.monotonic());
    return holds;
  }

  setStalled(stalled: boolean): void {
    this.#tracker.setPaused(stalled, this.#clock.monotonic());
  }

  close(): void {
    this.#alignment?.update(this.#clock.monotonic(), Number.POSITIVE_INFINITY, true);
  }
}

/** Holds for NaN, too. */
function isNoTime(number: string): string {
  return `!(${number} <= ${timestampMax} && ${number} >= ${-timestampMax})`;
}

/** Records without a timestamp have NaN in their column. */
function orUndefined(timestamp: string | undefined): string {
  return timestamp === undefined ? 'undefined' : `(${timestamp} === ${timestamp} ? ${timestamp} : undefined)`;
}
