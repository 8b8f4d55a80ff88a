/** What a file sink has committed, as sorted lines, and how it differs from what it should be. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the parts that have their names, in whatever order they were written. */
export function committedLines(directory: string): string[] {
  const parts = readdirSync(directory).filter((name) => !name.startsWith('.'));
  return linesOf(parts.map((name) => readFileSync(join(directory, name), 'utf8')).join(''));
}

export function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1).sort();
}

/** Empty when the lines are the same, each as often. */
export function difference(expected: readonly string[], found: readonly string[]): string {
  const [missing, surplus] = [without(expected, found), without(found, expected)];
  return [...shown('missing', missing), ...shown('surplus', surplus)].join('; ');
}

function shown(what: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${lines.length} ${what}: ${lines.slice(0, 5).join(' | ')}`];
}

/** The lines of the one that the other has not, each as often as it has more of them. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
