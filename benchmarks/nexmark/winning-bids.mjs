/**
 * Which bid wins an auction: what q4, q6 and q9 have in common.
 *
 * A bid counts from the time at which its auction was put up to the time at which it expires, both included. The winner is final once the
 * watermark has passed `expires`: no bid that counts is to come then. Bids may come in front of their auction; they wait until the watermark
 * has passed their own time, since an auction that comes later than that was put up too late for them.
 */
import { listState, valueState } from 'millrace';

/** @typedef {{ id: number, dateTime: number, expires: number }} Offer what must be known of an auction */
/** @typedef {{ auction: number, dateTime: number }} Bid what must be known of a bid */

/**
 * A function on auctions and bids that are keyed by auction. It emits each auction that closes, with its winner, unless nobody made a bid;
 * the time of what it emits is when the auction expires. It keeps the auctions that are open and their best bid so far, and bids without
 * an auction; nothing for ever.
 *
 * @template {Offer} A
 * @template {Bid} B
 * @param {(bid: B, best: B) => boolean} isBetter
 * @returns {import('millrace').KeyedCoProcessFunction<number, A, B, { auction: A, bid: B }, WinnerState<A, B>>}
 */
export function winningBid(isBetter) {
  return {
    state: { auction: valueState(), best: valueState(), early: listState() },

    processElement1(auction, { state, timers }) {
      state.auction.update(auction);
      for (const bid of state.early.get()) {
        offer(bid, auction, state.best, isBetter);
        timers.deleteEventTime(bid.dateTime);
      }
      state.early.clear();
      // Auctions that expire at the same time so close in the order in which they came, whatever bids came in front of them.
      timers.registerEventTime(auction.expires);
    },

    processElement2(bid, { state, timers }) {
      const auction = state.auction.value;
      if (auction !== undefined) offer(bid, auction, state.best, isBetter);
      else {
        state.early.add(bid);
        timers.registerEventTime(bid.dateTime);
      }
    },

    onTimer(time, { state }, out) {
      const auction = state.auction.value;
      if (auction === undefined) state.early.update(state.early.get().filter(({ dateTime }) => dateTime > time));
      else if (auction.expires === time) {
        const bid = state.best.value;
        if (bid !== undefined) out({ auction, bid });
        state.auction.clear();
        state.best.clear();
      }
    },
  };
}

/**
 * @template A, B
 * @typedef {object} WinnerState
 * @property {import('millrace').ValueStateDescriptor<A>} auction once it has come, until it closes
 * @property {import('millrace').ValueStateDescriptor<B>} best
 * @property {import('millrace').ListStateDescriptor<B>} early bids that came in front of the auction
 */

/**
 * @template {Offer} A
 * @template {Bid} B
 * @param {B} bid
 * @param {A} auction
 * @param {import('millrace').ValueState<B>} best
 * @param {(bid: B, best: B) => boolean} isBetter
 */
function offer(bid, auction, best, isBetter) {
  if (bid.dateTime < auction.dateTime || bid.dateTime > auction.expires) return;
  if (best.value === undefined || isBetter(bid, best.value)) best.update(bid);
}
