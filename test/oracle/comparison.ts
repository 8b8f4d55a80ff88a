/** Runs a plan on the engine and on the interpreter, and compares what arrived at the sinks. */

import { canonical, shortened } from './canonical.ts';
import { runOnEngine } from './engine.ts';
import { type Item, interpret } from './interpreter.ts';
import { type Plan, planText } from './plan.ts';

/** How long one small job may take before it counts as hung. The machine may be busy. */
const hungMs = 60_000;

/** @throws Error that shows the plan and the first difference */
export async function expectSame(plan: Plan, seed = 1): Promise<void> {
  const expected = interpret(plan);
  const problem = await difference(plan, expected, seed);
  if (problem !== undefined) throw new Error(`${problem}\n\n${planText(plan)}`);
}

async function difference(plan: Plan, expected: ReadonlyMap<number, readonly Item[]>, seed: number): Promise<string | undefined> {
  let actual: Map<number, unknown[]>;
  try {
    actual = await inTime(runOnEngine(plan, seed));
  } catch (error) {
    return `the engine failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  for (const [sink, items] of expected) {
    const problem = rowsDifference(items, actual.get(sink) ?? []) ?? orderDifference(items, actual.get(sink) ?? []);
    if (problem !== undefined) return `sink n${sink}: ${problem}`;
  }
  return undefined;
}

async function inTime<R>(result: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the job did not end in ${hungMs} ms`)), hungMs);
  });
  try {
    return await Promise.race([result, hung]);
  } finally {
    clearTimeout(timer);
  }
}

/** Compares the rows without their order. */
function rowsDifference(items: readonly Item[], rows: readonly unknown[]): string | undefined {
  const counts = new Map<string, number>();
  const add = (value: unknown, count: number): void => {
    const text = canonical(value);
    counts.set(text, (counts.get(text) ?? 0) + count);
  };
  for (const { value } of items) add(value, 1);
  for (const row of rows) add(row, -1);
  const missing = [...counts].filter(([, count]) => count > 0).map(countText);
  const extra = [...counts].filter(([, count]) => count < 0).map(countText);
  if (missing.length + extra.length === 0) return undefined;
  return `expected ${items.length} rows, got ${rows.length}\n  missing: ${missing.join('\n           ')}\n  extra:   ${extra.join('\n           ')}`;
}

function countText([text, count]: readonly [string, number]): string {
  return `${Math.abs(count)} × ${shortened(text)}`;
}

/**
 * Compares the order of rows, where it is fixed: of all, and of those of one key as far as the row shows the key. Groups of
 * several lanes have no order.
 */
function orderDifference(items: readonly Item[], rows: readonly unknown[]): string | undefined {
  for (const groupOf of [() => '', shownKey]) {
    const groups = new Map<string, { readonly lanes: Set<string>; readonly texts: string[] }>();
    for (const { value, lane } of items) {
      const group = groupOf(value);
      const { lanes, texts } = groups.get(group) ?? { lanes: new Set(), texts: [] };
      groups.set(group, { lanes: lanes.add(lane), texts });
      texts.push(canonical(value));
    }
    for (const [group, { lanes, texts }] of groups) {
      if (lanes.size !== 1) continue;
      const actual = rows.filter((row) => groupOf(row) === group).map(canonical);
      const at = texts.findIndex((text, i) => text !== actual[i]);
      if (at >= 0)
        return `row ${at}${group === '' ? '' : ` of key ${shortened(group)}`} is ${shortened(actual[at] ?? 'missing')} instead of ${shortened(texts[at] as string)}`;
    }
  }
  return undefined;
}

function shownKey(row: unknown): string {
  if (Array.isArray(row)) return canonical(row[0]);
  if (typeof row !== 'object' || row === null) return typeof row;
  const { key, k } = row as { key?: unknown; k?: unknown };
  return canonical(key ?? k);
}
