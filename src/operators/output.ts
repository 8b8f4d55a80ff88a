/** A function in generated code through which an operator hands on records from several places. */

import type { OperatorCode } from '../compiler/operator.ts';
import type { Row } from '../compiler/row.ts';

export interface HoistedOutput {
  /** The function: takes one record. */
  readonly name: string;
  /** The function for users: throws when it is called after the call that it was given to has returned. */
  guarded(): string;
  /** Writes what comes before the call of the user's function. */
  begin(): void;
  /** Writes what comes behind it. */
  end(): void;
}

/** Writes `write(item, timestamp)` as a function outside of the loop; the output records carry the input row's time. */
export function hoistOutput(code: OperatorCode, row: Row, write: (item: string, timestamp: string | undefined) => void): HoistedOutput {
  const { names } = code;
  const name = names.fresh('output');
  const timestamp = row.timestamp === undefined ? undefined : names.fresh('time');
  code.hoist(() => {
    if (timestamp !== undefined) code.body.line(`let ${timestamp} = 0;`);
    code.body.block(`const ${name} = (item) =>`, () => write('item', timestamp), '};');
  });
  let open: string | undefined;
  return {
    name,
    guarded() {
      const flag = names.fresh('open');
      const guarded = names.fresh('emit');
      const late = names.constant('emittedLate', emittedLate);
      code.hoist(() => {
        code.body.line(`let ${flag} = false;`);
        code.body.line(`const ${guarded} = (item) => { if (!${flag}) ${late}(); ${name}(item); };`);
      });
      open = flag;
      code.body.line(`${flag} = true;`);
      return guarded;
    },
    begin() {
      if (timestamp !== undefined) code.body.line(`${timestamp} = ${row.timestamp};`);
    },
    end() {
      if (open !== undefined) code.body.line(`${open} = false;`);
    },
  };
}

function emittedLate(): never {
  throw new Error('emit was called after the function had returned; records can be emitted only during the call');
}
