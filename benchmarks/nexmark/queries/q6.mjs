/**
 * q6, average selling price by seller: for each auction that closes, what this and the ten before it of the same seller went for, on average.
 *
 * Emits final rows, one for each auction that somebody bid on, in the order in which a seller's auctions close: by the time at which they
 * expire, then by id. Keeps the open auctions with their best bid (see winning-bids.mjs), and the last eleven prices of each seller for ever.
 */
import { mapState, valueState } from 'millrace';
import { isAuction, isBid } from '../events.mjs';
import { winningBid } from '../winning-bids.mjs';

export const emits = 'rows';

/** @typedef {{ id: number, seller: number, expires: number, price: number }} Sale */

const rows = 11;

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q6(events) {
  const auctions = events.filter(isAuction).map(({ id, seller, dateTime, expires }) => ({ id, seller, dateTime, expires }));
  const bids = events.filter(isBid).map(({ auction, price, dateTime }) => ({ auction, price, dateTime }));

  return auctions
    .keyBy('id')
    .connect(bids.keyBy('auction'))
    .process(winningBid((bid, best) => bid.price > best.price))
    .map(({ auction: { id, seller, expires }, bid: { price } }) => ({ id, seller, expires, price }))
    .keyBy('seller')
    .process({
      state: {
        // Sales come from all subtasks that close auctions: until the watermark has passed, others of the same time or before may come.
        closing: /** @type {import('millrace').MapStateDescriptor<number, Sale[]>} */ (mapState()),
        prices: /** @type {import('millrace').ValueStateDescriptor<number[]>} */ (valueState()),
      },
      processElement(sale, { state, timers }, /** @type {(row: { seller: number, avg_price: number }) => void} */ _out) {
        state.closing.set(sale.expires, [...(state.closing.get(sale.expires) ?? []), sale]);
        timers.registerEventTime(sale.expires);
      },
      onTimer(time, { key, state }, out) {
        const sales = state.closing.get(time) ?? [];
        for (const { price } of sales.toSorted((a, b) => a.id - b.id)) {
          const prices = [...(state.prices.value ?? []), price].slice(-rows);
          state.prices.update(prices);
          out({ seller: key, avg_price: prices.reduce((sum, each) => sum + each, 0) / prices.length });
        }
        state.closing.delete(time);
      },
    });
}
