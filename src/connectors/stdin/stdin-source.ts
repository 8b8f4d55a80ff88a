/** Records of standard input, as a source. */

import { checkOptions, flag, type OptionRules, optional, text as path } from '../../base/options.ts';
import { type Format, text } from '../../formats/format.ts';
import type { Source, SourceReader, Split } from '../../graph/source.ts';
import { type FormatOptions, formatDetails, formatRules, type ParsingOptions, parsedType } from '../lines/parsing.ts';
import { StdinReader } from './stdin-reader.ts';

export interface StdinOptions<T = string> extends FormatOptions<T> {
  /** Whether the input ends; by default, whether it is not a terminal. */
  readonly bounded?: boolean | undefined;
  /** A file with what was read of standard input before, by whoever started the job. @internal */
  readonly front?: string | undefined;
}

export const stdinRules: OptionRules<StdinOptions<never>> = { bounded: optional(flag), front: optional(path), ...formatRules };

/**
 * Reads standard input: lines of text, or the records of another format. It ends with the input: of a file, of the program in front of the pipe, or at
 * Ctrl-D on a terminal.
 *
 * A file or a pipe counts as bounded, so that `cat log | millrace run job.ts` ends with the final rows. For a program that never
 * ends, such as `tail -f`, say `{ bounded: false }`. Standard input cannot be read again after a restart: what was read
 * before is lost.
 *
 * @example stdinSource()
 */
export function stdinSource<T = string>(options: StdinOptions<T> = {}): Source<T, Split> {
  const { bounded, front, ...parsing } = checkOptions<StdinOptions<T>>(options, stdinRules as never, 'stdin.source');
  return stdinSourceOf<T>(
    { bounded: bounded ?? !process.getBuiltinModule('node:tty').isatty(standardInput), front },
    { ...parsing, format: (parsing.format ?? text()) as Format<unknown> },
  );
}

function stdinSourceOf<T>(
  { bounded, front }: { readonly bounded: boolean; readonly front: string | undefined },
  parsing: ParsingOptions,
): Source<T, Split> {
  const { format } = parsing;
  return {
    name: 'stdin',
    bounded,
    type: parsedType(parsing),
    hasAnyFields: format.hasAnyFields === true,
    details: formatDetails(format),
    parallelismMax: 1,
    enumerate: () => [{ id: 'stdin' }],
    createReader: (context) => new StdinReader(context, { descriptor: standardInput, front }, parsing) as SourceReader<T, Split>,
    project: (fields, keys, members) => stdinSourceOf<T>({ bounded, front }, { ...parsing, fields, keys, members }),
  };
}

const standardInput = 0;
