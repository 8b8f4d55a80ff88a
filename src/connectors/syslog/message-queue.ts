/** Messages that have come and wait to be parsed, as lines: parsers know no other framing. */

import type { RecordBuffer } from '../lines/record-buffer.ts';

const lineFeed = 10;
const carriageReturn = 13;
/** A line feed inside of a message, as syslog servers write it. */
const escapedLineFeed = Buffer.from('#012');
const end = Buffer.from('\n');

export class MessageQueue {
  #parts: Buffer[] = [];
  waitingBytes = 0;

  /** Adds a copy of a message. One that is empty, or has nothing but a line end, is none. */
  add(message: Buffer): void {
    let { length } = message;
    while (length > 0 && (message[length - 1] === lineFeed || message[length - 1] === carriageReturn || message[length - 1] === 0))
      length--;
    if (length === 0) return;
    const line = asLine(message.subarray(0, length));
    this.#parts.push(line);
    this.waitingBytes += line.length;
  }

  /** Hands all that waits to the buffer, which ends the life of the last batch. False when nothing waits. */
  moveTo(buffer: RecordBuffer): boolean {
    if (this.#parts.length === 0) return false;
    buffer.append(Buffer.concat(this.#parts, this.waitingBytes));
    this.#parts = [];
    this.waitingBytes = 0;
    return true;
  }
}

function asLine(message: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = message.indexOf(lineFeed); at >= 0; at = message.indexOf(lineFeed, from)) {
    parts.push(message.subarray(from, at), escapedLineFeed);
    from = at + 1;
  }
  return Buffer.concat([...parts, message.subarray(from), end]);
}
