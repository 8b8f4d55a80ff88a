/** Framing of syslog messages over TCP, RFC 6587, section 3.4. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageFraming } from '../../../src/connectors/syslog/message-framing.ts';

/** The messages in some bytes that come in chunks of some sizes, and what was cut off. */
function framed(bytes: Buffer, sizes: readonly number[] = [bytes.length], bytesMax = 1000): { messages: string[]; cutOff: number } {
  const messages: string[] = [];
  const framing = new MessageFraming(bytesMax, (message) => messages.push(message.toString('latin1')));
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] as number);
    framing.add(bytes.subarray(at, at + size));
    at += size;
  }
  return { messages, cutOff: framing.end() };
}

const anyByte = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

describe('octet counting, 3.4.1', () => {
  it('takes messages of any bytes, however they come', () => {
    fc.assert(
      fc.property(fc.array(anyByte), sizes, (messages, cuts) => {
        const bytes = Buffer.from(messages.map((message) => `${message.length} ${message}`).join(''), 'latin1');
        expect(framed(bytes, cuts)).toEqual({ messages, cutOff: 0 });
      }),
    );
  });

  it('says how much of a message is missing its end', () => {
    expect(framed(Buffer.from('3 one5 tw'))).toEqual({ messages: ['one'], cutOff: 4 });
  });

  it.each(['3 one<34>two', '3 one\n3 two', '12345678901 x'])('refuses what has no length in front: %j', (text) => {
    expect(() => framed(Buffer.from(text))).toThrow(/does not begin with its length/);
  });
});

describe('a line feed behind, 3.4.2', () => {
  it('takes lines, however they come', () => {
    const line = anyByte.map((text) => `<${text.replaceAll('\n', '')}`);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), sizes, fc.boolean(), (messages, cuts, ends) => {
        const bytes = Buffer.from(messages.join('\n') + (ends ? '\n' : ''), 'latin1');
        expect(framed(bytes, cuts)).toEqual({ messages, cutOff: 0 });
      }),
    );
  });
});

it.each(['9999 x', `<${'x'.repeat(2000)}`, `<${'x'.repeat(2000)}\n`])('refuses a message that is too long: %.10j', (text) => {
  expect(() => framed(Buffer.from(text), [7])).toThrow(/longer than 1000 bytes/);
  expect(() => framed(Buffer.from(text))).toThrow(/longer than 1000 bytes/);
});
