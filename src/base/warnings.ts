/**
 * Which warnings of a job's subtasks are shown: one for each topic, whoever has it first. One that holds only if all of them say
 * so waits for their votes.
 */

export interface Warning {
  /** Empty for one that only votes. */
  readonly message: string;
  readonly topic: string;
  /** Subtasks that must say it. */
  readonly votes: number;
}

export class Warnings {
  readonly #warn: (message: string) => void;
  readonly #shown = new Set<string>();
  readonly #waiting = new Map<string, { votes: number; message: string }>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  take({ message, topic, votes }: Warning): void {
    if (this.#shown.has(topic)) return;
    const waiting = this.#waiting.get(topic) ?? { votes: 0, message: '' };
    this.#waiting.set(topic, waiting);
    waiting.votes++;
    if (waiting.message === '') waiting.message = message;
    if (waiting.votes < votes) return;
    this.#shown.add(topic);
    this.#waiting.delete(topic);
    if (waiting.message !== '') this.#warn(waiting.message);
  }
}
