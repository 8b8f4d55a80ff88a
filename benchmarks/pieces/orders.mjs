/** The functions of the fused stage, in a module of their own: imported anew, they come without what V8 has learned of them. */

/** @typedef {{ count: number, each: number, region: number }} Order */
/** @typedef {{ total: number, region: number }} Priced */

export const price = (/** @type {Order} */ { count, each, region }) => ({ total: count * each, region });
export const isNear = (/** @type {Priced} */ { region }) => region < 5;
export const tax = (/** @type {Priced} */ { total, region }) => total * (region + 1);

/** @returns {Order} */
export function makeOrder(/** @type {number} */ i) {
  return { count: i % 17, each: (i * 31) % 101, region: (i * 7) % 10 };
}

/**
 * @param {string} user whoever must not share what V8 learns
 * @returns {Promise<{ price: typeof price, isNear: typeof isNear, tax: typeof tax }>}
 */
export function functionsFor(user) {
  return import(`./orders.mjs?for=${encodeURIComponent(user)}`);
}
