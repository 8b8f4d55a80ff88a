/** Hands out the splits of a job's sources to the readers that ask for them, each split once. */

import type { PhysicalPlan } from '../graph/physical.ts';
import type { SourceContext, Split } from '../graph/source.ts';
import { isSourceOperator } from '../operators/source.ts';
import { sourceFailure } from '../runtime/source-input.ts';

export class SplitAssigner {
  /** By stage; taken from the front. */
  readonly #splits: ReadonlyMap<number, Split[]>;
  /** By stage: the ids of all splits, in the order in which they are handed out. */
  readonly #order: ReadonlyMap<number, ReadonlyMap<string, number>>;
  /** Bytes of the whole input; undefined when a source does not know. */
  readonly inputBytes: number | undefined;

  private constructor(splits: ReadonlyMap<number, Split[]>, inputBytes: number | undefined) {
    this.#splits = splits;
    this.#order = new Map(Array.from(splits, ([stage, all]) => [stage, new Map(all.map(({ id }, place) => [id, place]))]));
    this.inputBytes = inputBytes;
  }

  /**
   * Finds all splits.
   *
   * @param left by stage: the splits that a job which goes on has not read to their end, instead of those that would be found
   * @throws MillraceError SOURCE_FAILED for input that is not there
   */
  static async enumerate(
    plan: PhysicalPlan,
    context: Omit<SourceContext, 'parallelism'>,
    left: ReadonlyMap<number, readonly unknown[]> = new Map(),
  ): Promise<SplitAssigner> {
    const splits = new Map<number, Split[]>();
    let inputBytes: number | undefined = 0;
    for (const stage of plan.job.stages) {
      const head = stage.operators[0];
      if (head === undefined || !isSourceOperator(head.spec)) continue;
      const { source } = head.spec;
      try {
        const { parallelism } = stage;
        const interrupted = left.get(stage.id) as readonly never[] | undefined;
        const found =
          interrupted === undefined
            ? await source.enumerate({ ...context, parallelism })
            : (source.divideAgain?.(interrupted, parallelism) ?? interrupted);
        splits.set(stage.id, [...found]);
        const bytes = source.totalBytes?.(found as never);
        inputBytes = bytes === undefined || inputBytes === undefined ? undefined : inputBytes + bytes;
      } catch (error) {
        throw sourceFailure(head.name, error);
      }
    }
    return new SplitAssigner(splits, splits.size === 0 ? undefined : inputBytes);
  }

  /** The splits of a stage that no reader has been given. */
  unassigned(stage: number): readonly Split[] {
    return [...(this.#splits.get(stage) ?? [])];
  }

  /**
   * Splits of a stage in the order in which they are handed out. What goes on with fewer readers so reads them in that order: of files
   * that are in the order of time, no record is late that would not have been.
   */
  inOrder(stage: number, splits: readonly Split[]): readonly Split[] {
    const order = this.#order.get(stage);
    const placeOf = ({ id }: Split): number => order?.get(id) ?? Number.MAX_SAFE_INTEGER;
    return [...splits].sort((a, b) => placeOf(a) - placeOf(b));
  }

  /** The next split of a stage, or undefined when there is none left. */
  next(stage: number): Split | undefined {
    return this.#splits.get(stage)?.shift();
  }
}
