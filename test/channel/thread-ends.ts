/** The two ends of a ring on two threads: what one sends and the other expects follows from a count, and both sum it up. */

import { hashString, mix } from '../../src/base/hash.ts';
import { FixedColumn } from '../../src/batch/column.ts';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { StringColumn } from '../../src/batch/string-column.ts';
import { Doorbell } from '../../src/channel/doorbell.ts';
import { endOfInput, type StreamElement } from '../../src/channel/element.ts';
import { RingReader, RingWriter } from '../../src/channel/ring.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import { column, internType } from '../../src/schema/type.ts';
import { FrameKind } from '../../src/wire/frame.ts';

export interface ThreadTask {
  readonly role: 'sendFrames' | 'receiveFrames' | 'sendBatches' | 'receiveBatches';
  readonly ring: SharedArrayBuffer;
  /** Rung when there may be room again, and when there may be something to read. */
  readonly senderBell: SharedArrayBuffer;
  readonly receiverBell: SharedArrayBuffer;
  /** Frames or batches. */
  readonly count: number;
  /** Rounds of useless work for each: makes one side the slower one. */
  readonly idleWork: number;
}

/** Does one side's part and returns its sum; blocks the thread. */
export function runTask(task: ThreadTask): number {
  return roles[task.role](task);
}

const roles: Readonly<Record<ThreadTask['role'], (task: ThreadTask) => number>> = {
  sendFrames,
  receiveFrames,
  sendBatches,
  receiveBatches,
};

const headerBytes = 32;

function frameBytes(index: number): number {
  return headerBytes + 8 * (mix(index) & 3);
}

function combine(sum: number, value: number): number {
  return (Math.imul(sum, 31) + value) | 0;
}

function work(sum: number, rounds: number): number {
  let h = sum;
  for (let i = 0; i < rounds; i++) h = mix(h + i);
  return h;
}

/** More than a busy machine delays a thread: who sleeps as long was not woken. */
const missedWakeMs = 10_000;

/** What an attempt comes to once it is not null: sleeps in between, without missing a ring. */
function retry<R>(bell: Doorbell, attempt: () => R | null): R {
  for (;;) {
    const result = attempt() ?? lastLook(bell, attempt);
    if (result !== null) return result;
    const asleepAt = performance.now();
    bell.sleepBlocking(missedWakeMs);
    if (performance.now() - asleepAt >= missedWakeMs) throw new Error('nobody rang');
  }
}

/** Whoever publishes something behind this look rings. */
function lastLook<R>(bell: Doorbell, attempt: () => R | null): R | null {
  bell.announceSleep();
  const result = attempt();
  if (result !== null) bell.stayAwake();
  return result;
}

function free(position: number): number | null {
  return position < 0 ? null : position;
}

function sendFrames({ ring, senderBell, receiverBell, count, idleWork }: ThreadTask): number {
  const bell = new Doorbell(senderBell);
  const receiver = new Doorbell(receiverBell);
  const writer = new RingWriter(ring, () => receiver.ring());
  let sum = 0;
  let waste = 0;
  for (let i = 0; i < count; i++) {
    const bytes = frameBytes(i);
    const position = retry(bell, () => free(writer.reserve(bytes)));
    writer.memory.startFrame(position, FrameKind.Data, bytes);
    for (let word = (position + headerBytes) >> 2; word < (position + bytes) >> 2; word++) {
      writer.memory.int32[word] = mix(i ^ word);
      sum = combine(sum, mix(i ^ word));
    }
    writer.publish(bytes);
    waste = work(waste, idleWork);
  }
  return waste === 1 ? 0 : sum;
}

function receiveFrames({ ring, senderBell, receiverBell, count, idleWork }: ThreadTask): number {
  const bell = new Doorbell(receiverBell);
  const sender = new Doorbell(senderBell);
  const reader = new RingReader(ring, () => sender.ring());
  let sum = 0;
  let waste = 0;
  for (let i = 0; i < count; i++) {
    const position = retry(bell, () => free(reader.peek()));
    const bytes = reader.memory.headerAt(position).bytes();
    if (bytes !== frameBytes(i)) throw new Error(`frame ${i} has ${bytes} bytes`);
    for (let word = (position + headerBytes) >> 2; word < (position + bytes) >> 2; word++) {
      sum = combine(sum, reader.memory.int32[word] as number);
    }
    reader.release(bytes);
    waste = work(waste, idleWork);
  }
  return waste === 1 ? 0 : sum;
}

const type = internType({ form: 'tuple', names: ['0', '1'], columns: [column('float64'), column('string')], key: undefined });

/** Rows of a batch: mostly few, now and then more than the ring holds. */
function batchRows(index: number): number {
  return index % 500 === 499 ? 400 : index % 7;
}

function textOf(value: number): string {
  return value % 11 === 0 ? `€ ${value}` : `text ${value}`;
}

function fill(batch: RecordBatch, index: number): void {
  const [numbers, strings] = batch.columns;
  batch.rowCount = batchRows(index);
  for (let row = 0; row < batch.rowCount; row++) {
    if (numbers instanceof FixedColumn) numbers.values(batch.capacity)[row] = (index + row) as never;
    if (strings instanceof StringColumn) strings.set(row, textOf(index + row));
  }
}

function sumOf(sum: number, batch: RecordBatch): number {
  const [numbers, strings] = batch.columns;
  let result = combine(sum, batch.rowCount);
  for (let row = 0; row < batch.rowCount; row++) {
    if (numbers instanceof FixedColumn) result = combine(result, numbers.values(batch.rowCount)[row] as number);
    if (strings instanceof StringColumn) result = combine(result, hashString(strings.at(row, batch.rowCount) as string));
  }
  return result;
}

function sendBatches({ ring, senderBell, receiverBell, count, idleWork }: ThreadTask): number {
  const bell = new Doorbell(senderBell);
  const receiver = new Doorbell(receiverBell);
  const writer = new RingChannelWriter(ring, () => receiver.ring());
  const send = (element: StreamElement): boolean => retry(bell, () => writer.offer(element) || null);
  let sum = 0;
  let waste = 0;
  for (let i = 0; i < count; i++) {
    const batch = writer.acquire(type, { capacity: 400, timestamps: false, hashes: false });
    fill(batch, i);
    sum = sumOf(sum, batch);
    send(batch);
    if (i % 10 === 0) send({ kind: 'watermark', time: i });
    waste = work(waste, idleWork);
  }
  send(endOfInput);
  return waste === 1 ? 0 : sum;
}

function receiveBatches({ ring, senderBell, receiverBell, idleWork }: ThreadTask): number {
  const bell = new Doorbell(receiverBell);
  const sender = new Doorbell(senderBell);
  const reader = new RingChannelReader(ring, () => sender.ring());
  let sum = 0;
  let waste = 0;
  for (let watermark = 0; ; ) {
    const received = retry(bell, () => reader.poll());
    if (received.kind === 'end') return waste === 1 ? 0 : sum;
    if (received.kind === 'batch') sum = sumOf(sum, received);
    else if (received.kind !== 'watermark' || received.time !== watermark) throw new Error(`expected watermark ${watermark}`);
    else watermark += 10;
    reader.release();
    waste = work(waste, idleWork);
  }
}
