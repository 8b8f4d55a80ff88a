/** What a reader of files hands to whatever reads one of them. */

import type { SourceReaderContext } from '../../graph/source.ts';
import type { Parsing, ParsingOptions } from '../lines/parsing.ts';
import type { FileRecordsOptions } from './file-records.ts';
import { RecordStartFinder } from './record-starts.ts';

export function fileRecordsOptions(context: SourceReaderContext, parsing: Parsing, { encoding }: ParsingOptions): FileRecordsOptions {
  const { system, limits } = context;
  const { parser } = parsing;
  const byteOrderMark = encoding !== 'latin1';
  return {
    storage: system.storage,
    limits,
    parser,
    byteOrderMark,
    starts: new RecordStartFinder({ parser, byteOrderMark, limits }),
    wake: () => context.wake(),
    warn: (message) => context.warn(message),
    hasAside: () => parsing.hasAside,
  };
}
