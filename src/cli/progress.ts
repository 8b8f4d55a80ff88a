/**
 * What people want to know of a running job, from its counters: pure, with the times handed in. Rates are those of the last
 * seconds; the time left is judged by all since the first record, which wavers less.
 */

import type { JobMetrics, StageMetrics } from '../api/job-client.ts';
import type { StageId } from '../base/ids.ts';
import { bytesText, clockText, countText, rateText, recordsText, secondsText } from './quantities.ts';

/** Milliseconds that rates look back. */
const windowMs = 3000;

/** Milliseconds after the first record from which on the time left can be judged. */
const judgeFromMs = 1000;

/** The share of the time from which on a stage counts as back-pressured. */
const backPressuredFrom = 0.5;

interface Sample {
  readonly timeMs: number;
  readonly records: number;
  readonly bytes: number;
  /** By stage: the mean of its subtasks. */
  readonly backPressuredMs: readonly number[];
}

export class Progress {
  readonly #sources: readonly StageId[];
  /** Those of the window, the oldest first. */
  readonly #samples: Sample[] = [];
  /** The first with records. */
  #first: Sample | undefined;

  /** @param sources stages that read the input */
  constructor(sources: readonly StageId[]) {
    this.#sources = sources;
  }

  /** Takes the counters of a time, in milliseconds since the job was submitted, and says how things stand. */
  line(metrics: JobMetrics, timeMs: number): string {
    const sample = this.#sample(metrics, timeMs);
    const oldest = this.#remember(sample);
    const parts = [
      clockText(timeMs),
      recordsText(sample.records),
      ...rates(oldest, sample),
      ...this.#share(metrics, sample),
      ...backPressure(metrics.stages, oldest, sample),
    ];
    return parts.join(' · ');
  }

  /** How the job went, in one line. */
  summary(metrics: JobMetrics, { verb, runtimeMs }: { readonly verb: string; readonly runtimeMs: number }): string {
    const { records, bytes } = this.#sample(metrics, runtimeMs);
    const seconds = Math.max(runtimeMs, 1) / 1000;
    const late = sum(metrics.stages.flatMap(({ subtasks }) => subtasks.map((subtask) => subtask.lateRecords)));
    const total = [recordsText(records), ...(bytes > 0 ? [bytesText(bytes)] : []), ...(late > 0 ? [countText(late, 'late record')] : [])];
    const rate = [`${rateText(records / seconds)} records/s`, ...(bytes > 0 ? [`${bytesText(bytes / seconds)}/s`] : [])];
    return `${verb}: ${total.join(', ')} in ${secondsText(runtimeMs)} (${rate.join(', ')})`;
  }

  /** Returns the sample that rates look back to. The start of the workers is no part of any rate. */
  #remember(sample: Sample): Sample {
    if (this.#samples.at(-1)?.records === 0) this.#samples.length = 0;
    this.#samples.push(sample);
    while ((this.#samples[1]?.timeMs ?? Number.POSITIVE_INFINITY) <= sample.timeMs - windowMs) this.#samples.shift();
    if (sample.records > 0) this.#first ??= sample;
    return this.#samples[0] as Sample;
  }

  #sample({ stages }: JobMetrics, timeMs: number): Sample {
    const read = this.#sources.flatMap((id) => stages[id]?.subtasks ?? []);
    return {
      timeMs,
      records: sum(read.map((subtask) => subtask.recordsIn)),
      bytes: sum(read.map((subtask) => subtask.bytesIn)),
      backPressuredMs: stages.map(({ subtasks }) => sum(subtasks.map((subtask) => subtask.backPressuredMs)) / Math.max(1, subtasks.length)),
    };
  }

  /** The share of a bounded input, and the time that the rest will take. */
  #share({ inputBytes }: JobMetrics, { timeMs, bytes }: Sample): string[] {
    if (inputBytes === undefined || inputBytes === 0) return [];
    const share = Math.min(1, bytes / inputBytes);
    const percent = `${bar(share)} ${Math.floor(share * 100)} %`;
    const first = this.#first;
    if (first === undefined || timeMs - first.timeMs < judgeFromMs || bytes <= first.bytes || bytes >= inputBytes) return [percent];
    const leftMs = ((timeMs - first.timeMs) * (inputBytes - bytes)) / (bytes - first.bytes);
    return [`${percent}, ${clockText(leftMs)} left`];
  }
}

/** A share as a bar: `███░░░░░░░`. */
function bar(share: number): string {
  const full = Math.floor(share * barCells);
  return '█'.repeat(full) + '░'.repeat(barCells - full);
}

const barCells = 10;

function rates(from: Sample, to: Sample): string[] {
  const seconds = (to.timeMs - from.timeMs) / 1000;
  if (seconds <= 0) return [];
  const records = `${rateText((to.records - from.records) / seconds)}/s`;
  return to.bytes === 0 ? [records] : [records, `${bytesText((to.bytes - from.bytes) / seconds)}/s`];
}

/** The last stage that waits for room: what comes behind it is the bottleneck. Stages are in the order of the flow. */
function backPressure(stages: readonly StageMetrics[], from: Sample, to: Sample): string[] {
  const elapsedMs = to.timeMs - from.timeMs;
  if (elapsedMs <= 0) return [];
  const shares = stages.map((_, i) => ((to.backPressuredMs[i] as number) - (from.backPressuredMs[i] ?? 0)) / elapsedMs);
  const at = shares.findLastIndex((share) => share >= backPressuredFrom);
  const stage = stages[at];
  return stage === undefined ? [] : [`back-pressured ${Math.round(Math.min(1, shares[at] as number) * 100)} %: ${stage.name}`];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
