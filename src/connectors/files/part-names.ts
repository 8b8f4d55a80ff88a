/**
 * The names of the files that a sink writes: the only place where they are made and read.
 *
 *     part-0.txt                       all that subtask 0 wrote, in a job without checkpoints
 *     part-0-3.txt                     the fourth part of subtask 0
 *     .part-0-3.txt.inprogress         the same before it is committed
 *
 * Only subtask 0 gives out names that begin with `part-0`, so that no two subtasks ever write the same file.
 */

import { posix } from 'node:path';

export interface PartName {
  /** The subtask that gave the name out. */
  readonly subtask: number;
  /** Counts the parts of the subtask; undefined for the only one. */
  readonly number: number | undefined;
  /** Whether it is not committed. */
  readonly hidden: boolean;
}

export interface NamePattern {
  readonly prefix: string;
  readonly suffix: string;
}

const hiddenSuffix = '.inprogress';

/** @param number undefined for the only part of the subtask */
export function partName({ prefix, suffix }: NamePattern, subtask: number, number?: number): string {
  return `${prefix}-${subtask}${number === undefined ? '' : `-${number}`}${suffix}`;
}

/** The path of a part while it is not committed. Paths are relative, with slashes. */
export function hiddenPath(path: string): string {
  return posix.join(posix.dirname(path), `.${posix.basename(path)}${hiddenSuffix}`);
}

/** What a name says; undefined for one that the pattern did not make. */
export function readPartName(pattern: NamePattern, name: string): PartName | undefined {
  const visible = readVisible(pattern, name);
  if (visible !== undefined) return { ...visible, hidden: false };
  const isHidden = name.startsWith('.') && name.endsWith(hiddenSuffix);
  const hidden = isHidden ? readVisible(pattern, name.slice(1, -hiddenSuffix.length)) : undefined;
  return hidden === undefined ? undefined : { ...hidden, hidden: true };
}

function readVisible(pattern: NamePattern, name: string): Omit<PartName, 'hidden'> | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(name.slice(pattern.prefix.length + 1, name.length - pattern.suffix.length));
  if (match === null) return undefined;
  const subtask = Number(match[1]);
  const number = match[2] === undefined ? undefined : Number(match[2]);
  return partName(pattern, subtask, number) === name ? { subtask, number } : undefined;
}
