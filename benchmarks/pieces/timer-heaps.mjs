/** What timers are usually kept in, to compare the engine's with. */

/** A heap of objects, and a set of strings that tells which timers are there. */
export class ObjectHeap {
  #heap = [];
  #names = new Set();
  #order = 0;
  time = Number.NaN;
  slot = -1;

  register(time, slot, namespace) {
    const name = `${time}/${slot}/${namespace}`;
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    const heap = this.#heap;
    const timer = { time, slot, namespace, name, order: this.#order++ };
    let at = heap.length;
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(timer, heap[parent]); parent = (at - 1) >> 1) {
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
    return true;
  }

  pop(until) {
    const heap = this.#heap;
    if (heap.length === 0 || heap[0].time > until) return false;
    const first = heap[0];
    const timer = heap.pop();
    if (heap.length > 0) {
      let at = 0;
      for (let child = 1; child < heap.length; child = at * 2 + 1) {
        if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
        if (!isBefore(heap[child], timer)) break;
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = timer;
    }
    this.#names.delete(first.name);
    this.time = first.time;
    this.slot = first.slot;
    return true;
  }
}

/** @returns whether a timer comes before another */
function isBefore(a, b) {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** A heap with four children a node, in typed arrays, and the engine's index of what is registered. */
export class ArrayHeap {
  #times;
  #orders;
  #slots;
  #ids;
  #index;
  #size = 0;
  #order = 0;
  time = Number.NaN;
  slot = -1;

  /** @param {{ add(time: number, slot: number, namespace: number): number, release(id: number, slot: number): boolean }} index */
  constructor(index, capacity) {
    this.#index = index;
    this.#times = new Float64Array(capacity);
    this.#orders = new Float64Array(capacity);
    this.#slots = new Int32Array(capacity);
    this.#ids = new Int32Array(capacity);
  }

  register(time, slot, namespace) {
    const id = this.#index.add(time, slot, namespace);
    if (id < 0) return false;
    const order = this.#order++;
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (time > this.#times[parent] || (time === this.#times[parent] && order > this.#orders[parent])) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, time, order, slot, id);
    return true;
  }

  pop(until) {
    if (this.#size === 0 || this.#times[0] > until) return false;
    this.time = this.#times[0];
    this.slot = this.#slots[0];
    this.#index.release(this.#ids[0], this.slot);
    const last = --this.#size;
    const [time, order] = [this.#times[last], this.#orders[last]];
    const [slot, id] = [this.#slots[last], this.#ids[last]];
    let at = 0;
    for (let child = 1; child < last; child = at * 4 + 1) {
      const least = this.#leastOf(child, Math.min(child + 4, last));
      if (time < this.#times[least] || (time === this.#times[least] && order < this.#orders[least])) break;
      this.#move(least, at);
      at = least;
    }
    this.#put(at, time, order, slot, id);
    return true;
  }

  #leastOf(from, end) {
    let least = from;
    for (let at = from + 1; at < end; at++) {
      if (this.#times[at] < this.#times[least] || (this.#times[at] === this.#times[least] && this.#orders[at] < this.#orders[least]))
        least = at;
    }
    return least;
  }

  #move(from, to) {
    this.#put(to, this.#times[from], this.#orders[from], this.#slots[from], this.#ids[from]);
  }

  #put(at, time, order, slot, id) {
    this.#times[at] = time;
    this.#orders[at] = order;
    this.#slots[at] = slot;
    this.#ids[at] = id;
  }
}
