/** The suite under test: its modules are JavaScript, and here are the types that tests need. */

import type { DataStream, Sink, Source } from 'millrace';

/** A row of a query: times are milliseconds since 1970. */
export type Row = Readonly<Record<string, string | number | null>>;

export type NexmarkEvent = Readonly<Record<string, string | number>>;

export interface Workload {
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly seed: number;
  readonly startTime: number;
}

export interface Query {
  readonly name: string;
  readonly emits: 'rows' | 'updates';
  readonly upsertKey?: readonly string[];
  /** False where rows depend on the clock of the machine. */
  readonly repeats?: boolean;
  readonly sink?: (directory: string) => Sink<Row>;
  build(events: DataStream<NexmarkEvent>, context: { readonly sideInput: string }): DataStream<Row>;
}

function load<M>(file: string): Promise<M> {
  return import(new URL(`../../benchmarks/nexmark/${file}`, import.meta.url).href) as Promise<M>;
}

export const { nexmark } = await load<{ nexmark: (workload: Workload) => Source<NexmarkEvent> }>('source.mjs');
export const { loadQuery, queryNames } = await load<{ loadQuery: (name: string) => Promise<Query>; queryNames: readonly string[] }>(
  'queries.mjs',
);
export const { sideInputFile } = await load<{ sideInputFile: () => string }>('side-input.mjs');
