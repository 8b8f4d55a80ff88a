/**
 * Text in fields and records as RFC 4180 has it: where its records end.
 *
 * A record ends at a line feed that does not lie in quotes. Quotes open where a field begins, and close in front of what ends one; two of
 * them stand for one. Where a quote stands elsewhere the record is a bad one, and ends with its line: so ends of records never depend on
 * what fields mean.
 */

import type { ParserInput, RecordStarts, TextEncoding } from './parser.ts';

export interface DelimitedSyntax {
  /** The byte between fields. */
  readonly delimiter: number;
  /** The byte around fields that may hold delimiters; −1 when there is none. */
  readonly quote: number;
}

const lineFeed = 10;
const carriageReturn = 13;

// What is known of the byte that comes next.
const field = 0; // a field begins with it
const text = 1; // it is in a field without quotes, or ends it
const quoted = 2; // it lies in quotes
const closed = 3; // it follows a quote that lies in quotes: it makes a pair of it, or ends the field
const lost = 4; // it belongs to the rest of a line: of a bad record, or a carriage return behind quotes

/** Goes through text from a record's beginning. */
export class RecordScan {
  readonly #syntax: DelimitedSyntax;
  #state = field;

  constructor(syntax: DelimitedSyntax) {
    this.#syntax = syntax;
  }

  get state(): number {
    return this.#state;
  }

  begin(state = field): void {
    this.#state = state;
  }

  /** Passes over bytes[from, to); or, with `stop`, up to the end of the first record, whose offset it returns. −1 when there is none. */
  pass(bytes: Buffer, from: number, to: number, stop: boolean): number {
    let p = from;
    while (p < to) {
      const next = this.#state <= text ? this.#passText(bytes, p, to, stop) : this.#passOther(bytes, p, to);
      const ended = this.#state === field && bytes[next - 1] === lineFeed;
      if (stop && ended) return next;
      p = next;
    }
    return -1;
  }

  /** Up to behind the next quote; or, with `stop`, behind the line feed in front of that. */
  #passText(bytes: Buffer, from: number, to: number, stop: boolean): number {
    const { quote } = this.#syntax;
    const at = find(bytes, quote, from, to);
    const end = stop ? find(bytes, lineFeed, from, at) : at;
    if (end < at) {
      this.#state = field;
      return end + 1;
    }
    const behindEnd = at === from ? this.#state === field : this.#endsField(bytes[at - 1] as number);
    if (at === to) this.#state = behindEnd ? field : text;
    else this.#state = behindEnd ? quoted : lost;
    return Math.min(at + 1, to);
  }

  #passOther(bytes: Buffer, from: number, to: number): number {
    const byte = bytes[from] as number;
    switch (this.#state) {
      case quoted:
        return this.#passUpTo(find(bytes, this.#syntax.quote, from, to), to, closed);
      case closed:
        if (byte === this.#syntax.quote) this.#state = quoted;
        else this.#state = this.#endsField(byte) ? field : lost;
        return from + 1;
      default:
        return this.#passUpTo(find(bytes, lineFeed, from, to), to, field);
    }
  }

  #passUpTo(at: number, to: number, state: number): number {
    if (at < to) this.#state = state;
    return Math.min(at + 1, to);
  }

  #endsField(byte: number): boolean {
    return byte === lineFeed || byte === this.#syntax.delimiter;
  }
}

function find(bytes: Buffer, byte: number, from: number, to: number): number {
  const at = byte < 0 ? -1 : bytes.indexOf(byte, from);
  return at < 0 || at > to ? to : at;
}

/** The offset behind the record that begins at `start`; −1 when its end is not there yet. */
export function recordEnd(syntax: DelimitedSyntax, { bytes, filled, ended }: ParserInput, start: number): number {
  const end = behindRecord(bytes, start, filled, syntax);
  return end <= filled || ended ? end : -1;
}

/**
 * The offset behind the record of which a field begins at `from`; beyond `filled` when that is not there. A line feed stands at `filled`,
 * which does not belong to the text.
 */
export function behindRecord(bytes: Buffer, from: number, filled: number, { delimiter, quote }: DelimitedSyntax): number {
  let p = from;
  for (;;) {
    if (bytes[p] === quote) {
      p = behindQuotes(bytes, p, filled, quote);
      if (p > filled) return p;
    } else while (bytes[p] !== delimiter && bytes[p] !== lineFeed && bytes[p] !== quote) p++;
    if (bytes[p] === delimiter) {
      p++;
      continue;
    }
    // Behind a misplaced quote, the rest of the line.
    while (bytes[p] !== lineFeed) p++;
    return p + 1;
  }
}

/** Behind the quote that closes the field at `start`; beyond `filled` when none does. */
function behindQuotes(bytes: Buffer, start: number, filled: number, quote: number): number {
  for (let p = start + 1; ; p++) {
    const byte = bytes[p];
    if (byte === quote) {
      if (bytes[p + 1] !== quote) return p + 1;
      p++;
    } else if (byte === lineFeed && p >= filled) return filled + 1;
  }
}

/** A field as it stands in the text. */
export interface RawField {
  readonly text: string;
  readonly quoted: boolean;
}

/** The fields of a record, which is without its line feed; undefined for a bad one. */
export function fieldsOf(record: Buffer, { delimiter, quote }: DelimitedSyntax, encoding: TextEncoding): RawField[] | undefined {
  const fields: RawField[] = [];
  const mark = String.fromCharCode(quote);
  const end = record.length;
  for (let p = 0; ; p++) {
    const isQuoted = p < end && record[p] === quote;
    const to = isQuoted ? closingQuote(record, p, quote) + 1 : find(record, delimiter, p, end);
    const text = record.toString(encoding, p, Math.max(p, to));
    if (isQuoted ? to === 0 : quote >= 0 && text.includes(mark)) return undefined;
    fields.push(isQuoted ? { text: text.slice(1, -1).replaceAll(mark + mark, mark), quoted: true } : { text, quoted: false });
    if (to >= end) return fields;
    if (record[to] !== delimiter) return undefined;
    p = to;
  }
}

/** The quote that closes the field at `start`; −1 when none does. */
function closingQuote(record: Buffer, start: number, quote: number): number {
  for (let p = record.indexOf(quote, start + 1); p >= 0; p = record.indexOf(quote, p + 2)) {
    if (record[p + 1] !== quote) return p;
  }
  return -1;
}

/** Lines that must look like records before a place without quotes in sight is taken to lie outside of them. */
const convincingLines = 3;

/**
 * Where records begin in the midst of a text. Whether a place lies in quotes is told by the quotes around it: in good text, one that opens
 * stands behind what ends a field, one that closes in front of it. The wrong assumption is soon refuted. Where no quote is in sight, lines
 * that have as many fields as records do tell that it lies outside.
 */
export class DelimitedStarts implements RecordStarts {
  readonly #syntax: DelimitedSyntax;
  readonly #scan: RecordScan;
  readonly #columns: () => number;

  /** @param columns fields of a record */
  constructor(syntax: DelimitedSyntax, columns: () => number) {
    this.#syntax = syntax;
    this.#scan = new RecordScan(syntax);
    this.#columns = columns;
  }

  get state(): number {
    return this.#scan.state;
  }

  begin(state?: number): void {
    this.#scan.begin(state);
  }

  pass(bytes: Buffer): void {
    this.#scan.pass(bytes, 0, bytes.length, false);
  }

  next(bytes: Buffer): number {
    return this.#scan.pass(bytes, 0, bytes.length, true);
  }

  guess(bytes: Buffer, at: number, ended: boolean): boolean {
    const { outside, inside, runs } = this.#judge(bytes, ended);
    const told = runs > 0 ? outside !== inside : ended || this.#looksLikeRecords(bytes);
    if (!told) return false;
    this.#scan.begin(outside ? field : quoted);
    this.#scan.pass(bytes, 0, at, false);
    if (this.#scan.state !== quoted && this.#scan.state !== closed) return true;
    // Lines are passed over as text in quotes only where quotes on both sides agree that they are: one that follows may be a stray one.
    const { quote } = this.#syntax;
    return bytes.indexOf(quote) < at && bytes.lastIndexOf(quote) >= at;
  }

  /** Goes through the runs of quotes, of which each may refute that the first byte lies outside, or inside, of quotes. */
  #judge(bytes: Buffer, ended: boolean): { outside: boolean; inside: boolean; runs: number } {
    const { quote } = this.#syntax;
    const { length } = bytes;
    let [outside, inside] = [true, true];
    let runs = 0;
    // Whether the byte in front of a run lies inside, if the first one does not.
    let changed = false;
    for (let at = find(bytes, quote, 0, length); at < length; at = find(bytes, quote, at, length)) {
      const opens = at === 0 || this.#endsField(bytes[at - 1] as number);
      const first = at;
      while (at < length && bytes[at] === quote) at++;
      if (at === length && !ended) break;
      const closes = at === length || bytes[at] === carriageReturn || this.#endsField(bytes[at] as number);
      const odd = (at - first) % 2 === 1;
      const [ifOutside, ifInside] = [opens && (odd || closes), !odd || closes];
      outside &&= changed ? ifInside : ifOutside;
      inside &&= changed ? ifOutside : ifInside;
      if (odd) changed = !changed;
      runs++;
    }
    return { outside, inside, runs };
  }

  #endsField(byte: number): boolean {
    return byte === lineFeed || byte === this.#syntax.delimiter;
  }

  #looksLikeRecords(bytes: Buffer): boolean {
    const columns = this.#columns();
    if (columns < 2) return false;
    let lines = 0;
    let from = bytes.indexOf(lineFeed) + 1;
    for (let end = bytes.indexOf(lineFeed, from); from > 0 && end >= 0; end = bytes.indexOf(lineFeed, from)) {
      let fields = 1;
      for (let p = from; p < end; p++) if (bytes[p] === this.#syntax.delimiter) fields++;
      if (fields !== columns) return false;
      lines++;
      from = end + 1;
    }
    return lines >= convincingLines;
  }
}
