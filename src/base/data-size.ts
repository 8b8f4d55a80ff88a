/** Sizes of memory and files as users write them. */

import { describeValue } from './describe-value.ts';
import { MillraceError } from './errors.ts';

/** Bytes, or a number with a unit of 1024 times the one before: `'64KB'`, `'512MB'`, `'4GB'`, `'1TB'`. */
export type DataSize = number | `${number}${'KB' | 'MB' | 'GB' | 'TB'}`;

const bytesPerUnit: Readonly<Record<string, number>> = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/**
 * Bytes of a size, a whole number.
 *
 * @param option the name of the option that holds it, for the error
 * @throws MillraceError INVALID_OPTION when it is less than a byte, not finite or not a size at all
 * @example parseDataSize('512MB', 'disk: memory') // 536870912
 */
export function parseDataSize(size: DataSize, option: string): number {
  const bytes = Math.round(typeof size === 'number' ? size : parseText(size));
  if (bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new MillraceError(
    'INVALID_OPTION',
    `${option}: ${describeValue(size)} is not a size; write bytes as a number, or '64KB', '512MB', '4GB', '1TB'`,
  );
}

function parseText(text: unknown): number {
  const match = typeof text === 'string' ? /^(\d+(?:\.\d+)?)(KB|MB|GB|TB)$/.exec(text) : null;
  return match === null ? Number.NaN : Number(match[1]) * (bytesPerUnit[match[2] as string] as number);
}
