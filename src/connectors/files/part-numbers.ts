/** The numbers of the parts of a subtask: none is given twice, also not by those that went before it. Runs on the subtask's thread. */

export class PartNumbers {
  readonly #subtask: number;
  readonly #isOnePart: boolean;
  /** That come next, by the subtask whose name the parts have: its own, and those that it looks after. */
  readonly #next = new Map<number, number>();

  /** @param isOnePart whether the first part is the only one, as a rule, and has no number */
  constructor(subtask: number, isOnePart: boolean) {
    this.#subtask = subtask;
    this.#isOnePart = isOnePart;
  }

  /** A part has this number, or had it; undefined for the only one. */
  useUp(subtask: number, number: number | undefined): void {
    this.#next.set(subtask, Math.max(this.#next.get(subtask) ?? 0, number === undefined ? 0 : number + 1));
  }

  /** The number of a new part; none for the only one. */
  take(): number | undefined {
    const number = this.#next.get(this.#subtask) ?? (this.#isOnePart ? undefined : 0);
    this.useUp(this.#subtask, number);
    return number;
  }

  /** As it is stored. */
  get state(): readonly (readonly [subtask: number, next: number])[] {
    return [...this.#next];
  }
}
