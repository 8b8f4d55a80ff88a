/** Checks of the arguments of assigners, triggers and evictors. */

import { type Duration, parseDuration } from '../../base/duration.ts';
import { MillraceError } from '../../base/errors.ts';

/** @throws MillraceError INVALID_OPTION unless it is a whole number from `least` */
export function wholeNumber(n: number, option: string, least: number): number {
  if (!Number.isSafeInteger(n) || n < least)
    throw new MillraceError('INVALID_OPTION', `${option}: expected a whole number from ${least}, got ${String(n)}`);
  return n;
}

/** @throws MillraceError INVALID_OPTION unless it is a finite number */
export function finiteNumber(n: number, option: string): number {
  if (!Number.isFinite(n)) throw new MillraceError('INVALID_OPTION', `${option}: expected a finite number, got ${String(n)}`);
  return n;
}

/** @throws MillraceError INVALID_OPTION unless it is a function */
export function requireFunction(fn: unknown, option: string): void {
  if (typeof fn !== 'function') throw new MillraceError('INVALID_OPTION', `${option}: expected a function, got ${typeof fn}`);
}

/**
 * A duration of at least one whole millisecond: the sizes of windows are such.
 *
 * @throws MillraceError INVALID_OPTION
 */
export function positiveDuration(duration: Duration, option: string): number {
  const milliseconds = parseDuration(duration, option);
  if (!Number.isSafeInteger(milliseconds) || milliseconds === 0)
    throw new MillraceError('INVALID_OPTION', `${option}: ${duration} is not a whole number of milliseconds from 1`);
  return milliseconds;
}

/**
 * A duration that may be negative: `'-8h'`.
 *
 * @param limitMs what its absolute value must stay below
 * @throws MillraceError INVALID_OPTION
 */
export function parseOffset(offset: Duration, option: string, limitMs: number): number {
  const milliseconds = signedDuration(offset, option);
  if (!Number.isSafeInteger(milliseconds) || Math.abs(milliseconds) >= limitMs) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${option}: ${offset} must be a whole number of milliseconds between -${limitMs} and ${limitMs}, both excluded`,
    );
  }
  return milliseconds;
}

function signedDuration(duration: Duration, option: string): number {
  if (typeof duration === 'number') return duration < 0 ? -parseDuration(-duration, option) : parseDuration(duration, option);
  return duration.startsWith('-') ? -parseDuration(duration.slice(1) as Duration, option) : parseDuration(duration, option);
}
