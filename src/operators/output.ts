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
  let failed: string | undefined;
  return {
    name,
    guarded() {
      const flag = names.fresh('open');
      const failure = names.fresh('failed');
      const guarded = names.fresh('emit');
      const late = names.constant('emittedLate', emittedLate);
      code.hoist(() => {
        code.body.line(`let ${flag} = false, ${failure} = null;`);
        code.body.block(
          `const ${guarded} = (item) =>`,
          () => {
            code.body.line(`if (!${flag}) ${late}();`);
            // Remembered: a function that catches what it emits into must not keep the job from failing.
            code.body.line(`try { ${name}(item); } catch (error) { ${failure} = { error }; throw error; }`);
          },
          '};',
        );
      });
      open = flag;
      failed = failure;
      code.body.line(`${flag} = true;`);
      return guarded;
    },
    begin() {
      if (timestamp !== undefined) code.body.line(`${timestamp} = ${row.timestamp};`);
    },
    end() {
      if (open === undefined) return;
      code.body.line(`${open} = false;`);
      code.body.line(`if (${failed} !== null) throw ${failed}.error;`);
    },
  };
}

function emittedLate(): never {
  throw new Error('emit was called after the function had returned; records can be emitted only during the call');
}
