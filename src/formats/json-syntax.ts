/** Code for what all JSON objects have in common, whoever reads their values: white space, keys, and what follows them. */

import type { CodeWriter } from '../base/code-writer.ts';
import { matchKey, noKey } from './key-code.ts';
import type { ParserCode } from './parser-code.ts';

const quote = 34;
const colon = 58;

/** Writes code that passes over white space, of which mostly there is none. */
export function skipSpace(body: CodeWriter): void {
  body.line('while (bytes[p] <= 32 && (bytes[p] === 32 || bytes[p] === 9 || bytes[p] === 13)) p++;');
}

/** How the members of an object are read. */
export interface MemberReading {
  /** The keys that are looked for, and for each what writes the code that reads its value and leaves `p` behind it. */
  readonly members: ReadonlyMap<string, () => void>;
  /** The statements for a line that is bad for a reason. */
  bad(reason: string): string;
  /**
   * Writes code that goes from the beginning of a key that is none of these as it stands, which is `from`, to the quote that ends it. Returns
   * the condition under which it was written with escapes.
   */
  endKey(): string;
  /** Writes code that passes over a value. */
  skip(): void;
}

/** Writes the code of a member, from the quote that begins its key to behind its value. */
export function writeMember(code: ParserCode, { members, bad, endKey, skip }: MemberReading): void {
  const { body, names } = code;
  const key = names.fresh('key');
  const keys = [...members.keys()];
  body.line(`if (bytes[p] !== ${quote}) ${bad('a member does not begin with a key in quotes')}`);
  body.line('p++;');
  // A key that cannot stand there as it is never matches, whatever its escapes look like.
  const plain = keys.map((each) => (JSON.stringify(each) === `"${each}"` ? Buffer.from(`${each}"`) : undefined));
  matchKey(code, key, plain);
  body.block(`if (${key} === ${noKey})`, () => {
    body.line('const from = p;');
    body.line(`if (${endKey()}) ${key} = ${names.constant('escapedKey', keyReader(keys))}(bytes, from, p);`);
  });
  body.line('p++;');
  skipSpace(body);
  body.line(`if (bytes[p] !== ${colon}) ${bad('no colon stands behind a key')}`);
  body.line('p++;');
  skipSpace(body);
  body.block(`switch (${key})`, () => {
    for (const [i, read] of [...members.values()].entries()) {
      body.line(`case ${i}:`);
      read();
      body.line('break;');
    }
    body.line('default:');
    skip();
  });
}

/** A function that finds a key that is written with escapes. */
function keyReader(keys: readonly string[]): (bytes: Buffer, start: number, end: number) => number {
  return (bytes, start, end) => {
    try {
      return keys.indexOf(JSON.parse(`"${bytes.utf8Slice(start, end)}"`));
    } catch {
      return noKey;
    }
  };
}
