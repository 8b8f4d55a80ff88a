/**
 * What an operator holds by key: slots, states, and timers of both kinds. At most one key is entered at a time; its state is
 * what the function sees. A key that has neither state nor timers left is forgotten, and its slot goes to another.
 */

import type { Holdings, OperatorContext } from '../../compiler/operator.ts';
import type { Residents } from '../../state/change-log.ts';
import type { StateDeclarations } from '../../state/descriptors.ts';
import { KeyIndex } from '../../state/key-index.ts';
import { KeyedStateContents } from '../../state/keyed-state-contents.ts';
import { KeyedStates } from '../../state/keyed-states.ts';
import { TimerContents } from '../../state/timer-contents.ts';
import { TimerQueue } from '../../time/timer-queue.ts';

/**
 * Timers of the key that is being processed. There is one timer for each key, kind and time, however often it is registered. For
 * a time that has passed, one of event time fires with the next watermark, one of the time of day once the record is done with.
 *
 * @example ctx.timers.registerEventTime(ctx.timestamp + 60_000);
 */
export interface TimerService {
  /** Calls `onTimer` once the watermark has reached `time`, in epoch milliseconds. */
  registerEventTime(time: number): void;
  /** Calls `onTimer` once the time of day has reached `time`, in epoch milliseconds. */
  registerProcessingTime(time: number): void;
  deleteEventTime(time: number): void;
  deleteProcessingTime(time: number): void;
}

/** How far event time has come in a scope: plain data. */
export interface EventTimeProgress {
  readonly watermark: number;
  readonly firing: number;
}

/** How often timers of event time may register others at the end of the input: more than any function of several stages has. */
const endRoundsMax = 100;

/** Functions have one timer for each key and time; only windows tell timers apart. */
const ownNamespace = 0;

export class KeyScope implements TimerService {
  readonly index = new KeyIndex();
  readonly states: KeyedStates<StateDeclarations>;
  readonly #eventTimers = new TimerQueue();
  readonly #processingTimers = new TimerQueue();
  #slot = -1;
  #watermark = Number.NEGATIVE_INFINITY;
  /** The watermark whose timers are firing; −Infinity once they have: a timer for a time that has passed waits for the next one. */
  #firing = Number.NEGATIVE_INFINITY;
  #now = Number.NEGATIVE_INFINITY;

  /** At the end of the input: timers of event time that are left of this round, and rounds before it. */
  #left = 0;
  #rounds = 0;
  readonly #warn: (message: string) => void;
  /** Undefined where all keys stay in memory. */
  #residents: Residents | undefined;

  constructor(declarations: StateDeclarations, context: OperatorContext) {
    const { system, warn } = context;
    this.#warn = warn;
    this.states = new KeyedStates({ declarations, index: this.index, now: () => system.clock.now() });
    this.#describe(context);
  }

  /** Says what there is, for checkpoints. */
  #describe({ keyedState, warn }: OperatorContext): void {
    const log = keyedState('states', new KeyedStateContents(this.states, this.index, warn, this.#hasTimers));
    if (log.tracks) this.states.follow(log);
    this.#residents = log.residents;
    const eventTimers = new TimerContents(this.#eventTimers, this.index);
    eventTimers.follow(keyedState('event-timers', eventTimers));
    const processingTimers = new TimerContents(this.#processingTimers, this.index);
    processingTimers.follow(keyedState('processing-timers', processingTimers));
  }

  /** The key that is entered. */
  get key(): unknown {
    if (this.#slot < 0) throw new Error('ctx.key and ctx.timers belong to a key: use them while a record or a timer is processed');
    return this.index.key(this.#slot);
  }

  enter(slot: number): void {
    this.#residents?.use(slot);
    this.#slot = slot;
    this.states.select(slot);
  }

  leave(): void {
    this.#slot = -1;
    this.states.deselect();
  }

  /** Calls `visit` with every key that has state, while it is entered. No key is to be entered before. */
  forEachKey(visit: (key: unknown, state: unknown) => void): void {
    try {
      const visitSlot = (slot: number): void => {
        this.enter(slot);
        visit(this.index.key(slot), this.states.accessors);
      };
      this.states.forEachSlot(visitSlot);
      this.leave();
      this.#residents?.forEachOther(visitSlot);
    } finally {
      this.leave();
    }
  }

  /** Forgets the keys that have nothing left. */
  forgetEmpty(): void {
    this.states.releaseVacant(this.#hasTimers);
  }

  readonly #hasTimers = (slot: number): boolean => this.#eventTimers.countOf(slot) > 0 || this.#processingTimers.countOf(slot) > 0;

  /**
   * How far event time has come. Whoever goes on from here is told of the same watermark once more, and then nothing is to fire that
   * waits for the next one.
   */
  snapshot(): EventTimeProgress {
    return { watermark: this.#watermark, firing: this.#firing };
  }

  /** @param parts what several scopes said: it is as late as for the last of them. Time that had come to its end begins anew. */
  restore(parts: readonly EventTimeProgress[]): void {
    const open = parts.filter(({ watermark }) => watermark < Number.POSITIVE_INFINITY);
    for (const [i, { watermark, firing }] of open.entries()) {
      if (i > 0 && watermark >= this.#watermark) continue;
      this.#watermark = watermark;
      this.#firing = firing;
    }
  }

  advanceEventTime(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    this.#firing = isDue(this.#eventTimers, watermark) ? watermark : Number.NEGATIVE_INFINITY;
  }

  advanceProcessingTime(now: number): void {
    this.#now = now;
  }

  /** When the next timer of the time of day is due. */
  get nextTime(): number {
    return this.#processingTimers.next;
  }

  get isDue(): boolean {
    return isDue(this.#eventTimers, this.#firing) || isDue(this.#processingTimers, this.#now);
  }

  /** The time and kind of the timer that was taken last. */
  firedAt = 0;
  domain: 'event' | 'processing' = 'event';

  /** Takes the next timer that is due, and enters its key; false when none is. */
  takeTimer(): boolean {
    const processing = this.#processingTimers.pop(this.#now);
    if (!processing && !this.#popEvent()) return false;
    const timers = processing ? this.#processingTimers : this.#eventTimers;
    this.firedAt = timers.time;
    this.domain = processing ? 'processing' : 'event';
    this.enter(timers.slot);
    return true;
  }

  #popEvent(): boolean {
    const isLast = this.#firing === Number.POSITIVE_INFINITY && this.#left-- === 0 && !this.#beginRound();
    if (!isLast && this.#eventTimers.pop(this.#firing)) return true;
    this.#firing = Number.NEGATIVE_INFINITY;
    return false;
  }

  /** A timer that registers the next one whenever it fires would never come to the end of time. */
  #beginRound(): boolean {
    this.#left = this.#eventTimers.size - 1;
    if (this.#rounds++ <= endRoundsMax) return true;
    this.#warn(
      `at the end of the input its timers of event time went on to register others: after ${endRoundsMax} rounds ${this.#eventTimers.size} were left, and did not fire; ` +
        'a timer that is registered again and again should ask whether ctx.watermark is Infinity',
    );
    return false;
  }

  get holdings(): Holdings {
    let states = 0;
    this.states.forEachSlot((slot) => {
      states += this.states.stateCount(slot);
    });
    return { states, eventTimers: this.#eventTimers.size, processingTimers: this.#processingTimers.size };
  }

  registerEventTime(time: number): void {
    this.#eventTimers.register(checkTime(time, 'registerEventTime'), this.#current, ownNamespace);
  }

  registerProcessingTime(time: number): void {
    const at = checkTime(time, 'registerProcessingTime');
    // At the end of the input the timers that there are fire at once; what they register would be for a time that never comes.
    if (this.#now < Number.POSITIVE_INFINITY) this.#processingTimers.register(at, this.#current, ownNamespace);
  }

  deleteEventTime(time: number): void {
    this.#eventTimers.delete(checkTime(time, 'deleteEventTime'), this.#current, ownNamespace);
  }

  deleteProcessingTime(time: number): void {
    this.#processingTimers.delete(checkTime(time, 'deleteProcessingTime'), this.#current, ownNamespace);
  }

  get #current(): number {
    void this.key;
    return this.#slot;
  }
}

function checkTime(time: unknown, method: string): number {
  if (typeof time === 'number' && !Number.isNaN(time)) return time;
  throw new TypeError(
    `ctx.timers.${method}: expected a time in epoch milliseconds, got ${String(time)}; is ctx.timestamp undefined because no timestamps were assigned?`,
  );
}

/** Both times are infinite at the end of the input, also where there are no timers. */
function isDue(timers: TimerQueue, time: number): boolean {
  return timers.size > 0 && timers.next <= time;
}
