/**
 * A flat map that does nothing but split strings: where these are bytes, generated code splits the bytes, and the pieces go
 * on as a column. Nothing of it becomes a JavaScript string before somebody asks.
 */

import { createSplitter } from '../batch/kernel-splitter.ts';
import { analyseClosure } from '../compiler/closure-analysis.ts';
import type { SeparatorSource } from '../compiler/closure-intrinsic.ts';
import { splitsNatively } from '../compiler/natives.ts';
import type { Emit, OperatorCode } from '../compiler/operator.ts';
import type { Field, FieldColumn, Row } from '../compiler/row.ts';
import type { UserFunction } from '../graph/logical.ts';
import { isSplitWords, wordSeparator } from './split-words.ts';

/** What the function splits at, when splitting is all it does. */
export function separatorOf(fn: UserFunction): SeparatorSource | undefined {
  if (isSplitWords(fn)) return wordSeparator;
  const { intrinsic } = analyseClosure(fn);
  return intrinsic?.kind === 'split' ? intrinsic.separator : undefined;
}

export function canSplit({ kind }: SeparatorSource): boolean {
  return splitsNatively(kind);
}

/** The column of a row that can be split as bytes. */
export function splitColumn(row: Row): FieldColumn | undefined {
  const column = row.form === 'scalar' && row.timestamp === undefined ? row.fields[0]?.column : undefined;
  return column?.latin1 === true ? column : undefined;
}

export interface SplitRows {
  readonly column: FieldColumn;
  /** Expressions of the first row and of the row behind the last. */
  readonly from: string;
  readonly to: string;
}

/** Writes the code that splits rows of a column and emits the pieces, a chunk of them at a time. */
export function generateSplit(code: OperatorCode, separator: SeparatorSource, { column, from, to }: SplitRows, emit: Emit): void {
  const splitter = createSplitter(separator.kind === 'text' ? separator : { ...separator, holds: matcher(separator) });
  const name = code.names.constant('splitter', splitter);
  const pieces = code.names.constant('pieces', splitter.column);
  const hashes = code.names.constant('pieceHashes', splitter.hashes);
  const stops = code.part.kind === 'batch' && code.part.stop !== undefined;
  const part = stops
    ? ({ kind: 'chunk', first: `${name}.first`, stop: `return ${name}.stop(i)` } as const)
    : ({ kind: 'row', first: '0', stop: undefined } as const);
  code.body.line(`${stops ? `if (!${name}.stopped) ` : ''}${name}.begin(${column.use()}, ${from}, ${to});`);
  code.body.block(`while (${name}.next())`, () => {
    code.body.line(`const rows = ${name}.rows;`);
    const field: Field = {
      name: '',
      kind: 'string',
      nullable: false,
      read: () => `${pieces}.${code.retains ? 'detached' : 'at'}(i, rows)`,
      column: { use: () => pieces, row: 'i', rows: 'rows', latin1: splitter.keepsBytes, hashes },
    };
    emit.batch({ form: 'scalar', fields: [field], value: undefined, timestamp: undefined, key: undefined }, part);
  });
}

function matcher({ source, flags }: SeparatorSource & { readonly kind: 'class' }): (character: string) => boolean {
  const pattern = new RegExp(`^(?:${source})$`, flags);
  return (character) => pattern.test(character);
}
