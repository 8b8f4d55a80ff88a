/** What is in directories of checkpoints, as text for people. Pure. */

import { describeValue } from '../base/describe-value.ts';
import type { CheckpointContents, CheckpointDirectory, CheckpointReport, OperatorReport } from '../checkpoint/inspect.ts';
import { ageText, bytesText, countText } from './quantities.ts';

export interface TextOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A path as it is shown. */
  readonly nameOf: (path: string) => string;
}

/** Splits of a source that are told one by one. */
const splitsMax = 10;

export function checkpointsText(found: readonly CheckpointDirectory[], options: TextOptions): string {
  const [own, ...savepoints] = found;
  if (own === undefined) return '';
  const all = found.filter(({ checkpoints }, i) => i > 0 || checkpoints.length > 0);
  const nothing =
    all.length === 0 ? [`${options.nameOf(own.directory)}: no checkpoints and no savepoints; a job that has finished leaves none`] : [];
  const lines = [...nothing, ...all.flatMap((each) => directoryLines(each, options))];
  const unnamed = [own, ...savepoints].flatMap((each) => each.unnamed);
  if (unnamed.length > 0) {
    const bytes = bytesText(unnamed.reduce((sum, file) => sum + file.bytes, 0));
    const files = countText(unnamed.length, 'file');
    lines.push(
      '',
      `${files} of state (${bytes}) that no checkpoint names: of one on its way, or left by a crash; the next run removes such files`,
    );
  }
  return `${lines.join('\n').trim()}\n`;
}

function directoryLines({ directory, checkpoints }: CheckpointDirectory, options: TextOptions): string[] {
  return ['', `${options.nameOf(directory)}:`, ...checkpoints.flatMap((each) => checkpointLines(each, options))];
}

function checkpointLines({ id, kind, path, problems, contents }: CheckpointReport, { now }: TextOptions): string[] {
  const soundness = problems.length === 0 ? 'sound' : 'CORRUPT';
  const lines = [''];
  if (contents === undefined) lines.push(`${kind} ${id} (${path}): ${soundness}`);
  else {
    const { jobName, triggeredAt, bytes, files } = contents;
    const when = `${new Date(triggeredAt).toISOString()}, ${ageText(now - triggeredAt)} ago`;
    const size = `${bytesText(bytes)}${files.length === 0 ? '' : ` in ${countText(files.length, 'file')}`}`;
    lines.push(`${kind} ${id} of '${jobName}', ${when}: ${size}, ${soundness}`);
  }
  lines.push(...problems.map((problem) => `  problem: ${problem}`));
  if (contents !== undefined) lines.push(...contentsLines(contents));
  return lines;
}

function contentsLines({ operators, hostInputs }: CheckpointContents): string[] {
  const told = operators.map(operatorLines).filter((lines) => lines.length > 1);
  const inputs = Object.entries(hostInputs).map(([name, records]) => `  input '${name}': ${countText(records, 'record')} taken in`);
  return [...told.flat(), ...inputs];
}

/** The first says what it is, the others what it holds. */
function operatorLines(operator: OperatorReport): string[] {
  const { name, stateId, kind, parallelism, keyed, parts, rowsInFlight, splits } = operator;
  const lines = [`  ${name} (${stateId}): ${kind} × ${parallelism}`];
  if (splits !== undefined) lines.push(...splitLines(splits));
  for (const { name: state, entries, segments, bytes } of keyed) {
    if (segments > 0)
      lines.push(`    ${state}: ${countText(entries, 'entry', 'entries')}, ${bytesText(bytes)} in ${countText(segments, 'segment')}`);
  }
  for (const { name: state, distribution, items, bytes } of parts) {
    // What the engine keeps for itself.
    if (!state.startsWith('$') && items > 0) lines.push(`    ${state}: ${countText(items, 'item')} (${distribution}), ${bytesText(bytes)}`);
  }
  if (rowsInFlight > 0) lines.push(`    ${countText(rowsInFlight, 'row')} on the way to it`);
  return lines;
}

function splitLines(splits: readonly unknown[]): string[] {
  if (splits.length === 0) return ['    everything is read'];
  const told = splits.slice(0, splitsMax).map((split) => `    to read: ${splitText(split)}`);
  return splits.length <= splitsMax ? told : [...told, `    … and ${countText(splits.length - splitsMax, 'more split')}`];
}

/** `lines.txt-0: path 'lines.txt', start 12, end 4096`. What every split says of itself, whatever its source. */
function splitText(split: unknown): string {
  if (typeof split !== 'object' || split === null) return describeValue(split);
  const { id, ...rest } = split as Readonly<Record<string, unknown>>;
  const told = Object.entries(rest).filter(([, value]) => value !== undefined && (typeof value !== 'object' || value === null));
  return `${String(id)}${told.length === 0 ? '' : ': '}${told.map(([name, value]) => `${name} ${describeValue(value)}`).join(', ')}`;
}
