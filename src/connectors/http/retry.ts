/** When a request is made again. Pure. */

import type { Random } from '../../base/system.ts';

export interface HttpRetry {
  /** Requests in all. */
  readonly attempts: number;
  readonly delayMs: number;
  readonly backoff: number;
  readonly delayMsMax: number;
  /** Share by which a delay is longer or shorter. */
  readonly jitter: number;
}

/** The longest that a timer can wait. */
const timerMsMax = 2 ** 31 - 1;

/** @param attempt that has failed, from 1 */
export function retryDelayMs({ delayMs, backoff, delayMsMax, jitter }: HttpRetry, attempt: number, random: Random): number {
  const delay = Math.min(delayMsMax, delayMs * backoff ** (attempt - 1));
  return Math.min(delayMsMax, Math.round(delay * (1 + jitter * (2 * random.next() - 1))));
}

/** What `Retry-After` asks for, in seconds or as a date; 0 where it says nothing that can be understood. @param now epoch milliseconds */
export function retryAfterMs(header: string | null, now: number): number {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? 0 : Math.min(timerMsMax, Math.max(0, ms));
}
