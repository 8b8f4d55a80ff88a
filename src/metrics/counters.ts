/**
 * Counters of all subtasks of a job in shared memory: each subtask writes its own, the host reads all of them whenever it
 * likes. A float64 is written whole on every machine that Node runs on, and a count that is a step old does no harm, so there
 * are no atomics.
 */

/** In the order in which they lie in memory. */
const counterNames = [
  'recordsIn',
  'recordsOut',
  'bytesIn',
  'bytesOut',
  'busyMs',
  'idleMs',
  'backPressuredMs',
  'queuedIn',
  'queuedOut',
  'lateRecords',
  'badRecords',
  'watermark',
  'backlog',
] as const;

export type CounterName = (typeof counterNames)[number];

/** By name: a step writes eight of them, and looks none of them up. */
const counterIndex = Object.fromEntries(counterNames.map((name, i) => [name, i])) as Record<CounterName, number>;

/** Subtasks on different threads do not share a cache line: two lines of 64 bytes for each. */
const countersPerSubtask = 16;

/** All are 0, but there is no watermark yet. */
export function createCounterMemory(subtasks: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(subtasks * countersPerSubtask * Float64Array.BYTES_PER_ELEMENT);
  for (let subtask = 0; subtask < subtasks; subtask++) new SubtaskCounters(memory, subtask).set('watermark', Number.NEGATIVE_INFINITY);
  return memory;
}

/** The counters of one subtask. */
export class SubtaskCounters {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer, subtask: number) {
    const bytes = countersPerSubtask * Float64Array.BYTES_PER_ELEMENT;
    this.#values = new Float64Array(memory, subtask * bytes, countersPerSubtask);
  }

  set(name: CounterName, value: number): void {
    this.#values[counterIndex[name]] = value;
  }

  add(name: CounterName, value: number): void {
    const index = counterIndex[name];
    this.#values[index] = (this.#values[index] as number) + value;
  }

  read(): Record<CounterName, number> {
    return Object.fromEntries(counterNames.map((name, i) => [name, this.#values[i] as number])) as Record<CounterName, number>;
  }
}
