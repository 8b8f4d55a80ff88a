/** Finds the file of a job, or says what is wrong with the path. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { MillraceError } from '../base/errors.ts';

const extensions = new Set(['.ts', '.mts', '.js', '.mjs']);

/** The absolute path of a job's file. @throws MillraceError JOB_MODULE when there is none, or it is no module */
export function findJobFile(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new MillraceError('JOB_MODULE', `there is no file '${path}'${suggestion(path)}`);
  if (found.isDirectory())
    throw new MillraceError('JOB_MODULE', `'${path}' is a directory; name the job's file in it${suggestion(join(path, 'job.ts'))}`);
  if (!extensions.has(extname(path)))
    throw new MillraceError('JOB_MODULE', `cannot run '${path}': a job is an ES module in a .ts, .mts, .js or .mjs file`);
  return resolve(path);
}

function suggestion(path: string): string {
  const match = nearest(basename(path), modulesIn(dirname(path)));
  return match === undefined ? '' : `; did you mean '${join(dirname(path), match)}'?`;
}

function modulesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => extensions.has(extname(name)));
  } catch {
    return [];
  }
}

/** The name that most resembles `name`, if one does: a third of it may differ. The extension does not count. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = stem(name);
  let best: string | undefined;
  let least = Math.floor(wanted.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, stem(candidate));
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

function stem(name: string): string {
  return basename(name, extname(name)).toLowerCase();
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
