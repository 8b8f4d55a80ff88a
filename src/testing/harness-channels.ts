/** The ends of a harness: what it puts into the operator under test, and what it takes out. */

import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import { endOfInput, type StreamElement } from '../channel/element.ts';
import { LocalChannel } from '../channel/local-channel.ts';
import { recordReader } from '../compiler/input-row.ts';
import { batchOf } from '../runtime/source-input.ts';
import type { RecordType } from '../schema/type.ts';

/** A record that came out, with its event time; undefined when it has none. */
export interface HarnessRecord<T> {
  readonly value: T;
  readonly timestamp: number | undefined;
}

/** What came out: records, and the watermarks between them. */
export type HarnessElement<T> = HarnessRecord<T> | { readonly watermark: number };

/** A record that goes in. */
export interface TimedValue<T> {
  readonly value: T;
  readonly timestamp?: number | undefined;
}

/** A queue that holds one element, and every other time refuses it although there is room. */
export class StutteringChannel extends LocalChannel {
  /** Elements that were refused although there was room. */
  refusals = 0;
  #refuses = false;

  constructor() {
    super(1);
  }

  override offer(element: StreamElement): boolean {
    this.#refuses = !this.#refuses && this.isEmpty();
    if (!this.#refuses) return super.offer(element);
    this.refusals++;
    return false;
  }
}

/** Puts records and marks into a channel that is never full. */
export class HarnessFeed {
  readonly channel = new LocalChannel(Number.POSITIVE_INFINITY);
  watermark = Number.NEGATIVE_INFINITY;
  idle = false;
  ended = false;

  /** All of them in one batch. */
  put(records: readonly TimedValue<unknown>[]): void {
    const batch = batchOf(records.map(({ value }) => value));
    if (records.some(({ timestamp }) => timestamp !== undefined))
      batch.timestamps = Float64Array.from(records, ({ timestamp }) => timestamp ?? Number.NaN);
    this.channel.offer(batch);
  }

  advance(watermark: number): void {
    if (watermark === this.watermark) return;
    this.watermark = watermark;
    this.idle = false;
    this.channel.offer({ kind: 'watermark', time: watermark });
  }

  setIdle(idle: boolean): void {
    if (idle === this.idle) return;
    this.idle = idle;
    this.channel.offer({ kind: idle ? 'idle' : 'active' });
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.channel.offer(endOfInput);
  }
}

/** Takes elements out of a channel. */
export class HarnessOutput {
  readonly elements: HarnessElement<unknown>[] = [];
  idle = false;
  readonly #reader: ChannelReader;
  readonly #recordReaders = new Map<RecordType, (batch: RecordBatch, row: number) => unknown>();

  constructor(reader: ChannelReader) {
    this.#reader = reader;
  }

  /** Takes the next element; false when there is none. */
  take(): boolean {
    const element = this.#reader.poll();
    if (element === null) return false;
    if (element.kind === 'batch') this.#takeBatch(element);
    else if (element.kind === 'watermark') this.elements.push({ watermark: element.time });
    else if (element.kind === 'idle' || element.kind === 'active') this.idle = element.kind === 'idle';
    this.#reader.release();
    return true;
  }

  #takeBatch(batch: RecordBatch): void {
    let read = this.#recordReaders.get(batch.type);
    if (read === undefined) {
      read = recordReader(batch.type);
      this.#recordReaders.set(batch.type, read);
    }
    for (let row = 0; row < batch.rowCount; row++) {
      const time = batch.timestamps?.[row] ?? Number.NaN;
      this.elements.push({ value: read(batch, row), timestamp: Number.isNaN(time) ? undefined : time });
    }
  }
}

export function isRecord<T>(element: HarnessElement<T>): element is HarnessRecord<T> {
  return 'value' in element;
}
