/**
 * Room for accumulators that lie in arrays by slot. Invariant: an array is longer than every slot that was used, and what
 * no one wrote is empty. Arrays belong to one subtask.
 *
 * @hotpath
 */

/** Small enough for a state that serves a handful of keys. */
export const initialSlots = 256;

/**
 * A longer array with the same beginning, which has room for the slot. Doubles at least, so that growth costs little. What is new is written to
 * at once; see `KeyTable`.
 */
export function grown<A extends Float64Array | Int32Array | Uint8Array>(array: A, slot: number): A {
  const larger = new (array.constructor as new (length: number) => A)(Math.max(array.length * 2, slot + 1));
  larger.set(array);
  larger.fill(0, array.length);
  return larger;
}

/** The array, or a longer one, with room for so many slots. */
export function roomFor<A extends Float64Array | Uint8Array>(array: A, slotCount: number): A {
  return slotCount <= array.length ? array : grown(array, slotCount - 1);
}

/** The array, or a longer one, with room for some slots. */
export function roomForAll<A extends Float64Array | Uint8Array>(array: A, slots: Int32Array, count: number): A {
  let slotMax = -1;
  for (let i = 0; i < count; i++) if (slots[i] > slotMax) slotMax = slots[i];
  return roomFor(array, slotMax + 1);
}

/** Makes the array longer than the slot. It is filled from its end on, since V8 turns arrays with holes into slow ones. */
export function reserve<V>(values: V[], slot: number, empty: V): void {
  while (values.length <= slot) values.push(empty);
}
