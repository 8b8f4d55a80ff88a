/** New entries of a string dictionary on the wire, as UTF-16: every string survives. */

import { Builder, ByteBuffer } from 'flatbuffers';
import { assert } from '../base/assert.ts';
import { DictionaryMessage } from './generated/wire/dictionary-message.ts';

export interface DictionaryEntries {
  readonly column: number;
  /** Id of the first of them; 0 starts a new dictionary. */
  readonly first: number;
  readonly strings: readonly string[];
}

export function encodeDictionary({ column, first, strings }: DictionaryEntries): Uint8Array {
  const text = strings.join('');
  const offsets = new Uint32Array(strings.length + 1);
  for (let i = 0; i < strings.length; i++) offsets[i + 1] = (offsets[i] as number) + (strings[i] as string).length * 2;
  const builder = new Builder(256 + text.length * 2);
  const utf16 = builder.createByteVector(Buffer.from(text, 'utf16le'));
  const offsetVector = DictionaryMessage.createOffsetsVector(builder, offsets);
  builder.finish(DictionaryMessage.createDictionaryMessage(builder, column, first, offsetVector, utf16));
  return builder.asUint8Array();
}

export function decodeDictionary(bytes: Uint8Array): DictionaryEntries {
  // Vectors are read as typed arrays, which lie at a multiple of their element: memory of its own begins at one.
  const message = DictionaryMessage.getRootAsDictionaryMessage(new ByteBuffer(bytes.slice()));
  const offsets = message.offsetsArray();
  const utf16 = message.utf16Array();
  assert(offsets !== null && utf16 !== null, 'a dictionary message has offsets and bytes');
  const text = Buffer.from(utf16).toString('utf16le');
  const strings: string[] = [];
  for (let i = 0; i + 1 < offsets.length; i++) {
    strings.push(text.substring((offsets[i] as number) >> 1, (offsets[i + 1] as number) >> 1));
  }
  return { column: message.column(), first: message.first(), strings };
}
