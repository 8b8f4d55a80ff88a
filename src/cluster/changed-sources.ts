/** Sources that read something else than when a checkpoint was taken: its positions are of what they read then. Pure. */

import type { CheckpointManifest } from '../checkpoint/manifest.ts';
import type { StateDifference } from '../checkpoint/restore-match.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { stateIds } from '../graph/state-ids.ts';
import { isSourceOperator } from '../operators/source.ts';

/** What a line of the job's graph says of a source. Lines of earlier versions have no `title`. */
interface SourceLine {
  readonly kind: 'source';
  readonly uid?: string;
  readonly title?: string;
  readonly details?: unknown;
}

export function changedSources({ operators, graph }: CheckpointManifest, plan: PhysicalPlan): StateDifference[] {
  const lines = sourcesOf(graph);
  const ids = stateIds(plan.job);
  const holding = new Set(operators.filter(({ splits = [] }) => splits.length > 0).map(({ stateId }) => stateId));
  return plan.job.stages
    .flatMap((stage) => stage.operators)
    .flatMap(({ id, name, spec }): StateDifference[] => {
      const stateId = ids.get(id) as string;
      const was = lines.get(stateId);
      if (!isSourceOperator(spec) || was?.title === undefined || !holding.has(stateId)) return [];
      const change = changeOf({ title: was.title, details: was.details }, spec);
      if (change === undefined) return [];
      const text = `'${name}' (${stateId}) ${change}: it goes on with what was left of that, whatever else there is to read now`;
      return [{ kind: 'other-source', stateId, fatal: false, text }];
    });
}

interface SourceFacts {
  readonly title: string;
  readonly details?: unknown;
}

function changeOf(was: SourceFacts, is: SourceFacts): string | undefined {
  if (was.title !== is.title) return `reads '${is.title}' now, and read '${was.title}' then`;
  const [before, now] = [was.details, is.details].map((details) => textsOf(details));
  const names = Object.keys({ ...before, ...now }).filter((name) => !unimportant.has(name) && before?.[name] !== now?.[name]);
  if (names.length === 0) return undefined;
  return `was told other options then: ${names.map((name) => `${name} is ${now?.[name] ?? 'not given'}, and was ${before?.[name] ?? 'not given'}`).join('; ')}`;
}

/** How fast it reads, and not what. */
const unimportant: ReadonlySet<string> = new Set(['ratePerSecond']);

function textsOf(details: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(Object(details)).map(([name, value]) => [name, JSON.stringify(value)]));
}

/** By the id of their state. */
function sourcesOf(graph: readonly string[]): ReadonlyMap<string, SourceLine> {
  const lines = graph.flatMap((line): SourceLine[] => {
    const parsed = parsedLine(line);
    return parsed?.kind === 'source' ? [parsed as SourceLine] : [];
  });
  const taken = new Set(lines.map(({ uid }) => uid));
  let count = 0;
  return new Map(
    lines.map((line) => {
      if (line.uid !== undefined) return [line.uid, line];
      do count++;
      while (taken.has(`source-${count}`));
      return [`source-${count}`, line];
    }),
  );
}

/** Undefined for a line that is none of a graph. */
function parsedLine(line: string): { readonly kind?: unknown } | undefined {
  try {
    return Object(JSON.parse(line)) as { readonly kind?: unknown };
  } catch {
    return undefined;
  }
}
