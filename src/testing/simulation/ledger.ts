/**
 * A transactional database outside of all virtual processes: what a job's exactly-once output goes to. A transaction is prepared, and
 * visible once it is committed; to commit it again changes nothing. What was asked for takes its time, and takes place even when
 * whoever asked has died meanwhile. Invariant: what is visible never goes away, but where a backup is put back. The calling thread.
 */

import type { TwoPhaseCommitSink, TwoPhaseCommitWriter } from '../../graph/sink.ts';
import type { VirtualThread, VirtualWorld } from './virtual-world.ts';

export interface LedgerOptions {
  readonly world: VirtualWorld;
  /** On which the database runs. It does not die. */
  readonly outside: VirtualThread;
  /** Called with each row that becomes visible. */
  readonly onVisible: (row: unknown) => void;
  /** Milliseconds that a request takes at most. */
  readonly requestMs: number;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #prepared = new Map<string, readonly unknown[]>();
  #committed = new Set<string>();
  #last = 0;
  /** How often a backup was put back: what was asked for before then does not take place any more. */
  #restores = 0;
  /** How often a request fails. */
  failure = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** The sink, as a thread's job has it. */
  sink(thread: VirtualThread): TwoPhaseCommitSink<unknown, string> {
    return {
      name: 'ledger',
      createWriter: ({ subtask }) => this.#writer(thread, subtask),
      commit: (transactions) => this.#request(thread, `commit ${transactions.join(', ')}`, () => this.#commit(transactions)),
    };
  }

  #writer(thread: VirtualThread, subtask: number): TwoPhaseCommitWriter<unknown, string> {
    let rows: unknown[] = [];
    return {
      write: (row) => void rows.push(row),
      prepareCommit: async () => {
        if (rows.length === 0) return [];
        const prepared = rows;
        rows = [];
        const id = `t${++this.#last}/${subtask}`;
        await this.#request(thread, `prepare ${id}`, () => this.#prepared.set(id, prepared));
        return [id];
      },
    };
  }

  #commit(transactions: readonly string[]): void {
    for (const id of transactions) {
      if (this.isCommitted(id)) continue;
      const rows = this.#prepared.get(id);
      if (rows === undefined) throw new Error(`there is no transaction ${id}`);
      this.#committed.add(id);
      for (const row of rows) this.#options.onVisible(row);
    }
  }

  isCommitted(id: string): boolean {
    return this.#committed.has(id);
  }

  /** What is committed now. Returns what makes it so again. */
  backup(): () => void {
    const committed = new Set(this.#committed);
    return () => {
      this.#committed = new Set(committed);
      this.#restores++;
    };
  }

  #request(thread: VirtualThread, what: string, effect: () => void): Promise<void> {
    const { world, outside, requestMs } = this.#options;
    thread.check();
    const restores = this.#restores;
    return new Promise((resolve, reject) => {
      const isLost = world.chance(this.failure / 2);
      world.after(outside, world.random.next() * requestMs, what, () => {
        let failure: unknown;
        try {
          if (isLost || restores !== this.#restores) throw new Error(`the ledger did not hear of: ${what}`);
          effect();
          if (world.chance(this.failure / 2)) throw new Error(`the ledger did not answer: ${what}`);
        } catch (error) {
          failure = error;
        }
        world.put(thread, `answer: ${what}`, () => (failure === undefined ? resolve() : reject(failure as Error)));
      });
    });
  }
}
