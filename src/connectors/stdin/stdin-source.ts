/** Lines of standard input, as a source. */

import { isatty } from 'node:tty';
import { checkOptions, flag, type OptionRules, optional } from '../../base/options.ts';
import type { Source, Split } from '../../graph/source.ts';
import { lineType } from '../lines/line-batch.ts';
import { StdinReader } from './stdin-reader.ts';

export interface StdinOptions {
  /** Whether the input ends; by default, whether it is not a terminal. */
  readonly bounded?: boolean | undefined;
}

export const stdinRules: OptionRules<StdinOptions> = { bounded: optional(flag) };

/**
 * Reads the lines of standard input as UTF-8. It ends with the input: of a file, of the program in front of the pipe, or at
 * Ctrl-D on a terminal.
 *
 * A file or a pipe counts as bounded, so that `cat log | millrace run job.ts` ends with the final rows. For a program that never
 * ends, such as `tail -f`, say `{ bounded: false }`. Standard input cannot be read again after a restart: what was read
 * before is lost.
 *
 * @example stdinSource()
 */
export function stdinSource(options: StdinOptions = {}): Source<string, Split> {
  checkOptions<StdinOptions>(options, stdinRules, 'stdin.source');
  return {
    name: 'stdin',
    bounded: options.bounded ?? !isatty(standardInput),
    type: lineType,
    parallelismMax: 1,
    enumerate: () => [{ id: 'stdin' }],
    createReader: (context) => new StdinReader(context, standardInput),
  };
}

const standardInput = 0;
