/** What somebody may have meant who wrote a name that is not known. */

/** Shorter names begin too many others. */
const beginningMin = 3;

/**
 * The candidate that most resembles `name`, if one does: a third of it may differ, or its end may be missing, which is no worse than one
 * letter. Case does not count.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const candidate of candidates) {
    const begins = wanted.length >= beginningMin && candidate.length > name.length && candidate.toLowerCase().startsWith(wanted);
    const distance = begins ? 1 : editDistance(wanted, candidate.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

/** Characters to insert, remove or replace to come from one text to the other (Levenshtein, one row at a time). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
