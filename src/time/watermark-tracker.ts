/**
 * The watermark of one subtask of a source, or of an assigner: each split has a generator and an idleness timer; the watermark
 * is the minimum over the splits that are not idle, and never goes back. Flink's `WatermarkOutputMultiplexer`,
 * `WatermarksWithIdleness` and `BoundedOutOfOrdernessWatermarks` in one.
 *
 * For the strategies that are built in, nothing is to be done for a record but to keep `maxTimestamp`, and for a batch but to
 * count `events`. `now` is always monotonic time in milliseconds. One subtask owns a tracker.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import type { SplitProgress } from './split-progress.ts';
import type { WatermarkGenerator, WatermarkOutput, WatermarkStrategy } from './watermarks.ts';

/** What is known of one split. */
interface SplitState<T> {
  /** Of the job's author; undefined for the strategies that are built in. */
  generator: WatermarkGenerator<T> | undefined;
  /** Where the generator says what follows from a record, and what it says at intervals. */
  immediate: WatermarkOutput | undefined;
  deferred: WatermarkOutput | undefined;
  watermark: number;
  idle: boolean;
  maxTimestamp: number;
  events: number;
  /** `events` at the last probe for idleness. */
  probedEvents: number;
  /** Unpaused time of the first probe that found no further events; NaN before. */
  inactiveSince: number;
  /** Whether the last probe found the split idle. */
  timedOut: boolean;
}

/** The split of what has none: assigners in the middle of a job, and sources of one split. */
const onlySplit = '';

/**
 * @example
 * const tracker = new WatermarkTracker(watermarks.boundedOutOfOrderness('5s'), { intervalMs: 200, now: 0 });
 * tracker.maxTimestamp = 12_000; // by the loop over a batch
 * tracker.events += 1;
 * tracker.onPeriodicEmit(200); // true
 * tracker.watermark; // 6999
 */
export class WatermarkTracker<T> {
  /** The latest timestamp of the selected split. Whoever reads its records keeps it: `if (ts > t.maxTimestamp) t.maxTimestamp = ts`. */
  maxTimestamp = Number.NEGATIVE_INFINITY;
  /** Records of the selected split so far; to be counted by whoever reads them, unless through `onEvent`. */
  events = 0;
  /** The last watermark; never goes back. */
  watermark = Number.NEGATIVE_INFINITY;
  /** Whether nobody need wait for this subtask: all of its splits are idle. Ends with the next watermark. */
  idle = false;

  readonly #strategy: WatermarkStrategy<T>;
  readonly #intervalMs: number;
  /** What is subtracted from the latest timestamp. */
  readonly #distance: number;
  readonly #splits = new Map<string, SplitState<T>>();
  /** Stands for the splits while there are none: a subtask without work becomes idle, too. */
  readonly #absent: SplitState<T>;
  /** The split that the public fields tell of. */
  #selected: SplitState<T>;
  #lastEmit: number;
  /** Whether there was anything since the last periodic emission that may change the watermark. */
  #active = true;
  #changed = false;
  #paused = false;
  #pausedSince = 0;
  /** The sum of the pauses that are over. */
  #pausedMs = 0;
  /** How far splits had come before, which were not added yet. */
  readonly #restored: Map<string, SplitProgress>;

  /**
   * @param options.intervalMs between periodic emissions, `autoWatermarkInterval`; 0 for none
   * @param options.splits whether there are splits, which `addSplit` adds; otherwise there is one without a name
   * @param options.restored how far they had come, and what the watermark was
   */
  constructor(
    strategy: WatermarkStrategy<T>,
    options: {
      readonly intervalMs: number;
      readonly now: number;
      readonly splits?: boolean;
      readonly restored?: { readonly splits: ReadonlyMap<string, SplitProgress>; readonly watermark: number } | undefined;
    },
  ) {
    this.#strategy = strategy;
    this.#restored = new Map(options.restored?.splits);
    this.watermark = options.restored?.watermark ?? Number.NEGATIVE_INFINITY;
    this.#intervalMs = options.intervalMs;
    this.#lastEmit = options.now;
    this.#distance = distanceOf(strategy);
    this.#absent = this.#newSplit();
    this.#selected = this.#absent;
    if (options.splits !== true) this.addSplit(onlySplit);
  }

  /** Adds a split, which holds the watermark where it is until it has one of its own. The first one is selected. */
  addSplit(id: string): void {
    assert(!this.#splits.has(id), 'a split is added once');
    this.#splits.set(id, this.#goneOn(id, this.#newSplit()));
    this.#active = true;
    if (this.#splits.size === 1) this.select(id);
  }

  /** A split goes on from where it was. */
  #goneOn(id: string, split: SplitState<T>): SplitState<T> {
    const restored = this.#restored.get(id);
    if (restored === undefined) return split;
    this.#restored.delete(id);
    split.maxTimestamp = restored.maxTimestamp;
    split.watermark = restored.watermark;
    if (restored.generator !== undefined) split.generator?.restore?.(restored.generator);
    return split;
  }

  /** How far the splits have come. @param carries whether to pass on what is known of splits that nobody has added */
  progress(carries: boolean): SplitProgress[] {
    this.#store();
    const own = Array.from(this.#splits, ([id, { maxTimestamp, watermark, generator }]): SplitProgress => {
      return { id, maxTimestamp, watermark, generator: generator?.snapshot?.(), carried: false };
    });
    // What has no splits goes on from the slowest subtask, which may be one that has not begun.
    const hasBegun = ({ id, maxTimestamp, watermark }: SplitProgress): boolean =>
      Math.max(maxTimestamp, watermark) > Number.NEGATIVE_INFINITY || (id === onlySplit && !this.idle);
    const begun = own.filter(hasBegun);
    return carries ? [...begun, ...Array.from(this.#restored.values(), (split) => ({ ...split, carried: true }))] : begun;
  }

  /** Removes a split; from the next periodic emission on it no longer counts. */
  removeSplit(id: string): void {
    const split = this.#splits.get(id);
    assert(split !== undefined, 'a split that is removed was added');
    this.#splits.delete(id);
    if (split === this.#selected) this.#load(this.#absent);
    if (this.#splits.size === 0) {
      this.#absent.inactiveSince = Number.NaN;
      this.#absent.timedOut = false;
    }
    this.#active = true;
  }

  /** Makes `maxTimestamp` and `events` those of a split: before the loop over its records. */
  select(id: string): void {
    const split = this.#splits.get(id);
    assert(split !== undefined, 'a split has records after it was added');
    if (split === this.#selected) return;
    this.#store();
    this.#load(split);
  }

  /**
   * Takes the timestamp of one record of the selected split: for generators of one's own. Returns whether the watermark or the
   * idleness of the subtask has changed.
   */
  onEvent(record: T, timestamp: number): boolean {
    this.events++;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    const { generator, immediate } = this.#selected;
    if (generator === undefined || immediate === undefined) return false;
    this.#changed = false;
    generator.onEvent(record, timestamp, immediate);
    return this.#changed;
  }

  /** To be called at intervals of `autoWatermarkInterval`. Returns whether the watermark or the idleness has changed. */
  onPeriodicEmit(now: number): boolean {
    this.#store();
    this.#active = false;
    this.#changed = false;
    this.#lastEmit = now;
    const unpaused = this.#unpaused(now);
    if (this.#splits.size === 0) this.#probe(this.#absent, unpaused);
    for (const split of this.#splits.values()) this.#emitSplit(split, unpaused);
    this.#combine();
    return this.#changed;
  }

  /** When `onPeriodicEmit` can next change anything, unless a record comes before; Infinity when it cannot. */
  get deadline(): number {
    if (this.#intervalMs === 0) return Number.POSITIVE_INFINITY;
    const next = this.#lastEmit + this.#intervalMs;
    if (this.#active || this.events !== this.#selected.events) return next;
    if (this.#splits.size === 0) return this.#splitDeadline(this.#absent, next);
    let deadline = Number.POSITIVE_INFINITY;
    for (const split of this.#splits.values()) deadline = Math.min(deadline, this.#splitDeadline(split, next));
    return deadline;
  }

  /** While the subtask cannot read, because its output has no room or it waits for other sources, no split becomes idle. */
  setPaused(paused: boolean, now: number): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#pausedSince = now;
    else this.#pausedMs += now - this.#pausedSince;
  }

  /** The input has ended: nothing follows at all. */
  end(): void {
    this.watermark = Number.POSITIVE_INFINITY;
    this.idle = false;
  }

  #newSplit(): SplitState<T> {
    const split: SplitState<T> = {
      generator: undefined,
      immediate: undefined,
      deferred: undefined,
      watermark: Number.NEGATIVE_INFINITY,
      idle: false,
      maxTimestamp: Number.NEGATIVE_INFINITY,
      events: 0,
      probedEvents: 0,
      inactiveSince: Number.NaN,
      timedOut: false,
    };
    if (this.#strategy.kind === 'generator') {
      split.generator = this.#strategy.create();
      split.immediate = this.#immediateOutput(split);
      split.deferred = deferredOutput(split);
    }
    return split;
  }

  /** What a generator says of a record counts at once. */
  #immediateOutput(split: SplitState<T>): WatermarkOutput {
    const setIdle = (idle: boolean): void => {
      split.idle = idle;
      this.#combine();
    };
    return {
      emitWatermark: (timestamp) => {
        if (advance(split, timestamp)) this.#combine();
      },
      markIdle: () => setIdle(true),
      markActive: () => setIdle(false),
    };
  }

  #store(): void {
    const split = this.#selected;
    if (this.events !== split.events) this.#active = true;
    split.maxTimestamp = this.maxTimestamp;
    split.events = this.events;
  }

  #load(split: SplitState<T>): void {
    this.#selected = split;
    this.maxTimestamp = split.maxTimestamp;
    this.events = split.events;
  }

  #emitSplit(split: SplitState<T>, unpaused: number): void {
    if (this.#probe(split, unpaused)) return;
    if (split.generator !== undefined && split.deferred !== undefined) split.generator.onPeriodicEmit(split.deferred);
    else advance(split, split.maxTimestamp - this.#distance);
  }

  /**
   * Whether a split has had no events for longer than the idleness. Time counts from the first probe that finds no further
   * events.
   */
  #probe(split: SplitState<T>, unpaused: number): boolean {
    if (split.events !== split.probedEvents) {
      split.probedEvents = split.events;
      split.inactiveSince = Number.NaN;
      split.timedOut = false;
      return false;
    }
    // Not a number yet: this is the first such probe.
    if (!(split.inactiveSince <= unpaused)) split.inactiveSince = unpaused;
    if (split.timedOut || unpaused - split.inactiveSince <= this.#strategy.idlenessMs) return split.timedOut;
    split.timedOut = true;
    split.idle = true;
    return true;
  }

  #combine(): void {
    let minimum = Number.POSITIVE_INFINITY;
    let idle = this.#splits.size > 0 || this.#absent.timedOut;
    for (const split of this.#splits.values()) {
      if (split.idle) continue;
      idle = false;
      minimum = Math.min(minimum, split.watermark);
    }
    if (idle) {
      this.#changed ||= !this.idle;
      this.idle = true;
    } else if (this.#splits.size > 0 && minimum > this.watermark) {
      this.watermark = minimum;
      this.idle = false;
      this.#changed = true;
    }
  }

  /** Time without the pauses. */
  #unpaused(now: number): number {
    return (this.#paused ? this.#pausedSince : now) - this.#pausedMs;
  }

  /** @param next the next time of a periodic emission */
  #splitDeadline(split: SplitState<T>, next: number): number {
    if (split.timedOut) return Number.POSITIVE_INFINITY;
    if (split.generator !== undefined) return next;
    const { idlenessMs } = this.#strategy;
    if (this.#paused || idlenessMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return Number.isNaN(split.inactiveSince) ? next : Math.max(next, split.inactiveSince + this.#pausedMs + idlenessMs);
  }
}

function distanceOf<T>(strategy: WatermarkStrategy<T>): number {
  if (strategy.kind === 'bounded') return strategy.outOfOrdernessMs + 1;
  return strategy.kind === 'ingestion' ? 1 : Number.POSITIVE_INFINITY;
}

/** What a generator says at intervals counts once all splits have had their turn. */
function deferredOutput<T>(split: SplitState<T>): WatermarkOutput {
  return {
    emitWatermark: (timestamp) => void advance(split, timestamp),
    markIdle: () => {
      split.idle = true;
    },
    markActive: () => {
      split.idle = false;
    },
  };
}

/** Whether the watermark of the split has grown; who says one is active. */
function advance<T>(split: SplitState<T>, timestamp: number): boolean {
  split.idle = false;
  if (!(timestamp > split.watermark)) return false;
  split.watermark = timestamp;
  return true;
}
