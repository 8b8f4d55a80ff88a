/**
 * Reads the frames of one channel, in order, as stream elements: knows the types and dictionaries that were sent, and puts fragments
 * together. A copy reads on ahead without the original's taking notice.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { StringDictionary } from '../batch/string-dictionary.ts';
import type { RecordType } from '../schema/type.ts';
import { decodeDictionary } from '../wire/dictionary.ts';
import { type FrameHeader, FrameKind } from '../wire/frame.ts';
import { decodeRecordType } from '../wire/record-type.ts';
import { endOfInput, type StreamElement } from './element.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { type FrameMemory, headerBytes, privateFrameMemory } from './frame-memory.ts';

export class FrameReader {
  /** By number of the schema. Decoders are made when they are needed: each has a batch of its own. */
  readonly #types: Map<number, RecordType>;
  readonly #decoders = new Map<number, FrameDecoder>();
  /** By column. */
  readonly #dictionaries: (StringDictionary | undefined)[];
  /** Whether the dictionaries are those of another reader, which must not grow before it has read what makes them. */
  readonly #borrowed: Set<number>;
  #oversize: { memory: FrameMemory; received: number } | null = null;

  constructor(from?: FrameReader) {
    this.#types = new Map(from === undefined ? [] : from.#types);
    this.#dictionaries = from === undefined ? [] : [...from.#dictionaries];
    this.#borrowed = new Set(this.#dictionaries.keys());
    if (from === undefined || from.#oversize === null) return;
    const { memory, received } = from.#oversize;
    const copy = privateFrameMemory(memory.uint8.length);
    copy.uint8.set(memory.uint8.subarray(0, received));
    this.#oversize = { memory: copy, received };
  }

  /** Reads on from the same place on its own. */
  copy(): FrameReader {
    return new FrameReader(this);
  }

  /** Adds a fragment; the element when it was the last one and there is one to hand out. */
  fragment(header: FrameHeader, memory: FrameMemory, position: number): StreamElement | null {
    const oversize = this.#oversize ?? { memory: privateFrameMemory(header.value()), received: 0 };
    const length = header.payload();
    memory.bytes.copy(oversize.memory.bytes, oversize.received, position + headerBytes, position + headerBytes + length);
    oversize.received += length;
    if (oversize.received < oversize.memory.uint8.length) {
      this.#oversize = oversize;
      return null;
    }
    this.#oversize = null;
    return this.element(oversize.memory, 0, oversize.memory.headerAt(0));
  }

  /** The element that a frame holds, or null for a message to the channel itself. */
  element(memory: FrameMemory, position: number, header: FrameHeader): StreamElement | null {
    const kind = header.kind();
    switch (kind) {
      case FrameKind.Data:
        return (this.#decoders.get(header.schema()) ?? this.#decoder(header.schema())).decode(memory, position, header);
      case FrameKind.Schema:
        this.#types.set(header.schema(), decodeRecordType(payload(memory, position, header)));
        return null;
      case FrameKind.Dictionary:
        this.#takeDictionary(payload(memory, position, header));
        return null;
      case FrameKind.Watermark:
        return { kind: 'watermark', time: header.value() };
      case FrameKind.Idle:
        return { kind: 'idle' };
      case FrameKind.Active:
        return { kind: 'active' };
      case FrameKind.Barrier:
        return { kind: 'barrier', checkpoint: header.value() };
      case FrameKind.EndOfInput:
        return endOfInput;
      default:
        throw new Error(`a ring holds a frame of the unknown kind ${kind}`);
    }
  }

  #decoder(schema: number): FrameDecoder {
    const type = this.#types.get(schema);
    assert(type !== undefined, 'a schema travels before its data');
    const decoder = new FrameDecoder(type, this.#dictionaries);
    this.#decoders.set(schema, decoder);
    return decoder;
  }

  #takeDictionary(bytes: Uint8Array): void {
    const { column, first, strings } = decodeDictionary(bytes);
    let dictionary = this.#dictionaries[column];
    if (first === 0 || dictionary === undefined) dictionary = new StringDictionary();
    else if (this.#borrowed.has(column)) dictionary = copyOf(dictionary, first);
    this.#borrowed.delete(column);
    assert(dictionary.size === first, 'a dictionary grows at its end');
    for (const string of strings) dictionary.add(string);
    this.#dictionaries[column] = dictionary;
  }
}

function copyOf(dictionary: StringDictionary, count: number): StringDictionary {
  const copy = new StringDictionary();
  for (const string of dictionary.slice(0, count)) copy.add(string);
  return copy;
}

function payload(memory: FrameMemory, position: number, header: FrameHeader): Uint8Array {
  return memory.uint8.subarray(position + headerBytes, position + headerBytes + header.payload());
}
