/**
 * A lock that is a file which names the process that holds it. Invariant: the file has its whole content from the moment on that
 * it is there. A process that is gone leaves its lock behind; the next one that wants it takes it over.
 */

import { constants, copyFileSync, linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { FileLock } from '../base/system.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the lock was taken, for people. */
  readonly since: string;
  /** Tells the process from a later one of the same number; empty where the system does not say. */
  readonly start: string;
}

export function lockFile(path: string): FileLock {
  const mine = ownContent();
  while (!createWhole(path, mine)) {
    const found = contentOf(path);
    if (found === undefined) continue; // Released at this moment.
    const holder = parse(found);
    if (holder !== undefined && !isGone(holder)) throw held(path, holder);
    if (!takeAway(path, found)) throw held(path, parse(contentOf(path) ?? ''));
  }
  return {
    release: () => {
      if (contentOf(path) === mine) unlinkSync(path);
    },
  };
}

function ownContent(): string {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), start: startOf(process.pid) };
  // No two locks are the same, not even of one process.
  return `${JSON.stringify({ ...holder, lock: `${process.hrtime.bigint()}` })}\n`;
}

/** Creates the file with its content; false when there is one already. */
function createWhole(path: string, content: string): boolean {
  const whole = besides(path);
  writeFileSync(whole, content);
  try {
    linkSync(whole, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    return copyWhole(whole, path, error);
  } finally {
    unlinkSync(whole);
  }
}

/** For file systems that know no links: there a lock is without its content for a moment. */
function copyWhole(from: string, to: string, cause: unknown): boolean {
  if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].some((code) => isCode(cause, code))) throw cause;
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes a lock that was left behind. False when it is another's by now: then that is put back. */
function takeAway(path: string, left: string): boolean {
  const away = besides(path);
  try {
    renameSync(path, away);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return true;
    throw error;
  }
  const isLeft = contentOf(away) === left;
  if (isLeft) unlinkSync(away);
  else renameSync(away, path);
  return isLeft;
}

let count = 0;

/** Names that no other thread or process uses. */
function besides(path: string): string {
  return `${path}.${process.pid}-${process.hrtime.bigint()}-${count++}`;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Undefined for what a crash of the machine has left of a lock. */
function parse(content: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(content);
    return typeof holder === 'object' && holder !== null && Number.isSafeInteger((holder as Holder).pid) ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Only processes of this machine can be asked for. */
function isGone({ pid, host, start }: Holder): boolean {
  if (host !== hostname()) return false;
  if (!isAlive(pid)) return true;
  const now = startOf(pid);
  return now !== '' && start !== '' && now !== start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

/** The boot of the system and the time of the process since then, where the system tells them in files. One that is only still listed has ended. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const facts = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may hold anything. The state is the third, the start the 22nd.
    const fields = facts.slice(facts.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${boot}/${fields[19]}`;
  } catch {
    return '';
  }
}

function held(path: string, holder: Holder | undefined): Error {
  const by = holder === undefined ? 'another process' : whoIs(holder);
  return Object.assign(new Error(`held by ${by}`), { code: 'EBUSY', path });
}

function whoIs({ pid, host, since }: Holder): string {
  if (pid === process.pid && host === hostname()) return `this process, ${pid}, since ${since}`;
  return host === hostname() ? `process ${pid} since ${since}` : `process ${pid} of host '${host}' since ${since}`;
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
