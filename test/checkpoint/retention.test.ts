/** What is removed, and that nothing is that somebody needs. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manifestPath, stateName, statePath } from '../../src/checkpoint/layout.ts';
import { planRetention, type RetainedManifest, type RetentionFacts } from '../../src/checkpoint/retention.ts';

const file = (checkpoint: number, part = 'a'): string => statePath(stateName(checkpoint, part));

function entry(id: number, files: readonly number[] | undefined, kind: RetainedManifest['kind'] = 'checkpoint'): RetainedManifest {
  return { id, kind, path: manifestPath({ id, kind }), files: files?.map((checkpoint) => file(checkpoint)) };
}

const quiet = { held: [], busyFrom: Number.POSITIVE_INFINITY };

type Row = readonly [what: string, facts: Partial<RetentionFacts>, manifests: readonly number[], files: readonly number[]];

/** With files of checkpoints 1 to 4. */
const rows: readonly Row[] = [
  ['nothing where there is not too much', { manifests: [entry(4, [4]), entry(3, [1, 2, 3])], retain: 2 }, [], []],
  ['the oldest and what only it needs', { manifests: [entry(4, [4, 2]), entry(3, [3, 2]), entry(1, [1, 2])], retain: 2 }, [1], [1]],
  ['all but the newest', { manifests: [entry(2, [2]), entry(4, [4, 1]), entry(3, [3])], retain: 1 }, [2, 3], [2, 3]],
  ['all, in the end', { manifests: [entry(4, [4, 1]), entry(3, [3])], retain: 0 }, [3, 4], [1, 2, 3, 4]],
  ['what no manifest names', { manifests: [entry(4, [4])], retain: 1 }, [], [1, 2, 3]],
  ['what no manifest names, where there is none', { manifests: [], retain: 1 }, [], [1, 2, 3, 4]],
  ['nothing that checkpoints on their way may name', { manifests: [entry(2, [2])], retain: 1, held: [file(1)], busyFrom: 4 }, [], [3]],
  ['no file of checkpoints on their way', { manifests: [entry(2, [2])], retain: 1, busyFrom: 3 }, [], [1]],
  [
    'nothing for one that may still lose its name',
    { manifests: [entry(4, [4]), entry(3, [3]), entry(2, [2])], retain: 1, busyFrom: 3 },
    [2],
    [1, 2],
  ],
  ['no savepoint', { manifests: [entry(4, [4]), entry(3, [3], 'savepoint'), entry(1, [1])], retain: 1 }, [1], [1, 2]],
  ['no checkpoint for a savepoint', { manifests: [entry(4, [4], 'savepoint'), entry(3, [3]), entry(2, [2])], retain: 2 }, [], [1]],
  ['nothing that one which cannot be read may name', { manifests: [entry(4, [4]), entry(2, undefined)], retain: 2 }, [], [3]],
  [
    'one which cannot be read, when there are enough others',
    { manifests: [entry(4, [4]), entry(2, undefined)], retain: 1 },
    [2],
    [1, 2, 3],
  ],
  ['no newer one which cannot be read', { manifests: [entry(4, undefined), entry(3, [3]), entry(2, [2])], retain: 1 }, [2], []],
  ['nothing of a savepoint which cannot be read', { manifests: [entry(4, [4]), entry(2, undefined, 'savepoint')], retain: 1 }, [], [1, 3]],
];

describe('what is removed', () => {
  test.each(rows)('is %s', (_, facts, manifests, files) => {
    const present = [1, 2, 3, 4].map((checkpoint) => file(checkpoint));
    const decision = planRetention({ manifests: [], retain: 1, present, ...quiet, ...facts });
    expect(decision).toEqual({
      manifests: manifests.map((id) => manifestPath({ id, kind: 'checkpoint' })),
      files: files.map((checkpoint) => file(checkpoint)),
    });
  });

  test('is nothing of which the name does not tell', () => {
    const present = ['state/notes.txt', 'state/1-a.state', 'state/000001-a.state.bak', 'notes'];
    expect(planRetention({ manifests: [], retain: 1, present, ...quiet }).files).toEqual([]);
  });
});

/** A job of two subtasks, as far as files are concerned, with an oracle that knows what each manifest needs. */
class Job {
  readonly files = new Set<string>();
  readonly manifests: RetainedManifest[] = [];
  /** By checkpoint: acknowledgements of subtasks. */
  readonly #pending = new Map<number, (readonly string[] | undefined)[]>();
  readonly #latest: (readonly string[])[] = [[], []];
  /** By subtask: segments that count, and checkpoints that it has still to answer, aborted or not. */
  readonly #segments: string[][] = [[], []];
  readonly #tasks: number[][] = [[], []];
  #last = 0;

  trigger(): void {
    const id = ++this.#last;
    this.#pending.set(id, [undefined, undefined]);
    for (const tasks of this.#tasks) tasks.push(id);
  }

  /** A subtask writes its file, and is heard of later. */
  write(subtask: number): void {
    const [id] = this.#tasks[subtask] as number[];
    if (id !== undefined) this.files.add(file(id, String(subtask)));
  }

  /** A subtask answers the checkpoint that it has had longest: with all that counts, less what has become stale. */
  acknowledge(subtask: number, forgets: number): void {
    const id = (this.#tasks[subtask] as number[]).shift();
    if (id === undefined) return;
    const own = file(id, String(subtask));
    this.files.add(own);
    const segments = (this.#segments[subtask] as string[]).filter((_, i) => (i + forgets) % 3 !== 0);
    segments.push(own);
    this.#segments[subtask] = segments;
    this.#latest[subtask] = [...segments];
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending[subtask] = [...segments];
    if (pending.includes(undefined)) return;
    this.#pending.delete(id);
    this.manifests.push({
      id,
      kind: 'checkpoint',
      path: manifestPath({ id, kind: 'checkpoint' }),
      files: pending.flatMap((each) => each ?? []),
    });
  }

  /** The host gives up waiting. The subtasks may answer nevertheless, and build on what they wrote. */
  abort(): void {
    const [id] = this.#pending.keys();
    if (id !== undefined) this.#pending.delete(id);
  }

  clean(retain: number): void {
    const acknowledged = [...this.#pending.values()].flat().flatMap((files) => files ?? []);
    const { manifests, files } = planRetention({
      manifests: this.manifests,
      retain,
      present: this.files,
      held: [...acknowledged, ...this.#latest.flat()],
      busyFrom: Math.min(...this.#tasks.flat()),
    });
    for (const path of files) this.files.delete(path);
    for (const path of manifests)
      this.manifests.splice(
        this.manifests.findIndex((each) => each.path === path),
        1,
      );
  }

  get missing(): string[] {
    return this.manifests.flatMap(({ files = [] }) => [...files].filter((path) => !this.files.has(path)));
  }

  get needed(): Set<string> {
    return new Set([...this.manifests.flatMap(({ files = [] }) => [...files]), ...this.#latest.flat()]);
  }
}

const steps = fc.oneof(
  { weight: 3, arbitrary: fc.constant((job: Job) => job.trigger()) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(1), fc.nat(2)).map(
      ([subtask, forgets]) =>
        (job: Job) =>
          job.acknowledge(subtask, forgets),
    ),
  },
  { weight: 3, arbitrary: fc.nat(1).map((subtask) => (job: Job) => job.write(subtask)) },
  { weight: 1, arbitrary: fc.constant((job: Job) => job.abort()) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }).map((retain) => (job: Job) => job.clean(retain)) },
);

test('whatever happens, manifests have their files, and in the end nothing else is left', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80 }), (all) => {
      const job = new Job();
      for (const step of all) {
        step(job);
        expect(job.missing).toEqual([]);
        expect(new Set(job.manifests.map(({ id }) => id)).size).toBe(job.manifests.length);
      }
      for (let i = 0; i < 80; i++) for (const subtask of [0, 1]) job.acknowledge(subtask, i);
      job.clean(2);
      expect(job.missing).toEqual([]);
      expect(job.manifests.length).toBeLessThanOrEqual(2);
      expect(job.files).toEqual(job.needed);
    }),
    { numRuns: 500 },
  );
});
