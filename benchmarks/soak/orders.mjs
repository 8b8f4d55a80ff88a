/**
 * What the soak's job works on: orders of customers. Every order gets four events, one soon after the other, and never comes back; all that an event has
 * is a function of its number, so that the right output is known in advance. Pure.
 */

export const customers = 10_000;
/** Of each order, as many events come. */
export const eventsPerOrder = 4;
/** Every n-th order goes into a file. */
const filedEvery = 50;

/**
 * @typedef {{ number: number, at: number, customer: number, order: number, check: number }} OrderEvent `at`: when it is due; `check`: for sums
 */

/** @param {number} number */
export function checkOf(number) {
  return scrambled(number) >>> 16;
}

/** @param {number} number */
export function customerOf(number) {
  return scrambled(number + 1) % customers;
}

/**
 * @param {number} number
 * @param {number} alive orders that get events at a time
 */
export function orderOf(number, alive) {
  return (number % alive) + alive * Math.floor(number / (eventsPerOrder * alive));
}

/** @param {number} order */
export function isFiled(order) {
  return order % filedEvery === 0;
}

/**
 * @param {number} count of events, of whole orders
 * @returns {{ events: number, checks: number, filed: number }} what windows count, what they sum up, and orders in files
 */
export function expectedOf(count) {
  let checks = 0;
  for (let number = 0; number < count; number++) checks += checkOf(number);
  return { events: count, checks, filed: Math.ceil(count / eventsPerOrder / filedEvery) };
}

/** @param {number} number */
function scrambled(number) {
  const x = Math.imul(number ^ (number >>> 15), 2246822519);
  return (x ^ (x >>> 13)) >>> 0;
}
