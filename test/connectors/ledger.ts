/** A small transactional store in memory, and a sink for it: what a database with prepared transactions would be. */

import type { RestoredSink, SinkContext, TwoPhaseCommitSink, TwoPhaseCommitWriter } from '../../src/graph/sink.ts';
import type { TransactionalTarget } from '../../src/testing/verify-two-phase-commit.ts';

/** What a writer can forget, to see whether that is found out. */
export type LedgerFault = 'commits twice' | 'loses state' | 'forgets to roll back' | 'commits early';

export class Ledger implements TransactionalTarget<string> {
  readonly rows: string[] = [];
  /** By id. */
  readonly prepared = new Map<string, readonly string[]>();
  readonly #fault: LedgerFault | undefined;

  constructor(fault?: LedgerFault) {
    this.#fault = fault;
  }

  createSink(): TwoPhaseCommitSink<string, string, number> {
    return {
      name: 'ledger',
      createWriter: (context, restored) => new LedgerWriter({ ledger: this, context, restored, fault: this.#fault }),
      commit: async (ids) => {
        for (const id of ids) {
          await Promise.resolve();
          this.commit(id);
        }
      },
    };
  }

  commit(id: string): void {
    const rows = this.prepared.get(id);
    this.rows.push(...(rows ?? []));
    if (this.#fault !== 'commits twice') this.prepared.set(id, []);
  }

  visible(): readonly string[] {
    return this.rows;
  }
}

interface LedgerWriterOptions {
  readonly ledger: Ledger;
  readonly context: SinkContext;
  readonly restored: RestoredSink<string, number> | undefined;
  readonly fault: LedgerFault | undefined;
}

/** Its state is the number of its next transaction: ids are never used again, whoever goes on. */
class LedgerWriter implements TwoPhaseCommitWriter<string, string, number> {
  readonly #options: LedgerWriterOptions;
  #rows: string[] = [];
  #next: number;

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
    const { ledger, context, restored, fault } = options;
    const { subtask, parallelism } = context;
    this.#next = fault === 'loses state' ? 0 : Math.max(0, ...(restored?.everything.states ?? []));
    const needed = new Set(restored?.everything.transactions);
    for (const id of ledger.prepared.keys())
      if (Number(id.split('-')[0]) % parallelism === subtask && !needed.has(id) && fault !== 'forgets to roll back')
        ledger.prepared.set(id, []);
  }

  write(row: string): void {
    this.#rows.push(row);
  }

  prepareCommit(): readonly string[] {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length === 0) return [];
    const { ledger, context, fault } = this.#options;
    const id = `${context.subtask}-${this.#next++}`;
    if ((ledger.prepared.get(id) ?? []).length > 0 && fault !== undefined) ledger.commit(id);
    ledger.prepared.set(id, rows);
    if (fault === 'commits early') ledger.commit(id);
    return [id];
  }

  snapshot(): number {
    return this.#next;
  }
}
