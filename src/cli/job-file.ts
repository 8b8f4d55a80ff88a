/** Finds the file of a job, or says what is wrong with the path. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { MillraceError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';

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

/** The file whose name most resembles `name`, if one does. The extension does not count. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const stems = candidates.map(stem);
  const match = nearestName(stem(name), stems);
  return match === undefined ? undefined : candidates[stems.indexOf(match)];
}

function stem(name: string): string {
  return basename(name, extname(name));
}
