/** An error as text for people: what happened, then where in the job's own code. */

import { AssertionError } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';

export interface ReportOptions {
  /** Whether to show everything: internal frames, and causes that say nothing new. */
  readonly debug: boolean;
}

export function errorReport(thrown: unknown, { debug }: ReportOptions): string {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const lines = [headline(error)];
  if (debug) lines.push(...allStacks(error));
  else if (error instanceof MillraceError) lines.push(...userFrames(error), ...userCauses(error));
  else lines.push(...foreignStack(error));
  return `${lines.join('\n')}\n`;
}

function headline(error: Error): string {
  if (error instanceof MillraceError) return `error[${error.code}]: ${error.message}`;
  if (error instanceof AssertionError) return `error: ${error.message}\nThis is a defect of Millrace; please report it with what follows.`;
  return `error: ${error.name}: ${error.message}`;
}

/** Something that no part of Millrace has a word for; without frames of the job, the internal ones are all there is. */
function foreignStack(error: Error): string[] {
  const frames = userFrames(error);
  return [...(frames.length > 0 ? frames : framesOf(error)), ...userCauses(error)];
}

/** Causes that come from the job's code, with their own causes. The others are part of the message already. */
function userCauses(error: Error): string[] {
  const { cause } = error;
  if (!(cause instanceof Error)) return [];
  return userFrames(cause).length > 0 ? causeLines(cause, '') : userCauses(cause);
}

function causeLines(error: Error, lead: string): string[] {
  const lines = [lead + headerOf(error), ...userFrames(error)];
  if (error.cause instanceof Error) lines.push(...causeLines(error.cause, 'caused by '));
  return lines;
}

function allStacks(error: Error): string[] {
  const lines = framesOf(error);
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) lines.push(`caused by ${cause.stack ?? headerOf(cause)}`);
  return lines;
}

function headerOf(error: Error): string {
  return error.message === '' ? error.name : `${error.name}: ${error.message}`;
}

const frame = /^ {4}at /;

function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => frame.test(line));
}

function userFrames(error: Error): string[] {
  return framesOf(error).filter((line) => !internal.some((place) => line.includes(place)));
}

/** Where the files of this package lie; its frames name the sources or what was compiled of them. */
const packageUrl = new URL('../..', import.meta.url);

/** Places of the engine, of Node and of the code that is generated for a stage. */
const internal = [
  `${packageUrl.href}dist/`,
  `${decodeURIComponent(packageUrl.pathname)}dist/`,
  `${packageUrl.href}src/`,
  `${decodeURIComponent(packageUrl.pathname)}src/`,
  'node_modules/piscina/',
  '(millrace:',
  'at millrace:',
  '(node:',
  'at node:',
  'at async node:',
  'at async Promise.',
  '(<anonymous>)',
];
