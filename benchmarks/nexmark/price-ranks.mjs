/** The ranks that q15, q16 and q17 put bids into by their price: below 10,000, below a million, and the others. */

/** @typedef {{ price: number }} Priced */

/** @param {Priced} bid */
export const isRank1 = ({ price }) => price < 10_000;
/** @param {Priced} bid */
export const isRank2 = ({ price }) => price >= 10_000 && price < 1_000_000;
/** @param {Priced} bid */
export const isRank3 = ({ price }) => price >= 1_000_000;
