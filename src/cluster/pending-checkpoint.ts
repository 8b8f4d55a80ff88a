/** A checkpoint on its way: who has acknowledged it, and what its manifest will say. The host's thread owns it. */

import { crc32 } from 'node:zlib';
import type { CheckpointInfo, SubtaskCheckpointInfo } from '../api/job-client.ts';
import { assert } from '../base/assert.ts';
import type { CheckpointManifest, InFlightRows, OperatorManifest } from '../checkpoint/manifest.ts';
import { graphFingerprint } from '../graph/describe.ts';
import { exchangeKeys, sourceKey } from '../graph/exchange-keys.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { stateIds } from '../graph/state-ids.ts';
import { isSourceOperator } from '../operators/source.ts';
import { subtaskCount, subtaskNumber } from '../runtime/plan.ts';
import type { RowsInFlight } from '../runtime/rows-in-flight.ts';
import { noStatistics, type WorkerMessage } from '../wire/messages.ts';
import type { OperatorState, StoredRows, SubtaskState } from '../wire/state-handles.ts';

export type Acknowledgement = Extract<WorkerMessage, { type: 'checkpoint-acknowledged' }>;

/** How the job stood when the checkpoint was triggered. */
export interface TriggeredState {
  /** Splits that no reader had been given, by stage. */
  readonly unassigned: ReadonlyMap<number, readonly unknown[]>;
  /** Splits of a stage in the order in which they are handed out. */
  readonly inOrder: (stage: number, splits: readonly unknown[]) => readonly unknown[];
  /** Records taken in, by host input. */
  readonly hostInputs: Readonly<Record<string, number>>;
}

export interface PendingOptions extends TriggeredState {
  readonly id: number;
  /** The directory of a savepoint. */
  readonly savepoint: string | undefined;
  readonly suspends: boolean;
  readonly drains: boolean;
  readonly triggeredAt: number;
  /** Monotonic time. */
  readonly startedAt: number;
}

const nothing: OperatorState = { keyed: {}, parts: {} };

/** Rows, and the stage that they were bound for. */
interface StoredRowsTo {
  readonly stage: number;
  readonly rows: StoredRows;
}

export class PendingCheckpoint {
  readonly options: PendingOptions;
  readonly #plan: PhysicalPlan;
  readonly #acknowledged = new Map<number, Acknowledgement>();
  /** Rows on their way from the host. */
  #hostRows: readonly StoredRows[] = [];

  constructor(plan: PhysicalPlan, options: PendingOptions) {
    this.#plan = plan;
    this.options = options;
  }

  get id(): number {
    return this.options.id;
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    const { stage, subtask } = acknowledgement;
    const number = subtaskNumber(this.#plan, stage, subtask);
    assert(!this.#acknowledged.has(number), 'a subtask acknowledges a checkpoint once');
    this.#acknowledged.set(number, acknowledgement);
  }

  /** Rows that its barriers have overtaken on their way from the host, which stand for themselves in the manifest: there are few. */
  takeAlong(rows: readonly RowsInFlight[]): void {
    this.#hostRows = rows.map(({ place, count, chunks }) => {
      const bytes = new Uint8Array(Buffer.concat(chunks));
      return { ...place, count, rows: { kind: 'inline', bytes, checksum: crc32(bytes) } };
    });
  }

  /** The worker of a slot is through: its subtasks that have not acknowledged have finished. */
  finishSlot(slot: number): void {
    for (const { id: stage, parallelism } of this.#plan.job.stages) {
      if (slot >= parallelism || this.#acknowledged.has(subtaskNumber(this.#plan, stage, slot))) continue;
      const { id: checkpoint } = this;
      this.acknowledge({ type: 'checkpoint-acknowledged', checkpoint, stage, subtask: slot, state: 'finished', statistics: noStatistics });
    }
  }

  hasAcknowledged(stage: number, subtask: number): boolean {
    return this.#acknowledged.has(subtaskNumber(this.#plan, stage, subtask));
  }

  get isComplete(): boolean {
    return this.#acknowledged.size === subtaskCount(this.#plan);
  }

  /** Of the subtasks that have acknowledged. */
  get statistics(): readonly SubtaskCheckpointInfo[] {
    return [...this.#acknowledged.values()].map(({ stage, subtask, statistics }) => ({ stage, subtask, ...statistics }));
  }

  /** What subtasks have acknowledged so far. */
  get states(): readonly SubtaskState[] {
    return [...this.#acknowledged.values()].flatMap(({ state }) => (state === 'finished' ? [] : [state]));
  }

  /** For those who listen, once it has ended. @param now monotonic time @param failure why it has failed, if it has */
  info(now: number, failure?: string): CheckpointInfo {
    const { id, savepoint, startedAt, triggeredAt } = this.options;
    const { statistics } = this;
    return {
      id,
      status: failure === undefined ? 'completed' : 'failed',
      ...(failure === undefined ? {} : { reason: failure }),
      ...(savepoint === undefined ? {} : { savepoint }),
      triggeredAt,
      durationMs: now - startedAt,
      bytes: statistics.reduce((sum, { bytes }) => sum + bytes, 0),
      subtasks: statistics,
    };
  }

  manifest(job: JobDescription): CheckpointManifest {
    const { id, savepoint, triggeredAt, hostInputs } = this.options;
    return {
      id,
      kind: savepoint === undefined ? 'checkpoint' : 'savepoint',
      jobName: job.name,
      triggeredAt,
      operators: this.#operators(),
      hostInputs,
      graph: graphFingerprint(job.graph),
    };
  }

  #operators(): OperatorManifest[] {
    const ids = stateIds(this.#plan.job);
    const inFlight = this.#inFlight();
    return this.#plan.job.stages.flatMap(({ id: stage, operators, parallelism }) =>
      operators.map(({ id, name, spec, maxParallelism }, index) => {
        const states = Array.from({ length: parallelism }, (_, subtask) => this.#stateOf(stage, subtask));
        return {
          stateId: ids.get(id) as string,
          name,
          kind: spec.kind,
          parallelism,
          maxParallelism,
          subtasks: states.map((state, subtask) => {
            const rows = index === 0 ? inFlight.get(`${stage} ${subtask}`) : undefined;
            return { ...(state?.operators[index] ?? nothing), ...(rows === undefined ? {} : { inFlight: rows }) };
          }),
          ...(isSourceOperator(spec) ? { splits: this.#splits(stage, states) } : {}),
        };
      }),
    );
  }

  /** By stage and subtask that they were bound for. What has come furthest is first: what was in a channel, before what waited for room. */
  #inFlight(): ReadonlyMap<string, readonly InFlightRows[]> {
    const { exchanges } = this.#plan.job;
    const keys = exchangeKeys(this.#plan.job);
    const here: StoredRowsTo[] = [];
    const onTheWay: StoredRowsTo[] = this.#hostRows.map((rows) => ({
      stage: exchanges[rows.exchange as number]?.to.stage as number,
      rows,
    }));
    for (const { stage, subtask, state } of this.#acknowledged.values()) {
      if (state === 'finished') continue;
      for (const rows of state.inFlight) {
        const to = rows.exchange === undefined ? stage : (exchanges[rows.exchange]?.to.stage as number);
        (to === stage && rows.subtask === subtask ? here : onTheWay).push({ stage: to, rows });
      }
    }
    const bound = new Map<string, InFlightRows[]>();
    for (const { stage, rows } of [...here, ...onTheWay]) {
      const key = `${stage} ${rows.subtask}`;
      const exchange = rows.exchange === undefined ? sourceKey : (keys[rows.exchange] as string);
      const stored = {
        exchange,
        rows: rows.rows,
        count: rows.count,
        ...(rows.split === undefined ? {} : { split: rows.split }),
        ...(rows.side === undefined ? {} : { side: rows.side }),
      };
      bound.set(key, [...(bound.get(key) ?? []), stored]);
    }
    return bound;
  }

  #stateOf(stage: number, subtask: number): SubtaskState | undefined {
    const acknowledged = this.#acknowledged.get(subtaskNumber(this.#plan, stage, subtask));
    return acknowledged === undefined || acknowledged.state === 'finished' ? undefined : acknowledged.state;
  }

  /** Those that were being read, and those that nobody had. */
  #splits(stage: number, states: readonly (SubtaskState | undefined)[]): readonly unknown[] {
    const { unassigned, inOrder } = this.options;
    return inOrder(stage, [...states.flatMap((state) => state?.splits ?? []), ...(unassigned.get(stage) ?? [])]);
  }
}
