/** Calls an asynchronous function until it succeeds, the attempts are used up, or time is. */

import type { Timer, Timers } from '../../base/system.ts';

/** When and how often a call is made again. Durations in milliseconds. */
export interface RetryPolicy {
  /** Calls in all. */
  readonly attempts: number;
  readonly delayMs: number;
  /** The delay is multiplied by this after each attempt. */
  readonly backoff: number;
  readonly delayMsMax: number;
  readonly onError: (error: unknown) => boolean;
  readonly onResult: (result: unknown) => boolean;
}

export interface AsyncCall {
  /** Makes one attempt. */
  readonly attempt: (signal: AbortSignal) => unknown;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy | undefined;
  readonly timers: Timers;
  /** Takes the result, or the error of the last attempt. Called once. */
  readonly settle: (outcome: Outcome) => void;
}

export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** One record's call: its attempts, and the time they have. */
export class RunningCall {
  readonly #call: AsyncCall;
  readonly #controller = new AbortController();
  readonly #timeout: Timer | undefined;
  #pause: Timer | undefined;
  #attempts = 0;
  #delayMs: number;
  #open = true;

  constructor(call: AsyncCall) {
    const { timeoutMs, timers, retry } = call;
    this.#call = call;
    this.#delayMs = retry?.delayMs ?? 0;
    this.#timeout = Number.isFinite(timeoutMs) ? timers.after(timeoutMs, () => this.#expire()) : undefined;
  }

  /** Makes the first attempt. */
  start(): void {
    this.#attempt();
  }

  /** Ends the call without an outcome. */
  abort(): void {
    if (this.#end()) this.#controller.abort();
  }

  #attempt(): void {
    this.#attempts++;
    try {
      const result = this.#call.attempt(this.#controller.signal);
      Promise.resolve(result).then(
        (value) => this.#take({ result: value }),
        (error: unknown) => this.#take({ error }),
      );
    } catch (error) {
      this.#take({ error });
    }
  }

  #take(outcome: Outcome): void {
    if (!this.#open) return;
    const { retry, timers } = this.#call;
    let retried: boolean;
    try {
      retried = retry !== undefined && this.#attempts < retry.attempts && isRetried(retry, outcome);
    } catch (error) {
      this.#settle({ error });
      return;
    }
    if (!retried || retry === undefined) {
      this.#settle(outcome);
      return;
    }
    this.#pause = timers.after(this.#delayMs, () => this.#attempt());
    this.#delayMs = Math.min(this.#delayMs * retry.backoff, retry.delayMsMax);
  }

  #expire(): void {
    this.#settle({ error: new AsyncTimeout(this.#call.timeoutMs) });
    this.#controller.abort();
  }

  #settle(outcome: Outcome): void {
    if (this.#end()) this.#call.settle(outcome);
  }

  /** False when it has ended already. */
  #end(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#timeout?.cancel();
    this.#pause?.cancel();
    return true;
  }
}

function isRetried(retry: RetryPolicy, outcome: Outcome): boolean {
  return 'error' in outcome ? retry.onError(outcome.error) : retry.onResult(outcome.result);
}

/** No result came in time. */
export class AsyncTimeout extends Error {
  override readonly name = 'AsyncTimeout';

  constructor(timeoutMs: number) {
    super(`no result within ${timeoutMs} ms; raise timeout, or give onTimeout a result to use instead`);
  }
}
