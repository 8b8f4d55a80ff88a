/**
 * Requests as JSON, one object of twelve fields in a line of about 330 bytes: numbers, texts, a nested object, and a message in which
 * one in twenty has characters that JSON escapes. There are 2,000 routes, few of which make up most of the lines.
 */
import { Random, Zipf } from '../../examples/generate.mjs';
import { Fragments, linesOf } from './line-writer.mjs';

const ROUTES = 2_000;
const START_MS = Date.UTC(2025, 2, 3, 6, 0, 0);
const LINES_PER_MS = 2;
const LONGEST = 900;

const SERVICES = 'checkout catalogue search account payment shipping review basket'.split(' ');
const RESOURCES = 'orders items customers prices stock reviews carts addresses'.split(' ');
const COUNTRIES = 'SE DE FR GB US JP BR IN NL PL'.split(' ');
const PLANS = 'free basic team business'.split(' ');
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
/** As often as they stand here. */
const STATUSES = [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 304, 301, 404, 500];
const PLAIN_MESSAGES = 19;
const MESSAGES = [
  ...Array.from(
    { length: PLAIN_MESSAGES },
    (_, i) => `request ${i} handled without retries, answer taken from the ${i % 2 ? 'cache' : 'store'}`,
  ),
  'the header "if-none-match" had c-\\temp\\é in it,\n\tand was passed on',
];

/**
 * @param {number} i
 * @param {Random} random
 * @returns {string} another one for each i
 */
function inventRoute(i, random) {
  return `/api/v${1 + (i % 3)}/${random.pick(RESOURCES)}/${i}/${random.pick(RESOURCES)}`;
}

/**
 * @param {number} ms
 * @returns {Fragments} one: the line up to the level
 */
function timeOf(ms) {
  return new Fragments([`{"time":"${new Date(ms).toISOString()}","level":"`]);
}

/**
 * @param {{ bytes: number, seed: number }} options
 * @returns {Generator<Uint8Array, void, undefined>}
 */
export function jsonLinesChunks({ bytes, seed }) {
  const random = new Random(seed);
  const ranks = new Zipf(ROUTES);
  const routes = new Fragments(Array.from({ length: ROUTES }, (_, i) => `","route":"${inventRoute(i, random)}","status":`));
  const levels = new Fragments(['debug', 'info', 'info', 'info', 'info', 'info', 'warn', 'error'].map((level) => `${level}","service":"`));
  const services = new Fragments(SERVICES.map((service) => `${service}","host":"`));
  const hosts = new Fragments(Array.from({ length: 64 }, (_, i) => `web-${i}.internal","method":"`));
  const methods = new Fragments(METHODS);
  const statuses = new Fragments(STATUSES.map((status) => `${status},"durationMs":`));
  const plans = new Fragments(
    COUNTRIES.flatMap((country) => PLANS.map((plan) => `,"country":"${country}","plan":"${plan}"},"requestId":"`)),
  );
  const names = new Fragments([',"bytes":', ',"user":{"id":', '","message":', '.']);
  const messages = new Fragments(MESSAGES.map((message) => `${JSON.stringify(message).replace('é', '\\u00e9')}}\n`));
  let ms = START_MS;
  let time = timeOf(ms);
  let lines = 0;

  return linesOf({ bytes, longest: LONGEST }, (writer) => {
    if (lines++ % LINES_PER_MS === LINES_PER_MS - 1) time = timeOf(++ms);
    const draw = random.bits();
    const other = random.bits();
    writer.fragment(time, 0);
    writer.fragment(levels, draw & 7);
    writer.fragment(services, (draw >>> 3) & 7);
    writer.fragment(hosts, (draw >>> 6) & 63);
    writer.fragment(methods, (draw >>> 12) & 7);
    writer.fragment(routes, ranks.draw(random));
    writer.fragment(statuses, (draw >>> 15) & 15);
    writer.number((draw >>> 19) & 0x3ff);
    writer.fragment(names, 3);
    writer.number(1 + ((draw >>> 26) % 9));
    writer.fragment(names, 0);
    writer.number((other & 0xffff) + 64);
    writer.fragment(names, 1);
    writer.number(other >>> 14);
    writer.fragment(plans, (other >>> 5) % (COUNTRIES.length * PLANS.length));
    writer.hexadecimal(other, 8);
    writer.hexadecimal(draw, 8);
    writer.fragment(names, 2);
    writer.fragment(messages, (other >>> 9) % MESSAGES.length);
  });
}
