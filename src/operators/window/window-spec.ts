/** What a windowed stream says of its windows, before a function is chosen: immutable data, one for all subtasks. */

import { MillraceError } from '../../base/errors.ts';
import { unexpected } from '../../base/options.ts';
import type { UserFunction } from '../../graph/logical.ts';
import type { SessionWindows } from '../../time/windows/assigners/session-windows.ts';
import type { Evictor } from '../../time/windows/evictor.ts';
import type { Trigger } from '../../time/windows/trigger.ts';
import type { Window } from '../../time/windows/window.ts';
import type { WindowAssigner } from '../../time/windows/window-assigner.ts';

export interface WindowSpec {
  readonly assigner: WindowAssigner<never, Window>;
  /** Undefined for the assigner's own. */
  readonly trigger: Trigger<never, Window> | undefined;
  readonly evictor: Evictor<never, Window> | undefined;
  /** How long a window of event time stays behind the watermark that ends it. */
  readonly allowedLatenessMs: number;
  /** The id of the side output that late records go to; undefined where they are counted and warned of. */
  readonly lateTag: string | undefined;
  /** False behind `windowAll`: all records have the same key, and rows have none. */
  readonly keyed: boolean;
}

/** What is plain data of the windows, for the plan and its hash. */
export function describeWindows(spec: WindowSpec): Readonly<Record<string, unknown>> {
  const { assigner, trigger, evictor, allowedLatenessMs, lateTag, keyed } = spec;
  return {
    windows: plainPartOf(assigner),
    trigger: plainPartOf(trigger ?? assigner.defaultTrigger()),
    evictor: plainPartOf(evictor),
    allowedLatenessMs,
    late: lateTag,
    keyed,
  };
}

/** The functions of an author's own assigner, trigger and evictor. */
export function windowFunctions({ assigner, trigger, evictor }: WindowSpec): Readonly<Record<string, UserFunction>> {
  return { ...ownFunctions(assigner), ...ownFunctions(trigger), ...ownFunctions(evictor) };
}

/** Triggers that know of their records only that they have come. */
const countingTriggers: readonly string[] = [
  'event-time',
  'processing-time',
  'continuous-event-time',
  'continuous-processing-time',
  'count',
  'end-of-stream',
  'never',
];

/** Whether nobody looks at the records of windows but what they are computed by. Late ones that go to a side output are looked at there. */
export function looksAtNoRecord({ assigner, trigger, evictor, lateTag }: WindowSpec): boolean {
  return evictor === undefined && lateTag === undefined && assignsByTime(assigner) && (trigger === undefined || isCounting(trigger));
}

function assignsByTime(assigner: WindowSpec['assigner']): boolean {
  if (!('kind' in assigner)) return false;
  return assigner.kind !== 'session' || (assigner as unknown as SessionWindows<unknown>).gapMs !== undefined;
}

function isCounting({ kind, nested }: { readonly kind?: string; readonly nested?: Trigger<never, Window> }): boolean {
  if (kind === undefined) return false;
  return nested === undefined ? countingTriggers.includes(kind) : isCounting(nested);
}

/** What is built in has a kind. */
function ownFunctions(part: object | undefined): Record<string, UserFunction> {
  if (part === undefined || 'kind' in part) return {};
  return Object.fromEntries(Object.entries(part).filter(([, value]) => typeof value === 'function')) as Record<string, UserFunction>;
}

/** A trigger may have another one in it. */
function plainPartOf(part: unknown): unknown {
  if (typeof part === 'function') return undefined;
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(([name, value]) => [name, plainPartOf(value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** @param of the method that it was given to */
export function checkAssigner<A>(assigner: A, of: string): A {
  const { assignWindows, defaultTrigger, isEventTime } = (assigner ?? {}) as Partial<WindowAssigner<never, Window>>;
  if (typeof assignWindows !== 'function' || typeof defaultTrigger !== 'function' || typeof isEventTime !== 'boolean')
    throw unexpected(of, "an assigner of windows, such as eventTime.tumbling('1m')", assigner);
  return assigner;
}

export function checkTrigger(trigger: unknown): Trigger<never, Window> {
  const methods = ['onElement', 'onEventTime', 'onProcessingTime'] as const;
  const given = (trigger ?? {}) as Partial<Trigger<never, Window>>;
  if (!methods.every((method) => typeof given[method] === 'function'))
    throw unexpected('trigger', 'a trigger, such as triggers.count(100), with onElement, onEventTime and onProcessingTime', trigger);
  return trigger as Trigger<never, Window>;
}

export function checkEvictor(evictor: unknown): Evictor<never, Window> {
  const { evictBefore, evictAfter } = (evictor ?? {}) as Partial<Evictor<never, Window>>;
  if (typeof evictBefore !== 'function' && typeof evictAfter !== 'function')
    throw unexpected('evictor', 'an evictor, such as evictors.count(100), with evictBefore or evictAfter', evictor);
  return evictor as Evictor<never, Window>;
}

/** @throws MillraceError INVALID_OPTION where windows merge and their triggers cannot */
export function checkMerging({ assigner, trigger = assigner.defaultTrigger() }: WindowSpec): void {
  if (assigner.mergeWindows === undefined || trigger.onMerge !== undefined) return;
  throw new MillraceError(
    'INVALID_OPTION',
    `trigger: the ${trigger.kind ?? 'given'} trigger cannot be used with windows that merge, such as sessions: it has no onMerge`,
  );
}
