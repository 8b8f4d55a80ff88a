/** Questions of `millrace logs` about a sample, without a process. */

import { detectFormat } from '../../src/cli/logs/detect.ts';
import { printingJob } from '../../src/cli/logs/job-code.ts';
import { isWindowed, parseQuery, type QueryOptions } from '../../src/cli/logs/query.ts';
import { sourceCode } from '../../src/cli/logs/source-code.ts';

export interface Question extends QueryOptions {
  readonly time?: string;
}

/** The job that `--explain` prints, of a file that begins with the sample. */
export function explained(path: string, sample: string, question: Question): string {
  const found = detectFormat(Buffer.from(sample), { time: question.time, byTime: isWindowed(question) });
  const query = parseQuery(question, found.fields, found.time);
  return printingJob(sourceCode([path], { isPipe: false, found, layout: query.layout, onError: 'skip' }), query);
}

/** The question as it stands on a command line. */
export function asArguments(question: Question): string[] {
  return Object.entries(question).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
