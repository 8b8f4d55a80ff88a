/** How the contents of windows are stored: as the plain values that they are, or as the partial results of aggregators. */

import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../../base/operator-error.ts';
import type { ByteSink } from '../../batch/byte-sink.ts';
import type { ByteSource } from '../../batch/byte-source.ts';
import { decodeValue } from '../../batch/value-codec.ts';
import { encodeState } from '../../state/encode-state.ts';

export interface ContentsCodec {
  /** JSON data. */
  readonly schema: unknown;
  /** @param of whose contents they are, for errors */
  write(contents: unknown, sink: ByteSink, of: () => string): void;
  /** What makes contents of those that were written under `schema`. @throws OperatorError STATE_MISMATCH */
  reader(schema: unknown, warn: (message: string) => void): (source: ByteSource) => unknown;
}

/** @param form what the values are, so that they are not taken for others */
export function plainCodec(form: string): ContentsCodec {
  return {
    schema: { form },
    write: (contents, sink, of) => encodeState(sink, contents, of),
    reader: (schema) => {
      checkForm(schema, { form });
      return decodeValue;
    },
  };
}

function checkForm(was: unknown, is: { readonly form: string }): void {
  if (isDeepStrictEqual(was, is)) return;
  const { form = 'something else' } = (was ?? {}) as { readonly form?: string };
  throw new OperatorError(
    'STATE_MISMATCH',
    `its windows were stored as ${form}, and hold ${is.form} now; give the operator another uid, or write it as it was`,
  );
}
