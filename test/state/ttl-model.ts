/**
 * What time to live means, in obvious code: everything that was written carries the time at which it was last touched, and is
 * looked at anew each time. One model is the state of one key.
 */

export interface Mode {
  readonly ttl: number;
  readonly updateOnRead: boolean;
  readonly returnExpired: boolean;
}

interface Stamped {
  readonly value: unknown;
  readonly touched: number;
}

abstract class Model {
  protected readonly mode: Mode;
  constructor(mode: Mode) {
    this.mode = mode;
  }
  protected expired({ touched }: Stamped, now: number): boolean {
    return now >= touched + this.mode.ttl;
  }
}

/** Value, reducing and aggregating states. */
export class CellModel extends Model {
  cell: Stamped | undefined;

  read(now: number): unknown {
    const { cell } = this;
    if (cell === undefined) return undefined;
    if (this.expired(cell, now)) {
      this.cell = undefined;
      return this.mode.returnExpired ? cell.value : undefined;
    }
    if (this.mode.updateOnRead) this.cell = { value: cell.value, touched: now };
    return cell.value;
  }

  /** What something is added to. */
  base(now: number): unknown {
    const { cell } = this;
    return cell === undefined || (this.expired(cell, now) && !this.mode.returnExpired) ? undefined : cell.value;
  }

  write(value: unknown, now: number): void {
    this.cell = { value, touched: now };
  }

  clear(): void {
    this.cell = undefined;
  }
}

export class ListModel extends Model {
  elements: readonly Stamped[] = [];

  get(now: number): unknown[] {
    const all = this.elements;
    const fresh = all.filter((element) => !this.expired(element, now));
    if (fresh.length === 0) this.elements = [];
    else if (this.mode.updateOnRead) this.elements = fresh.map(({ value }) => ({ value, touched: now }));
    else if (!this.mode.returnExpired) this.elements = fresh;
    return (this.mode.returnExpired ? all : fresh).map(({ value }) => value);
  }

  length(now: number): number {
    return this.elements.filter((element) => this.mode.returnExpired || !this.expired(element, now)).length;
  }

  addAll(values: readonly unknown[], now: number): void {
    this.elements = [...this.elements, ...values.map((value) => ({ value, touched: now }))];
  }

  clear(): void {
    this.elements = [];
  }
}

export class MapModel extends Model {
  /** In the order in which the keys were first set. */
  cells: readonly (readonly [unknown, CellModel])[] = [];

  get(key: unknown, now: number): unknown {
    return this.cells.find(([each]) => each === key)?.[1].read(now);
  }

  entries(now: number): [unknown, unknown][] {
    const read = this.cells.map(([key, cell]): [unknown, unknown] => [key, cell.read(now)]);
    this.forgetEmpty();
    return read.filter(([, value]) => value !== undefined);
  }

  size(now: number): number {
    return this.cells.filter(([, cell]) => cell.base(now) !== undefined).length;
  }

  set(key: unknown, value: unknown, now: number): void {
    const known = this.cells.find(([each, { cell }]) => each === key && cell !== undefined && !this.expired(cell, now));
    if (known === undefined) {
      this.delete(key);
      this.cells = [...this.cells, [key, new CellModel(this.mode)]];
    }
    this.cells.at(known === undefined ? -1 : this.cells.indexOf(known))?.[1].write(value, now);
  }

  delete(key: unknown): void {
    this.cells = this.cells.filter(([each]) => each !== key);
  }

  clear(): void {
    this.cells = [];
  }

  private forgetEmpty(): void {
    this.cells = this.cells.filter(([, { cell }]) => cell !== undefined);
  }
}
