/**
 * Output in a checkpoint that no sink of the job goes on with. That of a file sink can be committed without it; what the transactions of
 * other sinks are, only they know. The host's thread.
 */

import { inspect } from 'node:util';
import type { Storage } from '../base/system.ts';
import type { StateStorage } from '../checkpoint/checkpoint-storage.ts';
import type { OperatorManifest } from '../checkpoint/manifest.ts';
import type { LeftOutput } from '../checkpoint/restore-match.ts';
import { commitLeftParts, type LeftParts, leftParts } from '../connectors/files/left-parts.ts';
import { dealStored } from '../operators/prepared-transactions.ts';
import { decodePart } from '../runtime/decode-part.ts';

/** Where state is read, and where files are. */
export interface OutputPlace {
  readonly state: StateStorage;
  readonly files: Storage;
}

/** Names that are told one by one. */
const namesMax = 5;

/** What a sink held that nobody sees yet. @throws MillraceError CHECKPOINT_CORRUPT */
export function leftOutput(sink: OperatorManifest, place: OutputPlace): LeftOutput {
  const { transactions, states } = storedOutput(sink, place.state);
  const files = leftParts(place.files, states, transactions);
  if (files !== undefined) return filesText(files);
  const names = transactions.map((each) => inspect(each, { breakLength: Number.POSITIVE_INFINITY }));
  const text = names.length === 0 ? 'what its writers hold' : `${names.length} prepared transactions: ${listed(names)}`;
  return { isEmpty: false, isCommitted: false, text };
}

function filesText({ directory, parts }: LeftParts): LeftOutput {
  const bytes = parts.reduce((sum, part) => sum + (part.bytes ?? 0), 0);
  const names = listed(parts.map(({ path, bytes }) => (bytes === undefined ? path : `${path} (${bytes} bytes)`)));
  return {
    isEmpty: parts.length === 0,
    isCommitted: true,
    text: `${parts.length} hidden files (.….inprogress) of ${bytes} bytes in '${directory}': ${names}`,
  };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, namesMax).join(', ');
  return names.length > namesMax ? `${shown} and ${names.length - namesMax} more` : shown;
}

/** Commits what can be committed of it. Idempotent. @throws MillraceError SINK_FAILED, SINK_CORRUPT, CHECKPOINT_CORRUPT */
export async function commitLeftOutput(sink: OperatorManifest, place: OutputPlace): Promise<void> {
  const { transactions, states } = storedOutput(sink, place.state);
  const files = leftParts(place.files, states, transactions);
  if (files !== undefined) await commitLeftParts(place.files, files);
}

function storedOutput({ subtasks }: OperatorManifest, state: StateStorage) {
  const itemsOf = (name: string): unknown[] =>
    subtasks.flatMap(({ parts }) => {
      const part = parts[name];
      return part === undefined ? [] : decodePart(state, { items: part.items, from: 0, to: part.count });
    });
  const { transactions, restored } = dealStored(
    { transactions: itemsOf('transactions'), writers: itemsOf('writers') },
    { subtask: 0, parallelism: 1 },
  );
  return { transactions, states: restored.states };
}
