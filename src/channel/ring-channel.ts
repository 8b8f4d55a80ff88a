/**
 * A channel between two workers: frames in a ring. A frame that is larger than half of the ring travels in fragments and is
 * put together again in memory of the reader's own, so that the size of a record is not limited by the ring.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { defaultLimits } from '../base/limits.ts';
import type { Column } from '../batch/column.ts';
import { RecordBatch } from '../batch/record-batch.ts';
import { StringColumn } from '../batch/string-column.ts';
import type { StringDictionary } from '../batch/string-dictionary.ts';
import type { RecordType } from '../schema/type.ts';
import { encodeDictionary } from '../wire/dictionary.ts';
import { FrameKind } from '../wire/frame.ts';
import { encodeRecordType } from '../wire/record-type.ts';
import { BatchPool } from './batch-pool.ts';
import type { BatchOptions, ChannelReader, ChannelWriter } from './channel.ts';
import type { Mark, StreamElement } from './element.ts';
import { FrameEncoder } from './frame-encoder.ts';
import { align8, type FrameMemory, headerBytes, privateFrameMemory } from './frame-memory.ts';
import { FrameReader } from './frame-reader.ts';
import { RingReader, RingWriter } from './ring.ts';

const frameKindOfMark = {
  watermark: FrameKind.Watermark,
  idle: FrameKind.Idle,
  active: FrameKind.Active,
  barrier: FrameKind.Barrier,
  end: FrameKind.EndOfInput,
} as const;

/** A frame too large for the ring, on its way. */
interface OversizeFrame {
  readonly memory: FrameMemory;
  readonly bytes: number;
  sent: number;
}

export class RingChannelWriter implements ChannelWriter {
  bytes = 0;
  readonly waiting = 0;
  readonly #ring: RingWriter;
  readonly #encoder = new FrameEncoder();
  readonly #pool: BatchPool;
  readonly #schemas = new Map<RecordType, number>();
  /** By column: the dictionary that the reader has, and how many of its entries. */
  readonly #dictionaries: ({ dictionary: StringDictionary; sent: number } | undefined)[] = [];
  /** What must leave before the offered element: frames that did not fit the ring as a whole. */
  #oversize: OversizeFrame | null = null;
  /** The element whose own frame is already (partly) sent as an oversize frame. */
  #inFlight: StreamElement | null = null;
  /** The batch that the encoder's plan is of: it found no room, and is not planned again each time it is offered. */
  #planned: RecordBatch | null = null;

  /**
   * @param notify rings the reader's doorbell
   * @param pooledBatches that are kept to be filled again
   */
  constructor(shared: SharedArrayBuffer, notify: () => void, pooledBatches = defaultLimits.pooledBatches) {
    this.#ring = new RingWriter(shared, notify);
    this.#pool = new BatchPool(pooledBatches);
  }

  acquire(type: RecordType, options: BatchOptions): RecordBatch {
    return this.#pool.acquire(type, options);
  }

  offer(element: StreamElement): boolean {
    if (!this.#sendOversize()) return false;
    if (this.#inFlight === element) {
      this.#inFlight = null;
    } else if (element instanceof RecordBatch) {
      if (!this.#offerBatch(element)) return false;
    } else if (!this.#offerMark(element)) return false;
    if (element instanceof RecordBatch) this.#pool.release(element);
    return true;
  }

  #offerMark(mark: Mark): boolean {
    const position = this.#ring.reserve(headerBytes);
    if (position < 0) return false;
    const header = this.#ring.memory.startFrame(position, frameKindOfMark[mark.kind], headerBytes);
    if (mark.kind === 'watermark') header.mutate_value(mark.time);
    if (mark.kind === 'barrier') header.mutate_value(mark.checkpoint);
    this.#publish(headerBytes);
    if (mark.kind === 'end') this.#ring.seal();
    return true;
  }

  announce(checkpoint: number): void {
    this.#ring.announce(checkpoint);
  }

  #offerBatch(batch: RecordBatch): boolean {
    if (this.#planned !== batch && !this.#sendTables(batch)) return false;
    const schema = this.#schemas.get(batch.type) as number;
    for (;;) {
      const bytes = this.#planned === batch ? this.#encoder.bytes : this.#encoder.plan(batch);
      this.#planned = null;
      if (bytes > this.#ring.frameBytesMax) return this.#offerOversize(batch, schema, bytes);
      const position = this.#ring.reserve(bytes);
      if (position < 0) {
        this.#planned = batch;
        return false;
      }
      if (this.#encoder.write(batch, schema, this.#ring.memory, position)) {
        this.#publish(bytes);
        return true;
      }
    }
  }

  /** Sends what the reader must know before a batch: its type, and the strings that it has ids of. */
  #sendTables(batch: RecordBatch): boolean {
    if (!this.#schemas.has(batch.type)) {
      const schema = this.#schemas.size;
      this.#schemas.set(batch.type, schema);
      if (!this.#sendMessage(FrameKind.Schema, encodeRecordType(batch.type), schema)) return false;
    }
    return this.#sendDictionaries(batch);
  }

  #offerOversize(batch: RecordBatch, schema: number, planned: number): boolean {
    for (let bytes = planned; ; bytes = this.#encoder.plan(batch)) {
      const memory = privateFrameMemory(bytes);
      if (!this.#encoder.write(batch, schema, memory, 0)) continue;
      this.#oversize = { memory, bytes, sent: 0 };
      if (this.#sendOversize()) return true;
      this.#inFlight = batch;
      return false;
    }
  }

  #sendDictionaries(batch: RecordBatch): boolean {
    for (let i = 0; i < batch.columns.length; i++) {
      const column = batch.columns[i] as Column;
      if (!(column instanceof StringColumn) || column.form !== 'dictionary') continue;
      const dictionary = column.dictionary as StringDictionary;
      let known = this.#dictionaries[i];
      if (known?.dictionary === dictionary && known.sent === dictionary.size) continue;
      if (known?.dictionary !== dictionary) known = { dictionary, sent: 0 };
      const message = encodeDictionary({ column: i, first: known.sent, strings: dictionary.slice(known.sent) });
      this.#dictionaries[i] = { dictionary, sent: dictionary.size };
      if (!this.#sendMessage(FrameKind.Dictionary, message, 0)) return false;
    }
    return true;
  }

  /** Sends a table, always as if it were oversize: it is rare, and what is left of it leaves before the next frame. */
  #sendMessage(kind: FrameKind, payload: Uint8Array, schema: number): boolean {
    const bytes = align8(headerBytes + payload.length);
    const memory = privateFrameMemory(bytes);
    const header = memory.startFrame(0, kind, bytes);
    header.mutate_payload(payload.length);
    header.mutate_schema(schema);
    memory.uint8.set(payload, headerBytes);
    this.#oversize = { memory, bytes, sent: 0 };
    return this.#sendOversize();
  }

  /** Sends what is left of the oversize frame; true when nothing is. */
  #sendOversize(): boolean {
    const frame = this.#oversize;
    if (frame === null) return true;
    while (frame.sent < frame.bytes) {
      const length = Math.min(frame.bytes - frame.sent, this.#ring.frameBytesMax - headerBytes);
      const bytes = headerBytes + length;
      const position = this.#ring.reserve(bytes);
      if (position < 0) return false;
      const header = this.#ring.memory.startFrame(position, FrameKind.Fragment, bytes);
      header.mutate_value(frame.bytes);
      header.mutate_payload(length);
      frame.memory.bytes.copy(this.#ring.memory.bytes, position + headerBytes, frame.sent, frame.sent + length);
      frame.sent += length;
      this.#publish(bytes);
    }
    this.#oversize = null;
    return true;
  }

  #publish(bytes: number): void {
    this.bytes += bytes;
    this.#ring.publish(bytes);
  }
}

export class RingChannelReader implements ChannelReader {
  bytes = 0;
  readonly waiting = 0;
  readonly #ring: RingReader;
  readonly #frames = new FrameReader();
  /** The element that was polled and not yet released. */
  #current: StreamElement | null = null;
  /** Bytes of the ring that the current element lies in; 0 when it lies in memory of its own. */
  #currentBytes = 0;

  /** @param notify rings the writer's doorbell: there is room */
  constructor(shared: SharedArrayBuffer, notify: () => void) {
    this.#ring = new RingReader(shared, notify);
  }

  isEmpty(): boolean {
    // A schema, a dictionary or a piece of a large frame is something to read, but not yet an element.
    return this.poll() === null;
  }

  poll(): StreamElement | null {
    if (this.#current !== null) return this.#current;
    for (let position = this.#ring.peek(); position >= 0; position = this.#ring.peek()) {
      const { memory } = this.#ring;
      const header = memory.headerAt(position);
      const bytes = header.bytes();
      if (header.kind() === FrameKind.Fragment) {
        this.#current = this.#frames.fragment(header, memory, position);
        this.#release(bytes);
      } else {
        this.#current = this.#frames.element(memory, position, header);
        this.#currentBytes = bytes;
      }
      if (this.#current !== null) return this.#current;
    }
    return null;
  }

  release(): void {
    assert(this.#current !== null, 'only a polled element is released');
    this.#current = null;
    if (this.#currentBytes > 0) this.#release(this.#currentBytes);
    this.#currentBytes = 0;
  }

  #release(bytes: number): void {
    this.bytes += bytes;
    this.#ring.release(bytes);
  }

  get announced(): number {
    return this.#ring.announced;
  }

  get sealed(): boolean {
    return this.#ring.sealed;
  }

  ahead(checkpoint: number, behindPolled: boolean, visit: (batch: RecordBatch) => void): void {
    const place = this.#ring.place(checkpoint);
    // What was put together from fragments lies in the ring no more; it may have come behind the place.
    const current = this.#currentBytes === 0 ? this.#current : null;
    if (current?.kind === 'batch' && !behindPolled && this.#ring.isInFront(place)) visit(current);
    if (current !== null && endsAhead(current, checkpoint)) return;
    const frames = this.#frames.copy();
    this.#ring.ahead(behindPolled ? this.#currentBytes : 0, place, (position) => {
      const { memory } = this.#ring;
      const header = memory.headerAt(position);
      const isFragment = header.kind() === FrameKind.Fragment;
      const element = isFragment ? frames.fragment(header, memory, position) : frames.element(memory, position, header);
      if (element?.kind === 'batch') visit(element);
      return element === null || !endsAhead(element, checkpoint);
    });
  }
}

/** Whether what lies behind an element does not belong to a checkpoint. */
function endsAhead(element: StreamElement, checkpoint: number): boolean {
  return element.kind === 'end' || (element.kind === 'barrier' && element.checkpoint === checkpoint);
}
