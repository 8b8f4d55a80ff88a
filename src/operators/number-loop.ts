/**
 * One loop over the rows of a batch for all aggregators that take a number of each: the slot and the number are read once, and what is kept of
 * a slot in several arrays is looked up side by side.
 */

import type { OperatorCode } from '../compiler/operator.ts';
import { type Row, wholeRecord } from '../compiler/row.ts';
import type { AggregatorState, RowNames } from './aggregators/aggregator.ts';

type LoopCode = Pick<OperatorCode, 'body' | 'names' | 'failure'>;

interface Step {
  readonly state: AggregatorState;
  /** The expression of the array of the numbers; undefined for an aggregator that sees none. */
  readonly numbers: string | undefined;
  /** Prints what is done with the number of a row. */
  readonly print: (names: RowNames) => string;
}

export class NumberLoop {
  readonly #steps: Step[] = [];

  add(step: Step): void {
    this.#steps.push(step);
  }

  /** Writes the loop; what goes wrong in it is a failure at the record of `row`. @param slotCount expression of a number that all slots are below */
  write(code: LoopCode, row: Row, { slots, slotCount }: { readonly slots: string; readonly slotCount: string }): void {
    if (this.#steps.length === 0) return;
    const { body, names } = code;
    const stateNames = this.#steps.map(({ state }) => declareArrays(code, state, slotCount));
    const loop = (): void => {
      const slot = names.fresh('slot');
      body.line(`const ${slot} = ${slots}[i];`);
      const values = this.#declareValues(code);
      for (const [i, { numbers, print }] of this.#steps.entries()) {
        const value = values.get(numbers) ?? 'undefined';
        body.line(print({ ...stateNames[i], slot, value }));
      }
    };
    body.line('{');
    body.line('let i = 0;');
    body.block('try', () => body.block('for (; i < rows; i++)', loop));
    body.line(`catch (error) { throw ${code.failure('error', wholeRecord(row))}; }`);
    body.line('}');
  }

  /** The locals that hold the numbers of a row, by the array that they are from. */
  #declareValues({ body, names }: LoopCode): ReadonlyMap<string | undefined, string> {
    const values = new Map<string | undefined, string>();
    for (const { numbers } of this.#steps) {
      if (numbers === undefined || values.has(numbers)) continue;
      const value = names.fresh('value');
      body.line(`const ${value} = ${numbers}[i];`);
      values.set(numbers, value);
    }
    return values;
  }
}

/** What a state and its arrays are called in the code. */
function declareArrays({ body, names }: LoopCode, state: AggregatorState, slotCount: string): RowNames {
  const name = names.constant('state', state);
  const arrays = Object.keys(state.arrays?.(0) ?? {}).map((array) => [array, names.fresh(array)] as const);
  const declared = arrays.map(([array, local]) => `${array}: ${local}`).join(', ');
  body.line(`const { ${declared} } = ${name}.arrays(${slotCount});`);
  return { ...Object.fromEntries(arrays), state: name };
}
