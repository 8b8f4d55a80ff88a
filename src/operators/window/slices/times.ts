/**
 * Columns that generated code makes where there are none, and the slots of a batch.
 *
 * @hotpath
 */

import type { OperatorCode } from '../../../compiler/operator.ts';
import { type Row, wholeRecord } from '../../../compiler/row.ts';
import type { RowSlots } from './row-slots.ts';

/** An array with room for the times of a batch; its memory serves all batches. */
class TimeBuffer {
  #times = new Float64Array(0);

  ofLength(rows: number): Float64Array {
    if (this.#times.length < rows) this.#times = new Float64Array(rows);
    return this.#times;
  }
}

/** The array of the times of a batch, given the expression of a row's time. Where there is none, code is written that fills one. */
export function timesExpression(code: OperatorCode, time: string): string {
  const column = /^([A-Za-z_$][\w$]*)\[i\]$/.exec(time);
  if (column !== null) return column[1] as string;
  const times = code.names.fresh('times');
  code.body.line(`const ${times} = ${code.names.constant('timeBuffer', new TimeBuffer())}.ofLength(rows);`);
  code.body.line(`for (let i = 0; i < rows; i++) ${times}[i] = ${time};`);
  return times;
}

/** The numbers of the keys of a batch where all rows have the same: zeros. */
export class OnlyKeys {
  #keys = new Int32Array(0);

  ofLength(rows: number): Int32Array {
    if (this.#keys.length < rows) this.#keys = new Int32Array(rows);
    return this.#keys;
  }
}

/** The array of the slots of a batch, which a call of `rowSlots` finds. A row without a time is the failure that shows it. */
export function slotsExpression(code: OperatorCode, row: Row, rowSlots: RowSlots, call: string): string {
  const { body, names } = code;
  const finder = names.constant('rowSlots', rowSlots);
  const slots = names.fresh('slots');
  body.line(`let ${slots};`);
  body.line(`try { ${slots} = ${finder}.${call}; }`);
  body.line(`catch (error) { const i = ${finder}.row; throw ${code.failure('error', wholeRecord(row))}; }`);
  return slots;
}
