/**
 * `millrace checkpoints check`: whether a job, as it is now, could go on from a checkpoint. It restores the state as a start would, slot by
 * slot on this thread, and lets go of it: so schemas are compared and `migrate` functions run, too. Nothing is opened or written.
 */

import { relative, resolve } from 'node:path';
import { MillraceError } from '../base/errors.ts';
import { limitsWith } from '../base/limits.ts';
import type { StateStorage } from '../checkpoint/checkpoint-storage.ts';
import { fileStorage } from '../checkpoint/file-storage.ts';
import { locateCheckpoint } from '../checkpoint/locate.ts';
import type { CheckpointManifest, OperatorManifest } from '../checkpoint/manifest.ts';
import type { LeftOutput } from '../checkpoint/restore-match.ts';
import { leftOutput } from '../cluster/left-output.ts';
import { matchPlan, type RecoveredState, recoverState } from '../cluster/recovered-state.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { print } from '../node-execution.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { planDescription } from '../runtime/plan.ts';
import { buildSlot } from '../runtime/slot.ts';
import { detachedSlot } from './detached-slot.ts';
import { type JobOptions, withJob } from './load-job.ts';
import { ageText } from './quantities.ts';
import { errorReport } from './report.ts';
import { StopSignals } from './signals.ts';

export interface CheckOptions extends JobOptions {
  readonly allowNonRestoredState: boolean;
}

/** @returns the exit code: 1 when the job could not start */
export function checkCommand(directory: string, file: string, options: CheckOptions): Promise<number> {
  // Without a job they end the process, in the orderly way that removes the bundle.
  new StopSignals(() => {});
  const path = resolve(directory);
  const found = locateCheckpoint(path, nodeSystem().storage);
  return withJob(file, options, async ({ job }) => {
    const place = { system: nodeSystem(), limits: limitsWith(job.limits), stateDir: found.directory };
    const manifest = fileStorage(found.directory).openManifests(place).readManifest(found.entry);
    const { lines, fits } = check(manifest, job, { ...options, directory: found.directory });
    await print(`${lines.join('\n')}\n`);
    return fits ? 0 : 1;
  });
}

interface Verdict {
  readonly lines: readonly string[];
  readonly fits: boolean;
}

function check(
  manifest: CheckpointManifest,
  job: JobDescription,
  { directory, allowNonRestoredState }: Pick<CheckOptions, 'allowNonRestoredState'> & { readonly directory: string },
): Verdict {
  const { id, kind, jobName, triggeredAt } = manifest;
  const plan = planDescription(job);
  const place = relative('', directory) || '.';
  const lines = [`${kind} ${id} of '${jobName}' in ${place}, taken ${ageText(Date.now() - triggeredAt)} ago`];
  const name = `${kind} ${id} in ${place}`;
  const outputOf = (sink: OperatorManifest): LeftOutput =>
    leftOutput(sink, { state: stateIn(directory, job), files: nodeSystem().storage });
  const matching = { jobName: job.name, allowNonRestoredState, outputOf };
  const { differences } = matchPlan(manifest, plan, matching);
  lines.push(...differences.map(({ fatal, text }) => `  ${fatal ? 'error' : 'note'}: ${text}`));
  if (differences.some(({ fatal }) => fatal)) return { lines: [...lines, `the job '${job.name}' cannot start from it`], fits: false };
  const recovered = recoverState(manifest, { plan, name, savepoint: directory, ...matching });
  const notes: string[] = [];
  const failure = restoreFailure(job, recovered, (note) => notes.push(note));
  lines.push(...[...new Set(notes)].map((note) => `  note: ${note}`));
  if (failure === undefined) return { lines: [...lines, `the job '${job.name}' can start from it`], fits: true };
  const report = errorReport(failure, { debug: false }).trimEnd().split('\n');
  return { lines: [...lines, ...report.map((line) => `  ${line}`), `the job '${job.name}' cannot start from it`], fits: false };
}

function stateIn(directory: string, { limits }: JobDescription): StateStorage {
  return fileStorage(directory).openState({ system: nodeSystem(), limits: limitsWith(limits), stateDir: directory });
}

/** Restores one slot after the other, so that the state of one is in memory at a time. Returns what fails. */
function restoreFailure(job: JobDescription, recovered: RecoveredState, warn: (note: string) => void): unknown {
  const system = nodeSystem();
  const { savepoint: directory = '', restores } = recovered;
  for (const [slot, restore] of restores.entries()) {
    const options = detachedSlot(job, slot, system);
    const stateStorage = () => stateIn(directory, job);
    try {
      buildSlot({ ...options, stateStorage, restore, restoreFrom: directory, warn: (text) => text !== '' && warn(text) });
    } catch (error) {
      if (error instanceof MillraceError) return error;
      throw error;
    }
  }
  return undefined;
}
