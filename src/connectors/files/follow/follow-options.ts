/** How files are followed, as users say it and as readers want it. */

import { type Duration, parseDuration } from '../../../base/duration.ts';
import { anything, checkOptions, type OptionRules, oneOf, optional, type Rule, wholeNumber } from '../../../base/options.ts';

export interface FollowOptions {
  /** How often files are looked at; `'250ms'` by default. */
  readonly pollInterval?: Duration | undefined;
  /**
   * Where reading begins in files that are there when the job is started for the first time: at their start, or behind the last line feed
   * that they have then. Those that come later are read from their start.
   */
  readonly from?: 'start' | 'end' | undefined;
  /** Bytes at the start of a file by which it is told from others, besides by its inode; 1024 by default. */
  readonly fingerprintBytes?: number | undefined;
  /**
   * How long nothing is written to a file that was renamed or removed until it counts as complete: then its last line is a record although
   * it has no line feed, and the file is closed. Others are closed after that time too, and opened again when they grow. `'5s'` by default.
   */
  readonly closeInactive?: Duration | undefined;
}

const followRules: OptionRules<FollowOptions> = {
  pollInterval: optional(anything),
  from: optional(oneOf('start', 'end')),
  fingerprintBytes: optional(wholeNumber(16, 65_536)),
  closeInactive: optional(anything),
};

export const followRule: Rule = {
  expected: "true, or options such as { pollInterval: '1s', from: 'end' }",
  accepts: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
};

/** How a reader follows files. */
export interface Following {
  readonly pollMs: number;
  readonly from: 'start' | 'end';
  readonly fingerprintBytes: number;
  readonly closeInactiveMs: number;
}

/** @param of for errors. Undefined where files are not followed. @throws MillraceError INVALID_OPTION */
export function followingOf(follow: boolean | FollowOptions | undefined, of: string): Following | undefined {
  if (follow === undefined || follow === false) return undefined;
  const checked = checkOptions<FollowOptions>(follow === true ? {} : follow, followRules, `${of}: follow`);
  const { pollInterval = '250ms', from = 'start', fingerprintBytes = 1024, closeInactive = '5s' } = checked;
  return {
    pollMs: parseDuration(pollInterval, `${of}: follow.pollInterval`),
    from,
    fingerprintBytes,
    closeInactiveMs: parseDuration(closeInactive, `${of}: follow.closeInactive`),
  };
}
