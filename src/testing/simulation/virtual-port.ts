/**
 * Messages between virtual threads: copies, in their order, each delivered as a thing that happens. A thread that has died sends and
 * hears nothing; the other end is told that the connection is closed, behind what was sent before. The calling thread.
 */

import type { Port } from '../../base/system.ts';
import type { VirtualThread } from './virtual-world.ts';

const closing = Symbol('closing');

type Tamper = (message: { readonly type: string }) => unknown;

export class VirtualPort implements Port {
  readonly #thread: VirtualThread;
  #peer: VirtualPort | null = null;
  readonly #queue: unknown[] = [];
  #listener: ((message: never) => void) | null = null;
  readonly #onClose: (() => void)[] = [];
  #closed = false;
  #delivering = false;

  readonly #tamper: Tamper;

  private constructor(thread: VirtualThread, tamper: Tamper) {
    this.#thread = thread;
    this.#tamper = tamper;
  }

  /** The two ends of a connection. @param tamper returns what is to be delivered instead of a message */
  static pair(one: VirtualThread, other: VirtualThread, tamper: Tamper = (message) => message): readonly [VirtualPort, VirtualPort] {
    const ends = [new VirtualPort(one, tamper), new VirtualPort(other, tamper)] as const;
    ends[0].#peer = ends[1];
    ends[1].#peer = ends[0];
    one.onDeath.push(() => ends[1].#take(closing));
    other.onDeath.push(() => ends[0].#take(closing));
    return ends;
  }

  post(message: unknown): void {
    if (this.#closed || !this.#thread.alive) return;
    this.#other.#take(this.#tamper(structuredClone(message) as never));
  }

  onMessage(listener: (message: never) => void): void {
    this.#listener = listener;
    this.#deliver();
  }

  onClose(listener: () => void): void {
    this.#onClose.push(listener);
  }

  close(): void {
    if (this.#closed || !this.#thread.alive) return;
    this.#take(closing);
    this.#other.#take(closing);
  }

  get #other(): VirtualPort {
    return this.#peer as VirtualPort;
  }

  #take(message: unknown): void {
    if (this.#closed) return;
    this.#queue.push(message);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivering || this.#listener === null || this.#queue.length === 0) return;
    this.#delivering = true;
    const message = this.#queue.shift();
    this.#thread.world.put(this.#thread, whatOf(message), () => {
      this.#delivering = false;
      if (message === closing) this.#close();
      else this.#listener?.(message as never);
      this.#deliver();
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.length = 0;
    for (const tell of this.#onClose) tell();
  }
}

function whatOf(message: unknown): string {
  if (message === closing) return 'connection closed';
  const { type, checkpoint, trigger, stage, subtask } = message as Record<string, unknown>;
  const number = checkpoint ?? (trigger as { checkpoint?: unknown } | undefined)?.checkpoint;
  const place = stage === undefined ? '' : ` of ${stage}.${subtask}`;
  return `message ${type}${number === undefined ? '' : ` ${number}`}${place}`;
}
