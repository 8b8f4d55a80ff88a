/** What a job is started from, and goes on from after each failure. The host's thread. */

import { resolve } from 'node:path';
import type { RestoreInfo } from '../api/job-client.ts';
import { MillraceError } from '../base/errors.ts';
import type { Storage } from '../base/system.ts';
import type { OperatorManifest } from '../checkpoint/manifest.ts';
import type { LeftOutput } from '../checkpoint/restore-match.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { commitLeftOutput, leftOutput, type OutputPlace } from './left-output.ts';
import { type RecoveredState, type RecoveryOptions, recoverState } from './recovered-state.ts';

/** What a job is started from. */
export interface StartOptions {
  /** The directory of a savepoint or checkpoint to start from. Default: the newest checkpoint that the job left, if it did not finish. */
  readonly from?: string | undefined;
  /** Starts over, whatever was left. */
  readonly fresh?: boolean | undefined;
  /** Leaves state behind that no operator takes. */
  readonly allowNonRestoredState?: boolean | undefined;
}

export interface JobRecoveryOptions {
  readonly job: JobDescription;
  readonly plan: PhysicalPlan;
  readonly start: StartOptions;
  readonly store: CheckpointStore;
  /** On which sinks write. */
  readonly files: Storage;
  readonly warn: (message: string) => void;
}

export class JobRecovery {
  readonly #options: JobRecoveryOptions;
  /** What the present attempt goes on from. */
  #recovered: RecoveredState | undefined;

  constructor(options: JobRecoveryOptions) {
    this.#options = options;
  }

  /**
   * Whether there is something to be done before the job begins.
   *
   * @throws MillraceError STATE_MISMATCH when it would begin anew beside a checkpoint of itself
   */
  get isNeeded(): boolean {
    const { job, start } = this.#options;
    if (job.faultTolerance.checkpoints !== undefined || start.from !== undefined) return true;
    const left = this.#left;
    if (left !== undefined && start.fresh !== true) throw wouldForget(job.name, left);
    return left !== undefined;
  }

  /** A checkpoint of a job that takes none any more. A directory that cannot be read is of no concern to such a job. */
  get #left(): string | undefined {
    const { store } = this.#options;
    try {
      return store.newest === undefined ? undefined : `checkpoint ${store.newest.id} of it in ${store.place}`;
    } catch {
      return undefined;
    }
  }

  /** Finds what the job is started from. @throws MillraceError when that cannot be used */
  begin(): RecoveredState | undefined {
    const { job, start, store } = this.#options;
    if (job.faultTolerance.checkpoints !== undefined || start.fresh === true) store.open();
    const recovered = this.#recover(start);
    if (recovered !== undefined) store.goOnFrom(recovered.id);
    return recovered;
  }

  /** Commits what was left to be, and removes what is of no use any more, before the job begins. @throws MillraceError */
  async settle(): Promise<void> {
    const { start, store } = this.#options;
    const { leftSinks = [], savepoint } = this.#recovered ?? {};
    await this.#secure();
    for (const sink of leftSinks) await commitLeftOutput(sink, this.#outputPlace(savepoint));
    if (start.fresh === true) await store.removeAll();
    else await store.removeOrphans();
  }

  /** Finds what another attempt goes on from. @throws MillraceError when that cannot be used */
  async again(): Promise<RecoveredState | undefined> {
    const { start, store } = this.#options;
    const { suspendedIn } = store;
    const own = store.hasOwn ? {} : start;
    const recovered = this.#recover(suspendedIn === undefined ? own : { from: suspendedIn });
    await this.#secure();
    return recovered;
  }

  async #secure(): Promise<void> {
    if (this.#recovered !== undefined) await this.#options.store.secure(this.#recovered.savepoint);
  }

  #recover({ from, fresh = false }: StartOptions): RecoveredState | undefined {
    this.#recovered = undefined;
    if (!fresh) this.#recovered = from === undefined ? this.#newest() : this.#readFrom(resolve(from));
    return this.#recovered;
  }

  #newest(): RecoveredState | undefined {
    const { job, store, warn } = this.#options;
    if (job.faultTolerance.checkpoints === undefined) return undefined;
    const decision = store.choose();
    if (decision.kind === 'refuse') throw decision.error;
    if (decision.kind === 'fresh') return undefined;
    for (const warning of decision.warnings) warn(warning);
    const { manifest } = decision;
    return recoverState(manifest, { ...this.#matching(), name: `checkpoint ${manifest.id} in ${store.place}`, savepoint: undefined });
  }

  #readFrom(path: string): RecoveredState {
    const { manifest, directory } = this.#options.store.readFrom(path);
    const name = `${manifest.kind} ${manifest.id} in ${directory}`;
    return recoverState(manifest, { ...this.#matching(directory), name, savepoint: directory });
  }

  #matching(savepoint?: string): Omit<RecoveryOptions, 'name' | 'savepoint'> {
    const { plan, job, start } = this.#options;
    const outputOf = (sink: OperatorManifest): LeftOutput => leftOutput(sink, this.#outputPlace(savepoint));
    return { plan, jobName: job.name, allowNonRestoredState: start.allowNonRestoredState ?? false, outputOf };
  }

  #outputPlace(savepoint: string | undefined): OutputPlace {
    const { store, files } = this.#options;
    return { state: store.stateIn(savepoint), files };
  }

  /** Whether an attempt failed because files of the checkpoint that it was to go on from are damaged: then there may be an older one. */
  isDamaged(failure: Error): boolean {
    const recovered = this.#recovered;
    if (recovered === undefined || recovered.savepoint !== undefined) return false;
    if (!(failure instanceof MillraceError) || failure.code !== 'CHECKPOINT_CORRUPT') return false;
    this.#options.store.distrust(recovered.id, failure);
    return true;
  }

  /** For those who listen. */
  infoOf({ id, kind, triggeredAt, savepoint, notices }: RecoveredState): RestoreInfo {
    return { id, kind, place: savepoint ?? this.#options.store.place, triggeredAt, differences: notices };
  }
}

function wouldForget(name: string, left: string): MillraceError {
  return new MillraceError(
    'STATE_MISMATCH',
    `the job '${name}' takes no checkpoints, but there is ${left}, and its sinks may hold what belongs to that; ` +
      "go on from there with new StreamEnvironment({ checkpoint: { interval: '10s' } }), start over with fresh (--fresh), or give it another stateDir",
  );
}
