/** Words of a text, without making a string of each where the text is bytes. */

import type { SeparatorSource } from '../compiler/closure-intrinsic.ts';
import type { UserFunction } from '../graph/logical.ts';

const splitters = new WeakSet<object>();

/** What `splitWords` splits at, for whoever splits bytes: runs of white space; where nothing stands between them there is no word. */
export const wordSeparator: SeparatorSource = { kind: 'class', source: '\\s', flags: '', run: true, skipsEmpty: true };

/**
 * A function that splits text into its words: what stands between white space, as `\s` of regular expressions has it.
 *
 * @example env.readTextFile('book.txt').flatMap(splitWords()).keyBy((word) => word).aggregate({ times: count() })
 */
export function splitWords(): (text: string) => string[] {
  const split = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
  splitters.add(split);
  return split;
}

/** Whether a function was made by `splitWords`. */
export function isSplitWords(fn: UserFunction): boolean {
  return splitters.has(fn);
}
