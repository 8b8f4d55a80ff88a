/**
 * q8, monitor new users: who came and put something up for auction within the same 10 seconds.
 *
 * Emits final rows when a window ends, one for each newcomer. Keeps the newcomers and the sellers of a window.
 */
import { count, eventTime } from 'millrace';
import { isAuction, isPerson } from '../events.mjs';

export const emits = 'rows';

/** @param {import('millrace').DataStream<import('../events.mjs').NexmarkEvent>} events */
export function q8(events) {
  const tenSeconds = eventTime.tumbling('10s');
  const people = events
    .filter(isPerson)
    .keyBy(['id', 'name'])
    .window(tenSeconds)
    .aggregate({ times: count() }, ({ key: [id, name], start }) => ({ id, name, starttime: start }));
  const sellers = events
    .filter(isAuction)
    .keyBy('seller')
    .window(tenSeconds)
    .aggregate({ times: count() }, ({ key, start }) => ({ seller: key, starttime: start }));

  return people
    .join(sellers)
    .where('id')
    .equalTo('seller')
    .window(tenSeconds)
    .apply(({ id, name, starttime }) => ({ id, name, starttime }));
}
