/** The source of a job, as code: the files or standard input, in the format that was found. Pure. */

import { array, quoted } from './code-layout.ts';
import type { FoundFormat } from './detect.ts';
import type { SourceCode } from './job-code.ts';
import type { RecordLayout } from './record-layout.ts';

export interface SourceCodeOptions {
  readonly found: FoundFormat;
  /** How the question reads the fields that it names. */
  readonly layout: RecordLayout;
  /** Whether standard input is read, and no files. */
  readonly isPipe: boolean;
  readonly onError: 'fail' | 'skip';
  readonly follow?: boolean | undefined;
}

export function sourceCode(files: readonly string[], { isPipe, found, layout, onError, follow }: SourceCodeOptions): SourceCode {
  const errors = onError === 'skip' ? [['onError', quoted('skip')] as const] : [];
  const common = { isText: found.format.type.form !== 'object', time: timeOf(found) };
  const format = found.code(layout);
  if (isPipe) return { ...common, method: 'stdin', arguments: [], options: [['format', format], ...errors] };
  const paths = files.length === 1 ? quoted(files[0] as string) : array(files.map(quoted));
  const following = follow === true ? [['follow', 'true'] as const] : [];
  return { ...common, method: 'readFile', arguments: [paths, format], options: [...errors, ...following] };
}

function timeOf({ time }: FoundFormat): SourceCode['time'] {
  return time === undefined ? undefined : { field: time.name, unitMs: time.kind === 'seconds' ? 1000 : 1, nullable: time.nullable };
}
