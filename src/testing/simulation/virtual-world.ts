/**
 * Virtual threads on one real one. Whatever could happen next — a timer that is due, a message that has come, a disk that has finished —
 * lies in one bag, and chance says what does. Invariant: what happens follows from the seed alone; time is virtual, and a thread that
 * has died does nothing any more. The calling thread.
 */

import type { Clock, Random, Timer, Timers, Waits } from '../../base/system.ts';
import { afterMicrotasks } from './after-microtasks.ts';

/** What a virtual thread that has died throws into whatever it was doing. */
class ThreadDeath extends Error {}

/** One thing that could happen next. */
interface Possible {
  readonly thread: VirtualThread;
  readonly what: string;
  readonly happen: () => void;
}

interface SetTimer extends Possible {
  readonly at: number;
  set: boolean;
}

export interface WorldOptions {
  readonly random: Random;
  /** Milliseconds that pass, at most, whenever a thread reads its clock. */
  readonly readingMs: number;
  /** Takes a line for everything that happens. */
  readonly trace: ((line: string) => void) | undefined;
}

/** Time goes on by chance to the next timer although other things could happen, as where all threads are slow: how often, and how far. */
const impatience = 0.01;
const impatienceMs = 50;

export class VirtualWorld {
  readonly #options: WorldOptions;
  readonly #bag: Possible[] = [];
  #timers: SetTimer[] = [];
  /** Those who wait for a word in shared memory, by its buffer. */
  readonly #waiting = new Map<ArrayBufferLike, { readonly thread: VirtualThread; readonly resolve: () => void }[]>();
  /** Milliseconds since the beginning. */
  now = 0;
  /** Things that have happened. */
  steps = 0;
  /** Called at each reading of a thread's clock: a thread may die there. */
  onReading: (thread: VirtualThread) => void = () => {};

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  get random(): Random {
    return this.#options.random;
  }

  chance(probability: number): boolean {
    return probability > 0 && this.#options.random.next() < probability;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#options.random.next() * (to - from + 1));
  }

  trace(line: () => string): void {
    this.#options.trace?.(`${String(this.steps).padStart(6)} ${this.now.toFixed(2).padStart(9)}  ${line()}`);
  }

  /** A thread reads its clock: some time has passed. */
  read(thread: VirtualThread): number {
    this.now += this.#options.random.next() * this.#options.readingMs;
    this.onReading(thread);
    return this.now;
  }

  put(thread: VirtualThread, what: string, happen: () => void): void {
    if (thread.alive) this.#bag.push({ thread, what, happen });
  }

  after(thread: VirtualThread, delayMs: number, what: string, happen: () => void): Timer {
    const timer: SetTimer = { thread, what, happen, at: this.now + Math.max(0, delayMs), set: true };
    this.#timers.push(timer);
    return {
      cancel: () => {
        timer.set = false;
      },
    };
  }

  wait(thread: VirtualThread, word: Int32Array, value: number): Promise<void> | undefined {
    // Nobody else runs meanwhile.
    if (word[0] !== value) return undefined;
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(word.buffer) ?? [];
      this.#waiting.set(word.buffer, waiting);
      waiting.push({ thread, resolve });
    });
  }

  notify(word: Int32Array): void {
    for (const { thread, resolve } of this.#waiting.get(word.buffer) ?? []) this.put(thread, 'is rung', resolve);
    this.#waiting.delete(word.buffer);
  }

  /** Lets one thing happen, with all that follows from it at once. False when nothing will ever happen any more. */
  async step(): Promise<boolean> {
    const next = this.#next();
    if (next === undefined) return false;
    this.steps++;
    const { thread, what, happen } = next;
    this.trace(() => `${thread.name}: ${what}`);
    try {
      happen();
    } catch (error) {
      if (!(error instanceof ThreadDeath)) thread.uncaught(error);
    }
    await afterMicrotasks();
    return true;
  }

  #next(): Possible | undefined {
    for (;;) {
      if (this.#timers.length > 0) this.#ring();
      if (this.#bag.length === 0) return undefined;
      const possible = this.#pick();
      if (possible.thread.alive) return possible;
    }
  }

  #pick(): Possible {
    let index = this.between(0, this.#bag.length - 1);
    // A slow thread mostly lets others go first.
    if (this.chance((this.#bag[index] as Possible).thread.slowness)) index = this.between(0, this.#bag.length - 1);
    const picked = this.#bag[index] as Possible;
    const last = this.#bag.pop() as Possible;
    if (picked !== last) this.#bag[index] = last;
    return picked;
  }

  /** Puts the timers that are due into the bag; time goes on to the next one where nothing else can happen. */
  #ring(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const { at, set, thread } of this.#timers) if (set && thread.alive && at < first) first = at;
    const isNext = this.#bag.length === 0 || (first < this.now + impatienceMs && this.chance(impatience));
    if (first > this.now && first < Number.POSITIVE_INFINITY) {
      if (!isNext) return;
      this.now = first;
    }
    const due = this.#timers.filter(({ at }) => at <= this.now);
    this.#timers = this.#timers.filter(({ at, set, thread }) => at > this.now && set && thread.alive);
    for (const timer of due.sort((a, b) => a.at - b.at)) {
      if (!timer.set || !timer.thread.alive) continue;
      // It may be cancelled between the time at which it is due and that at which it is heard.
      this.put(timer.thread, timer.what, () => {
        if (timer.set) timer.happen();
      });
    }
  }
}

/** A thread of a virtual process. */
export class VirtualThread implements Clock, Timers, Waits {
  readonly name: string;
  readonly world: VirtualWorld;
  alive = true;
  /** How often it lets others go first. */
  slowness = 0;
  /** What was thrown and nobody took. */
  uncaught: (error: unknown) => void = (error) => {
    throw error;
  };
  /** Called when it dies. */
  readonly onDeath: (() => void)[] = [];
  readonly #epochMs: number;

  constructor(world: VirtualWorld, name: string, epochMs: number) {
    this.world = world;
    this.name = name;
    this.#epochMs = epochMs;
  }

  /** It does nothing any more, wherever it is. */
  die(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const tell of this.onDeath) tell();
  }

  /** @throws ThreadDeath unless it is alive */
  check(): void {
    if (!this.alive) throw new ThreadDeath();
  }

  now(): number {
    return Math.floor(this.#epochMs + this.world.now);
  }

  /** @throws ThreadDeath where it dies here; afterwards a clock does no harm */
  monotonic(): number {
    if (!this.alive) return this.world.now;
    const now = this.world.read(this);
    this.check();
    return now;
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.world.after(this, delayMs, 'timer', callback);
  }

  soon(callback: () => void): void {
    this.world.put(this, 'turn', callback);
  }

  wait(word: Int32Array, value: number): Promise<void> | undefined {
    return this.world.wait(this, word, value);
  }

  notify(word: Int32Array): void {
    if (this.alive) this.world.notify(word);
  }
}
