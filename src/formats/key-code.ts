/** Code that finds out which of the keys that a format looks for stands in the bytes. */

import type { ParserCode } from './parser-code.ts';

/** The key at `p` is none of those that are looked for. */
export const noKey = -1;

/**
 * Writes the local `into`: the index of the key at `p`, which is moved to the byte that ends the key, or `noKey`.
 *
 * @param keys what stands there for each, the byte that ends it included; undefined for one that cannot be found like this
 */
export function matchKey({ body }: ParserCode, into: string, keys: readonly (Buffer | undefined)[]): void {
  body.line(`let ${into} = ${noKey};`);
  const firstBytes = new Set(keys.flatMap((key) => key?.[0] ?? []));
  if (firstBytes.size === 0) return;
  body.block('switch (bytes[p])', () => {
    for (const first of firstBytes) {
      body.line(`case ${first}:`);
      for (const [i, key] of keys.entries()) {
        if (key === undefined || key[0] !== first) continue;
        const alike = [...key.subarray(1)].map((byte, at) => `bytes[p + ${at + 1}] === ${byte}`).join(' && ');
        body.line(`if (${alike || 'true'}) { ${into} = ${i}; p += ${key.length - 1}; break; }`);
      }
      body.line('break;');
    }
  });
}
