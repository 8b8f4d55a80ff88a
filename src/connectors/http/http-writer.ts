/**
 * Gathers the records of one subtask in batches and sends these. A batch leaves when it is full, when its first record has waited for
 * long enough, and at a barrier; so many are on their way at most, and a further one waits, and the input with it. Runs on the subtask's
 * thread.
 */

import type { Timer } from '../../base/system.ts';
import type { SinkContext, SinkWriter } from '../../graph/sink.ts';
import { jsonText } from '../files/json-text.ts';
import { deliver, type HttpTarget } from './delivery.ts';

/** What stands around and between records. */
export interface BatchFormat {
  readonly start: string;
  readonly between: string;
  readonly end: string;
}

export interface HttpWriterOptions {
  readonly target: HttpTarget;
  readonly format: BatchFormat;
  /** Of a batch at most. */
  readonly records: number;
  /** Of the body of a batch at most, unless it is one record. */
  readonly bytes: number;
  readonly lingerMs: number;
  readonly maxInFlight: number;
  readonly context: SinkContext;
}

export class HttpWriter implements SinkWriter<unknown> {
  readonly #options: HttpWriterOptions;
  readonly #closing = new AbortController();
  /** Of the batch that is being gathered. */
  #texts: string[] = [];
  #bytes = 0;
  #timer: Timer | undefined;
  /** Whether the first record of the batch has waited for long enough. */
  #lingered = false;
  /** They never reject. */
  readonly #inFlight = new Set<Promise<void>>();
  /** Of the first batch that could not be sent: then nothing more is. */
  #failure: { readonly error: unknown } | undefined;

  constructor(options: HttpWriterOptions) {
    this.#options = options;
  }

  write(record: unknown): void | Promise<void> {
    this.#check();
    const text = jsonText(record);
    const bytes = Buffer.byteLength(text) + this.#options.format.between.length;
    if (this.#texts.length === 0 || this.#bytes + bytes <= this.#options.bytes) return this.#add(text, bytes);
    const sent = this.#send();
    return sent === undefined ? this.#add(text, bytes) : sent.then(() => this.#add(text, bytes));
  }

  #add(text: string, bytes: number): void | Promise<void> {
    this.#texts.push(text);
    this.#bytes += bytes;
    if (this.#texts.length === this.#options.records || this.#bytes >= this.#options.bytes) return this.#send();
    this.#timer ??= this.#options.context.system.timers.after(this.#options.lingerMs, () => {
      this.#lingered = true;
      this.#sendLingering();
    });
  }

  /** Sends the batch, as soon as there is room for it. */
  #send(): void | Promise<void> {
    if (this.#hasRoom) this.#begin();
    else return this.#sendLater();
  }

  async #sendLater(): Promise<void> {
    while (!this.#hasRoom) await Promise.race(this.#inFlight);
    this.#check();
    this.#begin();
  }

  get #hasRoom(): boolean {
    return this.#inFlight.size < this.#options.maxInFlight;
  }

  /** A batch that has waited for long enough goes when there is room, without anybody waiting for it. */
  #sendLingering(): void {
    if (this.#lingered && this.#hasRoom && this.#failure === undefined) this.#begin();
  }

  #begin(): void {
    const texts = this.#texts;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lingered = false;
    if (texts.length === 0) return;
    this.#texts = [];
    this.#bytes = 0;
    const { target, format, context } = this.#options;
    const body = format.start + texts.join(format.between) + format.end;
    const delivery = deliver(target, { body, records: texts.length }, context, this.#closing.signal)
      .catch((error) => this.#failed(error))
      .then(() => {
        this.#inFlight.delete(delivery);
        this.#sendLingering();
      });
    this.#inFlight.add(delivery);
  }

  #failed(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#failure ??= { error };
    this.#options.context.fail(error);
  }

  /** @throws what a batch failed with that nobody had waited for */
  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  flush(timed = false): void | Promise<void> {
    this.#check();
    // Records may linger longer than that.
    if (timed || (this.#texts.length === 0 && this.#inFlight.size === 0)) return;
    return this.#drain();
  }

  /** Resolves when everything is out. */
  async #drain(): Promise<void> {
    await this.#send();
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    this.#check();
  }

  close(): void {
    this.#timer?.cancel();
    this.#closing.abort();
  }
}
