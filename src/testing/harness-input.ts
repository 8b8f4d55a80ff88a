/** One input of an operator under test: what the test does there is done when the call returns. */

import { MillraceError } from '../base/errors.ts';
import { unexpected } from '../base/options.ts';
import type { HarnessFeed, TimedValue } from './harness-channels.ts';

/** One input of the operator under test. */
export class HarnessInput<T> {
  readonly #feed: HarnessFeed;
  readonly #run: () => void;

  /** @internal */
  constructor(feed: HarnessFeed, run: () => void) {
    this.#feed = feed;
    this.#run = run;
  }

  /** A record comes, with its event time where the stream has one, in epoch milliseconds. */
  processElement(value: T, timestamp?: number): void {
    this.processElements([{ value, timestamp }]);
  }

  /** Several records come in one batch. */
  processElements(records: readonly TimedValue<T>[]): void {
    if (this.#feed.ended) throw new MillraceError('ENDPOINT', 'the input of the harness has ended');
    for (const { timestamp } of records)
      if (timestamp !== undefined && !Number.isFinite(timestamp))
        throw unexpected('processElement: the timestamp', 'a number of milliseconds', timestamp);
    if (records.length > 0) this.#feed.put(records);
    this.#run();
  }

  /** Event time of this input has come to `time`. */
  processWatermark(time: number): void {
    if (typeof time !== 'number' || !(time >= this.#feed.watermark))
      throw unexpected('processWatermark', `a time from ${this.#feed.watermark} on: watermarks never go back`, time);
    this.#feed.advance(time);
    this.#run();
  }

  /** From now on the input holds no watermark back; or it does again, as it does with its next watermark. */
  setIdle(idle: boolean): void {
    this.#feed.setIdle(idle);
    this.#run();
  }

  /** The last watermark; −Infinity before the first. */
  get watermark(): number {
    return this.#feed.watermark;
  }

  get idle(): boolean {
    return this.#feed.idle;
  }
}
