/**
 * Timers that were registered for a time that has passed: a binary heap, by time and then by registration. There are few of
 * them, and not for long: the next advance fires them.
 *
 * @hotpath
 */

interface PastTimer {
  readonly time: number;
  readonly slot: number;
  readonly namespace: number;
  readonly id: number;
  /** Counts registrations. */
  readonly order: number;
}

export class PastTimers {
  #heap: PastTimer[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest one. */
  get first(): PastTimer | undefined {
    return this.#heap[0];
  }

  add(time: number, slot: number, namespace: number, id: number): void {
    const timer = { time, slot, namespace, id, order: this.#order++ };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent] as PastTimer)) break;
      heap[at] = heap[parent] as PastTimer;
      at = parent;
    }
    heap[at] = timer;
  }

  /** Takes the earliest one away. */
  shift(): void {
    const heap = this.#heap;
    const timer = heap.pop();
    if (timer === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as PastTimer, heap[child] as PastTimer)) child++;
      if (!isBefore(heap[child] as PastTimer, timer)) break;
      heap[at] = heap[child] as PastTimer;
      at = child;
    }
    heap[at] = timer;
  }

  /** In the order in which they fire. */
  sorted(): readonly PastTimer[] {
    return this.#heap.toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** Gives each a new id; those that get −1 are gone. */
  renumber(idOf: (time: number, slot: number, namespace: number, id: number) => number): void {
    // What is sorted is a heap.
    this.#heap = this.sorted()
      .map((timer) => ({ ...timer, id: idOf(timer.time, timer.slot, timer.namespace, timer.id) }))
      .filter(({ id }) => id >= 0);
  }
}

function isBefore(a: PastTimer, b: PastTimer): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
