/** Durations as users write them. */

import { describeValue } from './describe-value.ts';
import { MillraceError } from './errors.ts';

/** Milliseconds, or a number with a unit: `'250ms'`, `'5s'`, `'1m'`, `'2h'`, `'1d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const millisecondsPerUnit: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration.
 *
 * @param option the name of the option that holds it, for the error
 * @throws MillraceError INVALID_OPTION when it is negative, not finite or not a duration at all
 * @example parseDuration('1.5s', 'interval') // 1500
 */
export function parseDuration(duration: Duration, option: string): number {
  const milliseconds = typeof duration === 'number' ? duration : parseText(duration);
  if (milliseconds === undefined || !Number.isFinite(milliseconds) || milliseconds < 0) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${option}: ${describeValue(duration)} is not a duration; write milliseconds as a number, or '250ms', '5s', '1m', '2h', '1d'`,
    );
  }
  return milliseconds;
}

function parseText(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) : null;
  if (match === null) return undefined;
  const milliseconds = Number(match[1]) * (millisecondsPerUnit[match[2] as string] as number);
  // A product may miss by its last bit: '1.001s' is 1001 milliseconds, not 1000.9999999999999.
  return Number(milliseconds.toPrecision(15));
}
