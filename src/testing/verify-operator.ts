/**
 * Runs an operator on the same input in every way that must not matter: records one by one and in batches, with an output that is
 * full every other call, with a snapshot and a fresh instance at every boundary. All must come to the same.
 */

import { inspect, isDeepStrictEqual } from 'node:util';
import type { DataStream } from '../api/data-stream.ts';
import { thrownText } from '../base/errors.ts';
import { checkOptions, flag, type OptionRules, optional, unexpected } from '../base/options.ts';
import type { AggregateFunction } from '../operators/keyed-fold.ts';
import type {
  BroadcastProcessFunction,
  CoProcessFunction,
  KeyedBroadcastProcessFunction,
  KeyedCoProcessFunction,
  MixedDeclarations,
} from '../operators/process/co-process.ts';
import type { OutputTag } from '../operators/process/context.ts';
import type { KeyedProcessFunction } from '../operators/process/keyed-process.ts';
import type { ProcessFunction } from '../operators/process/process.ts';
import type { OperatorStateDeclarations, StateDeclarations } from '../state/descriptors.ts';
import { type HarnessElement, isRecord, type TimedValue } from './harness-channels.ts';
import type { HarnessInput } from './harness-input.ts';
import type { HarnessSnapshot } from './harness-state.ts';
import type { KeyOf, MadeOr } from './harness-subject.ts';
import { type HarnessOptions, type HarnessRules, type KeyedBy, OperatorHarness, operatorRules } from './operator-harness.ts';

/** One thing that happens to the operator. What happens to the second of two inputs says so with `on`. */
export type HarnessStep<A, B = never> =
  | { readonly element: A; readonly timestamp?: number; readonly on?: 'first' }
  | { readonly element: B; readonly timestamp?: number; readonly on: 'second' }
  /** Of all inputs, unless `on` names one. */
  | { readonly watermark: number; readonly on?: 'first' | 'second' }
  | { readonly idle: boolean; readonly on?: 'first' | 'second' }
  /** In epoch milliseconds. */
  | { readonly processingTime: number };

/** What happens, and what must come of it. */
export interface Verification<R, A, B = never> extends Omit<HarnessOptions, 'restore' | 'slowOutput'> {
  readonly steps: readonly HarnessStep<A, B>[];
  /** The rows of the main output, those that the end of the input brings included. By default the ways are only compared with each other. */
  readonly expected?: readonly R[];
  /** Whether rows may come in any order, as those of an unordered `asyncMap`; default false. */
  readonly anyOrder?: boolean;
}

type AnyVerification = Verification<unknown, unknown, unknown> & Partial<KeyedBy<unknown>>;
type AnyHarness = OperatorHarness<unknown, unknown, unknown>;
type Elements = readonly HarnessElement<unknown>[];

const verificationRules: OptionRules<AnyVerification> = {
  ...operatorRules,
  steps: { expected: 'an array of steps', accepts: Array.isArray },
  expected: optional({ expected: 'an array of rows', accepts: Array.isArray }),
  anyOrder: optional(flag),
};

/** Two ways to run an operator came to different things. Test runners show how `actual` and `expected` differ. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  readonly actual: unknown;
  readonly expected: unknown;

  constructor(message: string, { actual, expected }: { readonly actual: unknown; readonly expected: unknown }) {
    super(message);
    this.actual = actual;
    this.expected = expected;
  }
}

/** A way to run the operator. */
interface Way {
  /** Records that come in one batch at most. */
  readonly batch: number;
  readonly slowOutput: boolean;
  /** Of what a fresh instance goes on, before every batch, watermark and time; undefined where there is one instance only. */
  readonly restores: 'snapshot' | 'checkpoint' | undefined;
}

const straight: Way = { batch: 1, slowOutput: false, restores: undefined };

const otherWays: readonly Way[] = [1, 2, Number.POSITIVE_INFINITY]
  .flatMap((batch) =>
    [false, true].flatMap((slowOutput) =>
      ([undefined, 'snapshot', 'checkpoint'] as const).map((restores) => ({ batch, slowOutput, restores })),
    ),
  )
  .filter((way) => !isDeepStrictEqual(way, straight));

const restoring = {
  snapshot: 'a snapshot restored into a fresh instance at every boundary',
  checkpoint: 'a fresh instance restored at every boundary from incremental checkpoints, which are written while the old one goes on',
} as const;

function nameOf({ batch, slowOutput, restores }: Way): string {
  return [
    batch === 1 ? 'one by one' : Number.isFinite(batch) ? `in batches of ${batch}` : 'all at once',
    ...(slowOutput ? ['an output that is full every other call'] : []),
    ...(restores === undefined ? [] : [restoring[restores]]),
  ].join(', ');
}

/** What came out of an operator, by output. */
type Outcome = Readonly<Record<string, Elements>>;

/**
 * Runs an operator in eighteen ways: records one by one, two by two, and as many at once as come without anything between them; each
 * with an output that has room, and with one that takes one row and is full every other call; each straight through, with a snapshot
 * that a fresh instance is restored from at every boundary, and with a checkpoint there that holds what has changed. Such a
 * checkpoint is written after the operator has taken the next step as well, which is then lost and taken again by a fresh instance.
 * From fresh instances, what comes out between two watermarks may come in another order, since what they go on from tells no order of
 * keys. At the end the input ends.
 *
 * Give it a function that makes the operator: a fresh instance is one that has not run yet.
 *
 * @throws VerificationError that names the way whose output differs, and where
 * @example
 * await verifyOperator(() => new Sessions(), {
 *   keyBy: 'user',
 *   steps: [{ element: { user: 'a', at: 1000 }, timestamp: 1000 }, { watermark: 9000 }],
 *   expected: [{ user: 'a', clicks: 1 }],
 * });
 */
export async function verifyOperator<A, B, R, K, D extends MixedDeclarations = Record<never, never>>(
  fn: MadeOr<KeyedBroadcastProcessFunction<K, A, B, R, D>>,
  verification: Verification<R, A, B> & KeyedBy<KeyOf<A>>,
): Promise<void>;
export async function verifyOperator<A, B, R, K, D extends StateDeclarations = Record<never, never>>(
  fn: MadeOr<KeyedCoProcessFunction<K, A, B, R, D>>,
  verification: Verification<R, A, B> & KeyedBy<readonly [KeyOf<A>, KeyOf<B>]>,
): Promise<void>;
export async function verifyOperator<A, B, R, D extends OperatorStateDeclarations = Record<never, never>>(
  fn: MadeOr<BroadcastProcessFunction<A, B, R, D>>,
  verification: Verification<R, A, B>,
): Promise<void>;
export async function verifyOperator<A, B, R>(fn: MadeOr<CoProcessFunction<A, B, R>>, verification: Verification<R, A, B>): Promise<void>;
export async function verifyOperator<T, A, R>(
  fn: MadeOr<AggregateFunction<T, A, R>>,
  verification: Verification<R, T> & KeyedBy<KeyOf<T>>,
): Promise<void>;
export async function verifyOperator<T, R, K, D extends StateDeclarations = Record<never, never>>(
  fn: MadeOr<KeyedProcessFunction<K, T, R, D>>,
  verification: Verification<R, T> & KeyedBy<KeyOf<T>>,
): Promise<void>;
export async function verifyOperator<T, R>(fn: MadeOr<ProcessFunction<T, R>>, verification: Verification<R, T>): Promise<void>;
export async function verifyOperator<A, R>(
  build: (stream: DataStream<A>) => DataStream<R>,
  verification: Verification<R, A>,
): Promise<void>;
export async function verifyOperator<A, B, R>(
  build: (first: DataStream<A>, second: DataStream<B>) => DataStream<R>,
  verification: Verification<R, A, B>,
): Promise<void>;
export async function verifyOperator(subject: unknown, given: object): Promise<void> {
  const verification = checkOptions<AnyVerification>(given as AnyVerification, verificationRules, 'verifyOperator');
  const reference = await run(subject, verification, straight);
  const { expected, anyOrder = false } = verification;
  if (expected !== undefined) compareRows(reference, expected, anyOrder);
  for (const way of otherWays) compare(await run(subject, verification, way), reference, { way, anyOrder });
}

async function run(subject: unknown, verification: AnyVerification, way: Way): Promise<Outcome> {
  const verified = new Run(subject, verification, way);
  try {
    return await verified.run();
  } catch (error) {
    throw new Error(`verifyOperator: ${nameOf(way)}: ${thrownText(error)}`, { cause: error });
  }
}

/** One run of the operator: over one harness, or one after the other. */
class Run {
  readonly #subject: unknown;
  readonly #options: HarnessRules;
  readonly #way: Way;
  readonly #steps: readonly HarnessStep<unknown, unknown>[];
  readonly #tags: readonly OutputTag<unknown>[];
  readonly #collected: { main: HarnessElement<unknown>[]; sides: Record<string, HarnessElement<unknown>[]> } = { main: [], sides: {} };
  #harness: AnyHarness;

  constructor(subject: unknown, { steps, expected: _, anyOrder: __, ...options }: AnyVerification, way: Way) {
    this.#subject = subject;
    this.#steps = steps;
    this.#options = { ...options, slowOutput: way.slowOutput };
    this.#way = way;
    this.#tags = options.sideOutputs ?? [];
    this.#harness = this.#create({});
  }

  #create(options: HarnessRules): AnyHarness {
    return new OperatorHarness(this.#subject, { ...this.#options, ...options }, 'verifyOperator');
  }

  async run(): Promise<Outcome> {
    for (const [i, group] of groupsOf(this.#steps, this.#way.batch).entries()) {
      if (i > 0) this.#restore(group);
      apply(this.#harness, group);
      if (this.#harness.outstanding) await this.#harness.settle();
    }
    this.#restore(undefined);
    await this.#harness.end();
    this.#collect();
    const { main, sides } = this.#collected;
    return { 'the output': main, ...sides };
  }

  /** A fresh instance goes on. It hears the watermarks again, as from the sources of a job that goes on. */
  #restore(next: Group | undefined): void {
    if (this.#way.restores === undefined) return;
    const before = this.#harness;
    const now = before.clock.now();
    const inputs = before.inputs.map(({ watermark, idle }) => ({ watermark, idle }));
    this.#collect();
    const restore = this.#way.restores === 'snapshot' ? before.snapshot() : checkpointOf(before, next);
    before.close();
    this.#harness = this.#create({ restore, now });
    for (const [i, { watermark, idle }] of inputs.entries()) {
      const input = this.#harness.inputs[i] as HarnessInput<unknown>;
      if (watermark > Number.NEGATIVE_INFINITY) input.processWatermark(watermark);
      input.setIdle(idle);
    }
  }

  /** Takes what came out; watermarks that are said again are no news. */
  #collect(): void {
    const { main, sides } = this.#collected;
    append(main, this.#harness.elements);
    for (const tag of this.#tags) {
      const name = `the side output '${tag.id}'`;
      sides[name] ??= [];
      append(sides[name], this.#harness.sideRecords(tag));
    }
  }
}

/** What a harness holds, taken while it goes on: nothing of what the next step changes may be in it. */
function checkpointOf(harness: AnyHarness, next: Group | undefined): HarnessSnapshot {
  const pending = harness.beginCheckpoint();
  try {
    if (next !== undefined) apply(harness, next);
  } catch {
    // The instance that takes the step again says it.
  }
  return pending.finish();
}

function append(to: HarnessElement<unknown>[], elements: Elements): void {
  let watermark = Math.max(...to.map((element) => (isRecord(element) ? Number.NEGATIVE_INFINITY : element.watermark)));
  for (const element of elements) {
    if (isRecord(element)) to.push(element);
    else if (element.watermark > watermark) {
      watermark = element.watermark;
      to.push(element);
    }
  }
}

type ElementStep = Extract<HarnessStep<unknown, unknown>, { readonly element: unknown }>;
type Group = readonly ElementStep[] | HarnessStep<unknown, unknown>;

/** Puts records of one input that follow each other into batches. */
function groupsOf(steps: readonly HarnessStep<unknown, unknown>[], batch: number): Group[] {
  const groups: (ElementStep[] | HarnessStep<unknown, unknown>)[] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (!isElement(step)) groups.push(step);
    else if (Array.isArray(last) && last.length < batch && isSecond(last[0] as ElementStep) === isSecond(step)) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

function isElement(step: HarnessStep<unknown, unknown>): step is ElementStep {
  if (typeof step === 'object' && step !== null && ['element', 'watermark', 'idle', 'processingTime'].some((name) => name in step))
    return 'element' in step;
  throw unexpected('verifyOperator: a step', '{ element }, { watermark }, { idle } or { processingTime }', step);
}

function isSecond({ on }: { readonly on?: 'first' | 'second' }): boolean {
  return on === 'second';
}

function apply(harness: AnyHarness, group: Group): void {
  if (Array.isArray(group)) {
    const [first] = group as readonly ElementStep[];
    const input: HarnessInput<unknown> = isSecond(first as ElementStep) ? harness.second : harness.first;
    input.processElements(
      (group as readonly ElementStep[]).map(({ element, timestamp }): TimedValue<unknown> => ({ value: element, timestamp })),
    );
    return;
  }
  const step = group as HarnessStep<unknown, unknown>;
  if ('processingTime' in step) harness.setProcessingTime(step.processingTime);
  else {
    const inputs = step.on === undefined ? harness.inputs : [isSecond(step) ? harness.second : harness.first];
    for (const input of inputs) {
      if ('watermark' in step) input.processWatermark(step.watermark);
      if ('idle' in step) input.setIdle(step.idle);
    }
  }
}

function compareRows(outcome: Outcome, expected: readonly unknown[], anyOrder: boolean): void {
  const rows = (outcome['the output'] ?? []).filter(isRecord).map(({ value }) => value);
  const [actual, wanted] = anyOrder ? [sorted(rows), sorted(expected)] : [rows, expected];
  if (!isDeepStrictEqual(actual, wanted)) throw differs('the output is not what is expected', actual, wanted);
}

function compare(outcome: Outcome, reference: Outcome, { way, anyOrder }: { readonly way: Way; readonly anyOrder: boolean }): void {
  const comparable = (elements: Elements): Elements => {
    // Where rows may come in any order, they may be on either side of a watermark that concerns none of them.
    if (anyOrder) return sorted(elements.filter(isRecord)) as Elements;
    // What an instance holds tells no order of keys.
    return way.restores === undefined ? elements : sortedBetweenWatermarks(elements);
  };
  for (const [name, elements] of Object.entries(reference)) {
    const actual = outcome[name] ?? [];
    const [found, wanted] = [comparable(actual), comparable(elements)];
    if (isDeepStrictEqual(found, wanted)) continue;
    const [shown, expected] = anyOrder ? [found, wanted] : [actual, elements];
    throw differs(`${nameOf(way)}: ${name} differs from that of ${nameOf(straight)}`, shown, expected);
  }
}

function sortedBetweenWatermarks(elements: Elements): Elements {
  const stretches: HarnessElement<unknown>[][] = [[]];
  for (const element of elements) {
    if (isRecord(element)) stretches.at(-1)?.push(element);
    else stretches.push([element], []);
  }
  return stretches.flatMap((stretch) => sorted(stretch) as Elements);
}

/** In some order that is the same for the same values. */
function sorted(values: readonly unknown[]): unknown[] {
  return [...values].sort((a, b) => (inspect(a) < inspect(b) ? -1 : 1));
}

function differs(what: string, actual: readonly unknown[], expected: readonly unknown[]): VerificationError {
  const place = Array.from({ length: Math.max(actual.length, expected.length) }).findIndex(
    (_, i) => !isDeepStrictEqual(actual[i], expected[i]),
  );
  const show = (values: readonly unknown[]): string =>
    place < values.length ? inspect(values[place], { depth: 6, breakLength: Number.POSITIVE_INFINITY }) : 'nothing';
  return new VerificationError(
    `verifyOperator: ${what}\n  at ${place}, expected: ${show(expected)}\n  at ${place}, actual:   ${show(actual)}`,
    { actual, expected },
  );
}
