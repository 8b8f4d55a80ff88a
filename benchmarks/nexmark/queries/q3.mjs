/**
 * q3, local item suggestion: who sells what of category 10 in Oregon, Idaho or California.
 *
 * A join without windows: an auction may come before its seller or long after. Emits final rows, one for each pair. Keeps the people
 * of these states and the auctions of this category for ever.
 */
import { listState } from 'millrace';
import { isAuction, isPerson } from '../events.mjs';

export const emits = 'rows';

/** @typedef {{ name: string, city: string, state: string }} Seller */

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q3(events) {
  const auctions = events
    .filter(isAuction)
    .filter(({ category }) => category === 10)
    .map(({ id, seller }) => ({ id, seller }));
  const people = events
    .filter(isPerson)
    .filter(({ state }) => state === 'OR' || state === 'ID' || state === 'CA')
    .map(({ id, name, city, state }) => ({ id, name, city, state }));

  return auctions
    .keyBy('seller')
    .connect(people.keyBy('id'))
    .process({
      state: {
        auctions: /** @type {import('millrace').ListStateDescriptor<number>} */ (listState()),
        people: /** @type {import('millrace').ListStateDescriptor<Seller>} */ (listState()),
      },
      processElement1({ id }, { state }, /** @type {(row: Seller & { id: number }) => void} */ out) {
        state.auctions.add(id);
        for (const { name, city, state: home } of state.people.get()) out({ name, city, state: home, id });
      },
      processElement2({ name, city, state: home }, { state }, out) {
        state.people.add({ name, city, state: home });
        for (const id of state.auctions.get()) out({ name, city, state: home, id });
      },
    });
}
