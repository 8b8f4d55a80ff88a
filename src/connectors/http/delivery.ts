/**
 * Brings one batch to a web service: the request, and further ones while it gets no answer, or one that another moment may better. A
 * batch that was answered may have been taken, whatever became of the answer, so it may come there twice. Runs on the subtask's thread.
 */

import { MillraceError } from '../../base/errors.ts';
import type { Limits } from '../../base/limits.ts';
import type { System } from '../../base/system.ts';
import { reasonOf } from '../failed-operation.ts';
import { type HttpRetry, retryAfterMs, retryDelayMs } from './retry.ts';

/** Where batches go, and how. */
export interface HttpTarget {
  readonly url: string;
  /** For people: without what may be secret. */
  readonly name: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly retry: HttpRetry;
}

export interface Batch {
  readonly body: string;
  readonly records: number;
}

export interface DeliveryContext {
  readonly system: System;
  readonly limits: Limits;
  warn(message: string): void;
}

/** What became of one request that is worth another. */
interface Failure {
  /** Completes "cannot send … : ". */
  readonly reason: string;
  /** What the answer asks to wait; 0 where it says nothing. */
  readonly waitMs: number;
  readonly cause?: unknown;
}

/**
 * @param signal that nobody waits any more
 * @throws MillraceError SINK_FAILED when all attempts are used up, SINK_REFUSED at an answer that would be the same again
 */
export async function deliver(target: HttpTarget, batch: Batch, context: DeliveryContext, signal: AbortSignal): Promise<void> {
  const { attempts } = target.retry;
  for (let attempt = 1; ; attempt++) {
    const failure = await send(target, batch, context, signal);
    if (failure === undefined) return;
    const { reason, waitMs, cause } = failure;
    signal.throwIfAborted();
    if (attempt === attempts) {
      const message = `cannot send ${records(batch)} to ${target.name}, tried ${attempt === 1 ? 'once' : `${attempt} times`}: ${reason}`;
      throw new MillraceError('SINK_FAILED', message, { cause });
    }
    if (attempt === 1) context.warn(`cannot send records to ${target.name}: ${reason}; trying again, ${attempts} times in all`);
    await pause(Math.max(waitMs, retryDelayMs(target.retry, attempt, context.system.random)), context.system, signal);
  }
}

function records({ records }: Batch): string {
  return records === 1 ? 'a record' : `${records} records`;
}

async function send(target: HttpTarget, batch: Batch, context: DeliveryContext, signal: AbortSignal): Promise<Failure | undefined> {
  const { url, method, headers, timeoutMs } = target;
  // Answers take real time, whatever the clock of the job says.
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: batch.body,
      redirect: 'manual',
      signal: AbortSignal.any([timeout, signal]),
    });
    return await judge(target, batch, context, response);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf((error as Error).cause ?? error);
    return { reason, waitMs: 0, cause: error };
  }
}

/** @throws MillraceError SINK_REFUSED */
async function judge(target: HttpTarget, batch: Batch, context: DeliveryContext, response: Response): Promise<Failure | undefined> {
  const { status, statusText, headers } = response;
  const body = await beginning(response, response.ok ? 0 : context.limits.shownCharacters);
  if (response.ok) return undefined;
  const answer = `${status}${statusText === '' ? '' : ` ${statusText}`}${body === '' ? '' : `: ${body}`}`;
  if (status === 429 || status >= 500)
    return { reason: answer, waitMs: retryAfterMs(headers.get('retry-after'), context.system.clock.now()) };
  const to = headers.get('location');
  const moved = to === null || status >= 400 ? '' : `; it has moved to ${to}: name that URL`;
  throw new MillraceError('SINK_REFUSED', `${target.name} refuses ${records(batch)}: ${answer}${moved}`);
}

/** Reads the answer to its end, so that the connection can be used again, and keeps the beginning of its text, on one line. */
async function beginning(response: Response, characters: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? [])
    if (text.length <= characters) text += decoder.decode(chunk as Uint8Array, { stream: true });
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= characters ? line : `${line.slice(0, characters)}…`;
}

function pause(ms: number, { timers }: System, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    const abort = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
