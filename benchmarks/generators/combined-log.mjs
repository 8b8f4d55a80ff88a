/**
 * A web server's access log in the combined format, of about 210 bytes a line: 100,000 URLs and 20,000 clients, few of which make up
 * most of the lines; one in three URLs has a query. Times never go back; there are about 2,000 lines in a second.
 */
import { Random, Zipf } from '../../examples/generate.mjs';
import { Fragments, linesOf } from './line-writer.mjs';

const URLS = 100_000;
const CLIENTS = 20_000;
/** A second before a minute begins, so that even a small file has lines of two. */
const START_SECOND = Date.UTC(2025, 2, 3, 6, 59, 59) / 1000;
const LINES_PER_SECOND = 2_000;
const LONGEST = 700;

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'curl/8.5.0',
  'Go-http-client/1.1',
];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const SECTIONS = 'shoes jackets tents lamps books maps stoves ropes packs poles'.split(' ');
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'HEAD'];
const STATUSES = [200, 304, 302, 404, 500];
/** Of a hundred answers, how many have at most this status. */
const STATUS_SHARES = [86, 92, 95, 99, 100];
const NOTHING_SENT = 1;
/** Referrers are `-`, another site, or a page of this one. */
const OTHER_REFERRERS = ['-', 'https://www.google.com/', 'https://duckduckgo.com/', 'https://news.example.org/item?id=4711'];

/**
 * @param {number} i
 * @param {Random} random
 * @returns {string} another one for each i
 */
function inventUrl(i, random) {
  const section = random.pick(SECTIONS);
  const draw = random.fraction();
  if (draw < 0.2) return `/search?q=${section}+${random.pick(SECTIONS)}&page=${1 + random.below(20)}&s=${i.toString(36)}`;
  if (draw < 0.35) return `/products/${section}/${i}?color=${random.below(16)}`;
  if (draw < 0.7) return `/products/${section}/${i}`;
  if (draw < 0.85) return `/static/img/${section}-${i}.jpg`;
  return `/blog/2025/${section}/${i}-${random.pick(SECTIONS)}-and-${random.pick(SECTIONS)}`;
}

/** @param {Random} random */
function inventClient(random) {
  const user = random.chance(0.03) ? 'anna' : '-';
  return `${1 + random.below(223)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)} - ${user} [`;
}

/**
 * @param {number} second since 1970, UTC
 * @returns {Fragments} one, with what follows up to the method
 */
function timeOf(second) {
  const date = new Date(second * 1000);
  const text = date.toISOString();
  return new Fragments([`${text.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${text.slice(0, 4)}:${text.slice(11, 19)} +0000] "`]);
}

/** @param {number} hundredth */
function statusAt(hundredth) {
  return STATUS_SHARES.findIndex((share) => hundredth < share);
}

/**
 * @param {{ bytes: number, seed: number }} options
 * @returns {Generator<Uint8Array, void, undefined>}
 */
export function combinedLogChunks({ bytes, seed }) {
  const random = new Random(seed);
  const urlTexts = Array.from({ length: URLS }, (_, i) => inventUrl(i, random));
  const sizes = Uint32Array.from({ length: URLS }, () => 200 + Math.floor(random.fraction() ** 2 * 60_000));
  const urls = new Fragments(urlTexts);
  const clients = new Fragments(Array.from({ length: CLIENTS }, () => inventClient(random)));
  const methods = new Fragments(METHODS.map((method) => `${method} `));
  const answers = new Fragments(STATUSES.map((status) => ` HTTP/1.1" ${status} `));
  const statuses = Uint8Array.from({ length: 100 }, (_, i) => statusAt(i));
  const referrers = new Fragments([...OTHER_REFERRERS.map((each) => ` "${each}" "`), ' "https://www.example.com', '" "', '- "-" "']);
  const agents = new Fragments(AGENTS.map((agent) => `${agent}"\n`));
  const [urlRanks, clientRanks] = [new Zipf(URLS), new Zipf(CLIENTS)];
  const own = OTHER_REFERRERS.length;
  let second = START_SECOND;
  let time = timeOf(second);

  return linesOf({ bytes, longest: LONGEST }, (writer) => {
    if (random.below(LINES_PER_SECOND) === 0) time = timeOf(++second);
    const url = urlRanks.draw(random);
    const client = clientRanks.draw(random);
    const draw = random.bits();
    const status = statuses[(draw & 0xfff) % 100];
    writer.fragment(clients, client);
    writer.fragment(time, 0);
    writer.fragment(methods, ((draw >>> 12) & 0xff) % METHODS.length);
    writer.fragment(urls, url);
    writer.fragment(answers, status);
    if (status === NOTHING_SENT) writer.fragment(referrers, own + 2);
    else {
      writer.number(sizes[url] + (draw >>> 24));
      const referrer = (draw >>> 20) & 15;
      if (referrer < own) writer.fragment(referrers, referrer);
      else {
        writer.fragment(referrers, own);
        writer.fragment(urls, urlRanks.draw(random));
        writer.fragment(referrers, own + 1);
      }
    }
    writer.fragment(agents, client % AGENTS.length);
  });
}
