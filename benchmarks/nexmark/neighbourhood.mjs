/**
 * Which persons and auctions there are around an event. Of 50 events the first is a person, the next three are auctions, and all others
 * bids, so their numbers follow from the event's; persons and auctions are numbered from 0 here. Ids have `firstId` added to them.
 *
 * Of event numbers this knows nothing: as in the published generator the first event has the id 2.
 */

/** Events of an epoch, and how many of them are persons, and auctions. */
export const epochEvents = 50;
export const epochPersons = 1;
export const epochAuctions = 3;
/** The id of the first event. */
export const firstEventId = 2;
/** Of persons and auctions alike. */
export const firstId = 1000;
/** One of so many auctions, and persons, is the one that most others are about. */
export const hotEvery = 100;

const activePersons = 1000;
const auctionsInFlight = 100;
/** Persons and auctions may be referred to that are yet to come. */
const lead = 10;

/**
 * The last person that there is when event `id` comes.
 *
 * @param {number} id
 */
export function lastPerson(id) {
  return Math.floor(id / epochEvents);
}

/**
 * The last auction that there is when event `id` comes.
 *
 * @param {number} id
 */
export function lastAuction(id) {
  const epoch = Math.floor(id / epochEvents);
  const inEpoch = Math.min(id - epoch * epochEvents - epochPersons, epochAuctions - 1);
  return epoch * epochAuctions + inEpoch;
}

/**
 * The persons of whom one is chosen at random.
 *
 * @param {number} id
 */
export function personsAround(id) {
  const persons = lastPerson(id) + 1;
  const active = Math.min(persons, activePersons);
  return { from: persons - active, count: active + lead };
}

/**
 * The auctions of which one is chosen at random.
 *
 * @param {number} id
 */
export function auctionsAround(id) {
  const last = lastAuction(id);
  const from = Math.max(last - auctionsInFlight, 0);
  return { from, count: last - from + 1 + lead };
}

/**
 * The first of each hundred is the hot one.
 *
 * @param {number} last
 */
export function hotOf(last) {
  return Math.floor(last / hotEvery) * hotEvery;
}
