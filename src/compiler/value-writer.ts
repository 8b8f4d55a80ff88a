/** Writes records that are no generated code's: those that the host feeds into a job. */

import { AssertionError } from '../base/assert.ts';
import { CodeWriter, Names } from '../base/code-writer.ts';
import type { ExchangeWriter } from './exchange-writer.ts';
import { valueRow } from './row.ts';

/** A function that writes a record of any kind into an exchange that is not partitioned by key. */
export function compileValueWriter(writer: ExchangeWriter): (record: unknown) => void {
  const names = new Names();
  const body = new CodeWriter();
  const none = (): never => {
    throw new AssertionError('the host partitions by no key');
  };
  const source = new CodeWriter();
  source.block('return (record) =>', () => {
    const part = { kind: 'row', first: '0', stop: undefined } as const;
    writer.generate(
      { names, body, part, retains: false, eachRow: none, hoist: none, call: none, invalidate: none, failure: none },
      valueRow('record', undefined),
    );
    source.append(body);
  });
  return names.evaluate(source.toString(), 'millrace:host-input.js') as (record: unknown) => void;
}
