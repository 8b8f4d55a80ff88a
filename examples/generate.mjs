/**
 * Makes sample files for the examples and benchmarks: a web server's access log, or text to count words in.
 *
 *   node examples/generate.mjs access-log --lines 200000 --seed 1 --out examples/data/access.log
 *   node examples/generate.mjs text --megabytes 300 --seed 1 --out text.txt [--unicode]
 *
 * The same arguments give the same bytes on every machine: the only randomness is a generator started from the seed, the
 * only time is a fixed one, and the arithmetic keeps to operations that IEEE 754 defines to the last bit (no Math.log or
 * Math.pow). Memory does not grow with the size of the file, as the content is made in chunks.
 */
import { closeSync, mkdirSync, openSync, realpathSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CHUNK_BYTES = 1 << 20;

/** A generator of pseudo-random numbers (mulberry32): fast, repeatable, and not for secrets. */
export class Random {
  /** @param {number} seed a whole number; its low 32 bits count */
  constructor(seed) {
    this.state = seed | 0;
  }

  /** @returns {number} a whole number from 0 to 2^32 - 1 */
  bits() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let x = this.state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  }

  /** @returns {number} from 0 to before 1 */
  fraction() {
    return this.bits() / 0x1_0000_0000;
  }

  /**
   * @param {number} limit
   * @returns {number} a whole number from 0 to before `limit`
   */
  below(limit) {
    return Math.floor(this.fraction() * limit);
  }

  /**
   * @param {number} probability
   * @returns {boolean}
   */
  chance(probability) {
    return this.fraction() < probability;
  }

  /**
   * @template T
   * @param {readonly T[]} choices
   * @returns {T}
   */
  pick(choices) {
    return choices[this.below(choices.length)];
  }
}

/**
 * Draws ranks from 0 to before `size`, rank r with a probability near to 1 / (r + 1) of that of rank 0: few words, pages
 * and visitors make up most of what is seen. A table, small enough to stay in the processor's first cache, holds the rank
 * at each of 2^12 quantiles; between two of them all ranks are equally likely.
 */
export class Zipf {
  static QUANTILE_BITS = 12;

  /** @param {number} size at most a million */
  constructor(size) {
    let total = 0;
    for (let rank = 0; rank < size; rank++) total += 1 / (rank + 1);
    const quantiles = 1 << Zipf.QUANTILE_BITS;
    this.ranks = new Uint32Array(quantiles + 1);
    let rank = 0;
    let cumulated = 1;
    for (let i = 0; i <= quantiles; i++) {
      const wanted = (i / quantiles) * total;
      while (cumulated < wanted && rank < size - 1) {
        rank += 1;
        cumulated += 1 / (rank + 1);
      }
      this.ranks[i] = rank;
    }
  }

  /**
   * @param {Random} random
   * @returns {number}
   */
  draw(random) {
    const bits = random.bits();
    const quantile = bits >>> (32 - Zipf.QUANTILE_BITS);
    const first = this.ranks[quantile];
    const choices = this.ranks[quantile + 1] - first + 1;
    return first + (((bits & 0xffff) * choices) >>> 16);
  }
}

// ---------------------------------------------------------------------------------------------------------- text

const VOCABULARY_SIZE = 50_000;
const WORDS_PER_LINE_MIN = 7;
const WORDS_PER_LINE_MAX = 13;

/** The parts that syllables are made of. All words of one alphabet are made of the parts of that alphabet. */
const LATIN = {
  onsets: 'b c d f g h j k l m n p qu r s t v w z bl br ch cl cr dr fl fr gr pl pr sh sk st th tr'.split(' '),
  vowels: 'a e i o u a e i o ai ea ee io ou'.split(' '),
  codas: ['', '', '', '', 'l', 'n', 'r', 's', 't', 'm', 'nd', 'ck', 'st'],
};

/** Of two, three and four bytes a character in UTF-8, the last outside of the first 65,536 code points. */
const OTHER_ALPHABETS = [
  {
    onsets: 'b d f g h k l m n p r s t ç ñ š ž'.split(' '),
    vowels: 'à é è ê ï ö ü å ø æ'.split(' '),
    codas: ['', '', 'n', 'r', 's', 'ß'],
  },
  {
    onsets: 'б в г д ж з к л м н п р с т ф х ч ш'.split(' '),
    vowels: 'а е и о у ы я ю'.split(' '),
    codas: ['', '', 'й', 'л', 'н', 'р', 'т'],
  },
  {
    onsets: 'α β γ δ ζ θ κ λ μ ν ξ π ρ σ τ φ χ ψ'.split(' '),
    vowels: 'ά ε η ί ο υ ω'.split(' '),
    codas: ['', 'ν', 'ς'],
  },
  {
    onsets: '山 川 日 月 木 水 火 土 金 人 大 小 中 上 下 国 東 西 南 北'.split(' '),
    vowels: 'の を に は が で と'.split(' '),
    codas: ['', '', 'ー', '々'],
  },
  {
    onsets: '🌊 🚀 🌲 🎲 🐟 🦉 🍎 🔥 ⭐'.split(' '),
    vowels: ['𝒂', '𝒆', '𝒊', '𝒐'],
    codas: ['', '𝒏'],
  },
];

/** How much of the vocabulary is not ASCII with the option `unicode`. */
const UNICODE_SHARE = 0.2;

/**
 * Invents distinct words, the frequent ones (low ranks) shorter than the rare ones, as in a natural language.
 *
 * @param {Random} random
 * @param {boolean} unicode whether some of the words are not ASCII
 * @returns {string[]} by rank
 */
function inventWords(random, unicode) {
  /** @type {Set<string>} */
  const words = new Set();
  while (words.size < VOCABULARY_SIZE) {
    const alphabet = unicode && random.chance(UNICODE_SHARE) ? random.pick(OTHER_ALPHABETS) : LATIN;
    const syllables = words.size < 100 ? 1 : words.size < 6_000 ? 2 : 3;
    let word = '';
    for (let i = 0; i < syllables; i++) {
      word += random.pick(alphabet.onsets) + random.pick(alphabet.vowels) + random.pick(alphabet.codas);
    }
    words.add(word);
  }
  return [...words];
}

/** How many bytes are copied at a time, which may be as many less one beyond the end of a word. */
const COPIED_BYTES = 4;

/** Words as bytes, each with a space after it: word r lies at `starts[r]` to before `starts[r + 1]`. */
class Vocabulary {
  /** @param {readonly string[]} words */
  constructor(words) {
    const encoded = new TextEncoder().encode(`${words.join(' ')} ${' '.repeat(COPIED_BYTES)}`);
    this.bytes = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    this.starts = new Uint32Array(words.length + 1);
    this.longest = 0;
    for (let i = 0; i < words.length; i++) {
      const length = Buffer.byteLength(words[i]) + 1;
      this.starts[i + 1] = this.starts[i] + length;
      this.longest = Math.max(this.longest, length);
    }
  }
}

/**
 * Writes whole lines of words to `chunk` until `bytes` are reached, or no further line is sure to fit.
 *
 * @param {DataView} chunk
 * @param {number} bytes
 * @param {Vocabulary} vocabulary
 * @param {Zipf} ranks
 * @param {Random} random
 * @returns {number} the number of bytes written
 */
function fillWithText(chunk, bytes, vocabulary, ranks, random) {
  const source = vocabulary.bytes;
  const starts = vocabulary.starts;
  const lastStart = chunk.byteLength - WORDS_PER_LINE_MAX * vocabulary.longest - COPIED_BYTES;
  let at = 0;
  while (at < bytes && at <= lastStart) {
    const words = WORDS_PER_LINE_MIN + random.below(WORDS_PER_LINE_MAX - WORDS_PER_LINE_MIN + 1);
    for (let i = 0; i < words; i++) {
      const rank = ranks.draw(random);
      const start = starts[rank];
      const length = starts[rank + 1] - start;
      // What this copies beyond the word, the next word overwrites.
      for (let j = 0; j < length; j += COPIED_BYTES) chunk.setInt32(at + j, source.getInt32(start + j));
      at += length;
    }
    chunk.setUint8(at - 1, 0x0a);
  }
  return at;
}

/**
 * Text in UTF-8: lines of about ten words with single spaces between them, from a vocabulary of 50,000 invented words of
 * which the word of rank r has a frequency in proportion to 1 / r. It ends with the first line at which `bytes` are
 * reached.
 *
 * @param {{ bytes: number, seed: number, unicode?: boolean }} options
 * @returns {Generator<Uint8Array, void, undefined>} chunks; each is valid until the next one is asked for
 * @example
 * writeChunks('words.txt', textChunks({ bytes: 1_000_000, seed: 1 }));
 */
export function* textChunks({ bytes, seed, unicode = false }) {
  const random = new Random(seed);
  const vocabulary = new Vocabulary(inventWords(random, unicode));
  const ranks = new Zipf(VOCABULARY_SIZE);
  const chunk = new Uint8Array(CHUNK_BYTES);
  const view = new DataView(chunk.buffer);
  for (let left = bytes; left > 0; ) {
    const written = fillWithText(view, left, vocabulary, ranks, random);
    yield chunk.subarray(0, written);
    left -= written;
  }
}

// ---------------------------------------------------------------------------------------------------- access log

const LOG_START_MS = Date.UTC(2025, 2, 3, 6, 0, 0);
const GAP_MS_MAX = 400;
/** A request is logged when it ends but bears the time at which it began: some lines are a little late. */
const LATE_SHARE = 0.05;
const LATE_MS_MAX = 3_000;
const VISITORS = 8_000;
const PAGES = 3_000;
const SITE = 'https://www.example.com';
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:135.0) Gecko/20100101 Firefox/135.0',
  'Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 Edg/132.0.0.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'curl/8.5.0',
  'python-requests/2.32.3',
  'Go-http-client/1.1',
];

const USERS = ['anna', 'bjorn', 'chen', 'dara', 'editor'];
const REFERRERS = ['https://www.google.com/', 'https://duckduckgo.com/', 'https://www.bing.com/', 'https://news.ycombinator.com/'];
const TOPICS = ['shoes', 'jackets', 'tents', 'lamps', 'books', 'maps', 'stoves', 'ropes'];
const SEARCHES = ['red+shoes', 'tent', 'warm%20jacket', 'camping+stove', 'caf%C3%A9', 'map+of+the+alps', 'rope+60m', 'gift'];
const PROBES = ['/wp-login.php', '/.env', '/phpmyadmin/', '/admin.php', '/old/index.html', '/.git/config'];

/**
 * @typedef {object} Page
 * @property {string} url path and query
 * @property {'page' | 'api' | 'asset' | 'moved' | 'missing'} kind
 * @property {number} bytes the usual size of the answer
 */

/**
 * @typedef {object} Visitor
 * @property {string} address
 * @property {string} user
 * @property {string} agent
 */

/**
 * @param {Random} random
 * @returns {Page}
 */
function inventPage(random) {
  const bytes = 400 + Math.floor(random.fraction() ** 2 * 60_000);
  const draw = random.fraction();
  if (draw < 0.3) return { url: `/products/${1 + random.below(5_000)}`, kind: 'page', bytes };
  if (draw < 0.4)
    return {
      url: `/${random.pick(TOPICS)}?page=${1 + random.below(40)}&sort=price`,
      kind: 'page',
      bytes,
    };
  if (draw < 0.5)
    return {
      url: `/search?q=${random.pick(SEARCHES)}&page=${1 + random.below(9)}`,
      kind: 'page',
      bytes,
    };
  if (draw < 0.6) return { url: `/blog/2025/${random.pick(TOPICS)}-${random.below(100)}`, kind: 'page', bytes };
  if (draw < 0.7)
    return {
      url: `/api/v1/items/${random.below(2_000)}?fields=name,price`,
      kind: 'api',
      bytes: 120 + (bytes % 2_000),
    };
  if (draw < 0.75) return { url: '/api/v1/cart', kind: 'api', bytes: 90 + (bytes % 300) };
  if (draw < 0.93)
    return {
      url: `/static/img/${random.pick(TOPICS)}-${random.below(400)}.jpg`,
      kind: 'asset',
      bytes: 4 * bytes,
    };
  if (draw < 0.97) return { url: `/p/${random.below(900)}`, kind: 'moved', bytes: 169 };
  return { url: random.pick(PROBES), kind: 'missing', bytes: 196 };
}

/**
 * @param {Random} random
 * @returns {Page[]} by rank; the first are the same on every site
 */
function inventPages(random) {
  /** @type {Page[]} */
  const pages = [
    { url: '/', kind: 'page', bytes: 14_320 },
    { url: '/static/css/site.css', kind: 'asset', bytes: 23_817 },
    { url: '/static/js/app.js?v=42', kind: 'asset', bytes: 81_204 },
    { url: '/favicon.ico', kind: 'asset', bytes: 1_150 },
    { url: '/login', kind: 'page', bytes: 3_908 },
    { url: '/robots.txt', kind: 'asset', bytes: 68 },
  ];
  while (pages.length < PAGES) pages.push(inventPage(random));
  return pages;
}

/**
 * @param {Random} random
 * @returns {string} an address, one in fifty of them IPv6 (from the range for documentation)
 */
function inventAddress(random) {
  if (random.chance(0.02)) {
    const group = () => (1 + random.below(0xffff)).toString(16);
    return `2001:db8:${group()}:${group()}::${group()}`;
  }
  return `${1 + random.below(223)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`;
}

/**
 * @param {Random} random
 * @returns {Visitor}
 */
function inventVisitor(random) {
  // The lower of two draws: browsers, which come first, are more frequent than robots and scripts.
  const agent = USER_AGENTS[Math.min(random.below(USER_AGENTS.length), random.below(USER_AGENTS.length))];
  return {
    address: inventAddress(random),
    user: random.chance(0.03) ? random.pick(USERS) : '-',
    agent,
  };
}

/**
 * @param {Page} page
 * @param {Random} random
 * @returns {string}
 */
function drawMethod({ kind, url }, random) {
  const draw = random.fraction();
  if (kind === 'api') return draw < 0.7 ? 'GET' : draw < 0.9 ? 'POST' : draw < 0.97 ? 'PUT' : 'DELETE';
  if (url === '/login') return draw < 0.5 ? 'GET' : 'POST';
  return draw < 0.985 ? 'GET' : draw < 0.998 ? 'HEAD' : 'OPTIONS';
}

/**
 * @param {Page} page
 * @param {string} method
 * @param {Random} random
 * @returns {number}
 */
function drawStatus({ kind }, method, random) {
  const draw = random.fraction();
  if (draw < 0.006) return 500;
  if (draw < 0.008) return 503;
  if (kind === 'missing') return 404;
  if (kind === 'moved') return 301;
  if (draw < 0.02) return 404;
  if (method !== 'GET') return method === 'POST' && kind === 'api' ? 201 : 200;
  if (kind === 'asset') return draw < 0.3 ? 304 : draw < 0.31 ? 206 : 200;
  return draw < 0.06 ? 304 : draw < 0.08 ? 302 : 200;
}

/**
 * @param {Page} page
 * @param {string} method
 * @param {number} status
 * @param {Random} random
 * @returns {string} the bytes sent, or `-` where there are none
 */
function drawBytes({ kind, bytes }, method, status, random) {
  if (status === 304 || method === 'HEAD') return '-';
  if (status === 301 || status === 302) return '169';
  if (status === 404) return '196';
  if (status >= 500) return '552';
  if (status === 206) return String(1 + random.below(bytes));
  return String(kind === 'asset' ? bytes : bytes + random.below(200));
}

/**
 * @param {Page} page
 * @param {readonly Page[]} pages
 * @param {Zipf} ranks
 * @param {Random} random
 * @returns {string}
 */
function drawReferrer({ kind }, pages, ranks, random) {
  const draw = random.fraction();
  if (kind === 'missing' || draw < 0.35) return '-';
  if (kind === 'page' && draw < 0.55) return random.pick(REFERRERS);
  const from = pages[ranks.draw(random)];
  return from.kind === 'page' ? SITE + from.url : `${SITE}/`;
}

/** Writes a time as the log does, `03/Mar/2025:06:00:00 +0000`; most lines have the second of the one before. */
class LogTime {
  second = Number.NaN;
  text = '';

  /**
   * @param {number} ms since 1970, UTC
   * @returns {string}
   */
  format(ms) {
    const second = Math.floor(ms / 1_000);
    if (second === this.second) return this.text;
    const date = new Date(second * 1_000);
    const time = date.toISOString();
    this.second = second;
    this.text = `${time.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${time.slice(0, 4)}:${time.slice(11, 19)} +0000`;
    return this.text;
  }
}

/**
 * The lines of a web server's access log in the combined format of Apache and nginx, without line feeds. Times increase,
 * but for some lines that are up to three seconds late.
 *
 * @param {{ lines: number, seed: number }} options
 * @returns {Generator<string, void, undefined>}
 * @example
 * for (const line of accessLogLines({ lines: 3, seed: 1 })) console.log(line);
 */
export function* accessLogLines({ lines, seed }) {
  const random = new Random(seed);
  const pages = inventPages(random);
  const pageRanks = new Zipf(PAGES);
  const visitors = Array.from({ length: VISITORS }, () => inventVisitor(random));
  const visitorRanks = new Zipf(VISITORS);
  const logTime = new LogTime();
  let nowMs = LOG_START_MS;
  for (let i = 0; i < lines; i++) {
    nowMs += random.below(GAP_MS_MAX);
    const time = logTime.format(random.chance(LATE_SHARE) ? nowMs - random.below(LATE_MS_MAX) : nowMs);
    const { address, user, agent } = visitors[visitorRanks.draw(random)];
    const page = pages[pageRanks.draw(random)];
    const method = drawMethod(page, random);
    const status = drawStatus(page, method, random);
    const bytes = drawBytes(page, method, status, random);
    const referrer = drawReferrer(page, pages, pageRanks, random);
    const version = random.chance(0.6) ? '2.0' : '1.1';
    yield `${address} - ${user} [${time}] "${method} ${page.url} HTTP/${version}" ${status} ${bytes} "${referrer}" "${agent}"`;
  }
}

/**
 * The access log as bytes, each line with a line feed.
 *
 * @param {{ lines: number, seed: number }} options
 * @returns {Generator<Uint8Array, void, undefined>}
 */
export function* accessLogChunks(options) {
  let chunk = '';
  for (const line of accessLogLines(options)) {
    chunk += `${line}\n`;
    if (chunk.length >= CHUNK_BYTES) {
      yield Buffer.from(chunk);
      chunk = '';
    }
  }
  if (chunk !== '') yield Buffer.from(chunk);
}

// -------------------------------------------------------------------------------------------------- command line

/**
 * Writes the chunks to a file, whose folder is made where it does not exist.
 *
 * @param {string} path
 * @param {Iterable<Uint8Array>} chunks
 * @returns {number} the number of bytes written
 */
export function writeChunks(path, chunks) {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let bytes = 0;
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
      bytes += chunk.length;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

const USAGE = `usage: generate.mjs access-log --lines <number> --out <file> [--seed <number>]
       generate.mjs text --megabytes <number> --out <file> [--seed <number>] [--unicode]
A megabyte is 1,000,000 bytes. The seed is 1 unless given.`;

/** A mistake on the command line; the message is for the user. */
class UsageError extends Error {}

/**
 * @param {string[]} args what follows the command
 * @param {import('node:util').ParseArgsConfig['options']} options beside `seed` and `out`
 * @returns {Record<string, string | boolean | (string | boolean)[] | undefined>}
 */
function parseOptions(args, options) {
  try {
    const known = {
      seed: { type: /** @type {const} */ ('string') },
      out: { type: /** @type {const} */ ('string') },
    };
    return parseArgs({ args, options: { ...known, ...options } }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(withoutAdvice(error.message));
    throw error;
  }
}

/**
 * @param {string} message of `parseArgs`
 * @returns {string} what is wrong, as one sentence or two, without the advice on how to escape dashes
 */
function withoutAdvice(message) {
  const text = message.split('To specify', 1)[0].replaceAll('\n', ' ').trim();
  return /[.?]$/.test(text) ? text : `${text}.`;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @returns {number}
 */
function wholeNumber(value, name, min) {
  if (value === undefined) throw new UsageError(`Option '--${name}' is missing.`);
  const number = Number(value);
  if (/^\d+$/.test(String(value)) && Number.isSafeInteger(number) && number >= min) return number;
  throw new UsageError(`Option '--${name}' must be a whole number of at least ${min}, not '${value}'.`);
}

/**
 * @param {unknown} value
 * @returns {number}
 */
function seedOf(value) {
  const seed = value === undefined ? 1 : wholeNumber(value, 'seed', 0);
  if (seed > 0xffff_ffff) throw new UsageError(`Option '--seed' must be below 2^32, not '${value}'.`);
  return seed;
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function outOf(value) {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError("Option '--out' is missing: the file to write.");
}

/**
 * @param {string[]} args the command and its options
 * @returns {string} what was done
 */
function run([command, ...args]) {
  if (command === '--help' || command === '-h') return USAGE;
  if (command === 'access-log') {
    const { lines, seed, out } = parseOptions(args, { lines: { type: 'string' } });
    const options = { lines: wholeNumber(lines, 'lines', 0), seed: seedOf(seed) };
    return `${outOf(out)}: ${writeChunks(outOf(out), accessLogChunks(options))} bytes, ${options.lines} lines`;
  }
  if (command === 'text') {
    const { megabytes, seed, out, unicode } = parseOptions(args, {
      megabytes: { type: 'string' },
      unicode: { type: 'boolean' },
    });
    const bytes = wholeNumber(megabytes, 'megabytes', 1) * 1_000_000;
    return `${outOf(out)}: ${writeChunks(outOf(out), textChunks({ bytes, seed: seedOf(seed), unicode: unicode === true }))} bytes`;
  }
  throw new UsageError(command === undefined ? 'The command is missing.' : `There is no command '${command}'.`);
}

function main() {
  try {
    console.log(run(process.argv.slice(2)));
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n${USAGE}`);
    else if (error instanceof Error && 'syscall' in error) console.error(`The file cannot be written: ${error.message}`);
    else throw error;
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
