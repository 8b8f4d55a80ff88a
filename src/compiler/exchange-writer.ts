/**
 * The writing end of an exchange for one subtask: takes records from generated code, finds out which consumer each belongs
 * to, and puts it into the batch for that consumer.
 *
 * The record type is declared or guessed. A guess is checked with every row (see `record-check.ts`); a row that does not
 * fit seals the batches, widens the type, and the code that writes rows is generated anew. Nothing is lost by a wrong guess.
 *
 * A full channel never blocks: sealed batches wait in `pending`, and the subtask is not stepped until they are gone.
 */

import { withArticle } from '../base/describe-value.ts';
import { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { Random } from '../base/system.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { StringColumn } from '../batch/string-column.ts';
import type { ChannelWriter } from '../channel/channel.ts';
import type { Mark, StreamElement } from '../channel/element.ts';
import { UnsupportedColumnValueError } from '../channel/frame-encoder.ts';
import type { PartitionerSpec } from '../graph/logical.ts';
import { subtaskOfKeyGroup } from '../graph/physical.ts';
import { inferType, widenColumn, widenType } from '../schema/inference.ts';
import { anyRecord, batchColumns, internType, type RecordType } from '../schema/type.ts';
import { generateSite, keyColumn, type SiteShape } from './exchange-site.ts';
import { earlyHashExpression, generateKey, hashExpression, type KeyUse } from './key-code.ts';
import type { OperatorCode, OperatorContext } from './operator.ts';
import { routingFailure } from './routing-error.ts';
import { type Field, type Row, wholeRecord } from './row.ts';
import { typeMismatch } from './show.ts';
import { generateCall } from './user-call.ts';

/** The batch that is being filled for one consumer. Generated code adds the columns' arrays as `c0`, `c1`, …. */
export interface ExchangeTarget {
  readonly channel: ChannelWriter;
  /** Sealed elements that the channel had no room for. */
  readonly pending: StreamElement[];
  batch: RecordBatch | null;
  /** Rows in the batch. */
  n: number;
}

export interface ExchangeWriterOptions {
  /** For errors: the operator whose records these are. */
  readonly operatorName: string;
  /** The failure by what the key of a hash exchange threw: that of the operator behind, which the key is for wherever it is found. */
  readonly keyFailure?: OperatorContext['failure'];
  readonly partitioner: PartitionerSpec;
  /** One for each consumer, in the partitioner's order. */
  readonly channels: readonly ChannelWriter[];
  /** Key groups of the consuming stage. */
  readonly maxParallelism: number;
  readonly declared: RecordType | undefined;
  readonly limits: Limits;
  readonly random: Random;
  readonly show: (record: unknown) => string;
  /** Where the rows for each channel are bound for; undefined where the host reads them, which takes them out when it must. */
  readonly bound?: readonly BoundFor[];
}

/** A consumer of an exchange. */
export interface BoundFor {
  /** Index of the exchange in the plan. */
  readonly exchange: number;
  readonly subtask: number;
}

/** A place in generated code that writes rows of one shape; `write` is replaced when the record type widens. */
export interface ExchangeSite {
  write: (...values: never[]) => void;
  readonly shape: SiteShape;
}

export class ExchangeWriter {
  readonly options: ExchangeWriterOptions;
  readonly targets: readonly ExchangeTarget[];
  /** Consumer by key group, for hash exchanges. */
  readonly routes: Uint16Array;
  /** The type of the rows so far; null before the first. */
  type: RecordType | null;
  /** Whether rows carry event time. */
  timestamps = false;
  /** The column of the key, where it holds strings and is hashed as a whole when a batch is complete; −1 where rows come with their hashes. */
  hashedColumn = -1;
  /** Next consumer in turn. */
  next = 0;
  /** Called when sites write by other code than before: loops that call them are worth compiling anew, to be optimised for it. */
  changed: () => void = () => {};
  recordsOut = 0;
  /** Whether rows are to be written although there is no room for them. */
  runsAhead = false;
  readonly #sites: ExchangeSite[] = [];
  #bind: (target: ExchangeTarget) => void = () => {};
  #waiting = 0;
  /** Rows that wait for room. */
  waitingRows = 0;

  constructor(options: ExchangeWriterOptions) {
    this.options = options;
    this.targets = options.channels.map((channel) => ({ channel, pending: [], batch: null, n: 0 }));
    this.routes = new Uint16Array(options.maxParallelism);
    for (let group = 0; group < options.maxParallelism; group++) {
      this.routes[group] = subtaskOfKeyGroup(group, options.maxParallelism, options.channels.length);
    }
    this.type = options.declared === undefined || carriesKey(options.partitioner) ? null : internType(options.declared);
  }

  /** Whether rows travel with the hash of their key. */
  get hashed(): boolean {
    return this.options.partitioner.kind === 'hash';
  }

  /** Whether no more rows are to be written: sealed batches wait for room. */
  get blocked(): boolean {
    return this.#waiting > 0 && !this.runsAhead;
  }

  /** Sealed elements that wait for room, or in a queue of this worker. */
  get queued(): number {
    return this.options.channels.reduce((sum, channel) => sum + channel.waiting, this.#waiting);
  }

  get bytesOut(): number {
    return this.options.channels.reduce((sum, channel) => sum + channel.bytes, 0);
  }

  /** Writes the code that writes a row, at the place of `code`. */
  generate(code: OperatorCode, row: Row): void {
    const routed = this.#route(code, row);
    const shape = shapeOf(routed);
    const site = this.#site(shape);
    const name = code.names.constant('site', site);
    code.body.line(`${name}.write(${argumentsOf(routed).join(', ')});`);
  }

  /** Finds what the partitioner goes by: key and hash, or the consumer that a custom function names. */
  #route(code: OperatorCode, row: Row): RoutedRow {
    const { partitioner } = this.options;
    if (partitioner.kind === 'hash') {
      const { keyFailure } = this.options;
      const guarded = keyFailure === undefined ? code : failingAs(code, keyFailure);
      // Where the hash does not say which consumer it is, whole columns of strings are hashed: that is faster.
      const hashesLate = this.targets.length === 1 && row.key?.hash === undefined;
      const keyed = generateKey(guarded, row, partitioner.key, { hashOf: hashesLate ? earlyHashExpression : hashExpression });
      const key = carriesKey(partitioner) ? keyed.key : undefined;
      return { row: keyed.row, key, hash: keyed.hash, hashesLate: hashesLate && keyed.key.column === undefined, target: undefined };
    }
    if (partitioner.kind === 'custom') {
      const keyed = generateKey(code, row, partitioner.key, { use: customKey });
      const target = code.names.fresh('target');
      const partition = code.names.constant('partition', this.#partition(partitioner.partition));
      code.body.line(`let ${target};`);
      code.body.line(`try { ${target} = ${partition}(${keyed.key.read()}); }`);
      const routed = code.names.constant('routed', routingFailure({ ...customPartition, fn: partitioner.partition }));
      code.body.line(`catch (error) { throw ${code.failure(`${routed}(error)`, wholeRecord(keyed.row))}; }`);
      return { row: keyed.row, key: undefined, hash: undefined, hashesLate: false, target };
    }
    return { row, key: undefined, hash: undefined, hashesLate: false, target: undefined };
  }

  #partition(partition: (...args: never[]) => unknown): (key: unknown) => number {
    const count = this.targets.length;
    const call = partition as (key: unknown, count: number) => unknown;
    return (key) => {
      const target = call(key, count);
      if (typeof target === 'number' && Number.isInteger(target) && target >= 0 && target < count) return target;
      throw new RangeError(`it returned ${String(target)}; it must return a whole number from 0 to ${count - 1}`);
    };
  }

  #site(shape: SiteShape): ExchangeSite {
    const known = this.#sites.find((site) => JSON.stringify(site.shape) === JSON.stringify(shape));
    if (known !== undefined) return known;
    const site: ExchangeSite = { write: () => {}, shape };
    this.#sites.push(site);
    if (shape.timestamp) this.timestamps = true;
    this.#regenerate();
    return site;
  }

  #regenerate(): void {
    for (const target of this.targets) this.#close(target);
    this.hashedColumn = this.#columnToHash();
    for (const site of this.#sites) {
      const { write, bind } = generateSite(this, site);
      site.write = write;
      this.#bind = bind;
    }
    if (this.type !== null) for (const target of this.targets) this.#open(target);
    this.changed();
  }

  /** Whether a column of values may be given values that are encoded already. */
  encodes(column: number): boolean {
    return this.#sites.some(({ shape: { fields, key } }) => (column === fields.length ? key : fields[column])?.encoded === true);
  }

  #columnToHash(): number {
    const { type, targets } = this;
    if (type === null || targets.length > 1 || !this.#sites.some(({ shape }) => shape.hashesLate)) return -1;
    const index = keyColumn(type, this.options.partitioner);
    const column = batchColumns(type)[index];
    return column?.kind === 'string' && !column.nullable ? index : -1;
  }

  /** A row that does not have the type so far. Widens the type and writes the row again. */
  misfit(site: ExchangeSite, record: unknown, key: unknown, values: readonly unknown[]): void {
    const row = inferType(record, site.shape.key === undefined ? undefined : { value: key });
    this.type = this.options.declared === undefined ? this.#guess(row) : this.#keepDeclared(this.options.declared, record, row);
    this.#regenerate();
    (site.write as (...args: readonly unknown[]) => void)(...values);
  }

  #guess(row: RecordType): RecordType {
    const { type } = this;
    if (type === null) return row;
    const wide = widenType(type, row);
    // A record that inference takes for one that fits, but that does not pass the checks, travels whole.
    return wide === type ? internType({ ...anyRecord, key: type.key }) : wide;
  }

  /** A declared record type stays; only the key that travels with the record is inferred. */
  #keepDeclared(declared: RecordType, record: unknown, row: RecordType): RecordType {
    const known = this.type?.key;
    const key = known === undefined || row.key === undefined ? row.key : widenColumn(known, row.key);
    const type = internType({ ...declared, key });
    if (type !== this.type) return type;
    const { operatorName, show } = this.options;
    throw typeMismatch({ operatorName, declared, record, shown: show(record) });
  }

  /** Gives a target an empty batch to fill. */
  #open(target: ExchangeTarget): void {
    const { limits } = this.options;
    target.batch = target.channel.acquire(this.type as RecordType, {
      capacity: limits.batchRows,
      timestamps: this.timestamps,
      hashes: this.hashed,
    });
    target.n = 0;
    this.#bind(target);
  }

  /** Sends what a target has gathered, and gives it an empty batch. */
  seal(target: ExchangeTarget): void {
    if (target.n === 0) return;
    this.#close(target);
    this.#open(target);
  }

  #close(target: ExchangeTarget): void {
    const { batch, n } = target;
    if (batch === null || n === 0) return;
    batch.rowCount = n;
    if (this.hashedColumn >= 0) (batch.columns[this.hashedColumn] as StringColumn).hashAll(n, batch.hashes as Int32Array);
    target.batch = null;
    target.n = 0;
    this.recordsOut += n;
    this.#send(target, batch);
  }

  /** Sends all part-filled batches. */
  flush(): void {
    for (const target of this.targets) this.seal(target);
  }

  /** Sends a mark to every consumer, behind the rows so far. */
  mark(mark: Mark): void {
    for (const target of this.targets) {
      this.seal(target);
      this.#send(target, mark);
    }
  }

  /** Whether the barrier of a checkpoint waits for room in front of a channel to another subtask. */
  holdsBarrier(checkpoint: number): boolean {
    return this.#waiting > 0 && this.options.bound !== undefined && this.targets.some(({ pending }) => pending.some(isBarrier(checkpoint)));
  }

  /**
   * Lets the barrier of a checkpoint overtake what waits in front of it: the batches that their channel had no room for are shown to
   * `take`, and readers learn of it. Where the end was sent instead of a barrier, it is what overtakes.
   */
  announce(checkpoint: number, take: (bound: BoundFor, batch: RecordBatch) => void, ended = false): void {
    const { bound } = this.options;
    if (bound === undefined) return;
    for (const [i, { pending, channel }] of this.targets.entries()) {
      const front = pending.slice(0, Math.max(0, pending.findIndex(ended ? isEnd : isBarrier(checkpoint))));
      for (const element of front) if (element.kind === 'batch') take(bound[i] as BoundFor, element);
      channel.announce(checkpoint);
    }
  }

  #send(target: ExchangeTarget, element: StreamElement): void {
    if (target.pending.length === 0 && this.#offer(target, element)) return;
    target.pending.push(element);
    this.#waiting++;
    this.waitingRows += rowsOf(element);
  }

  /** Sends what waits, as far as there is room; true when nothing waits any more. */
  drain(): boolean {
    if (this.#waiting === 0) return true;
    for (const target of this.targets) {
      for (let [first] = target.pending; first !== undefined; [first] = target.pending) {
        // It may be filled anew as soon as it is handed over.
        const rows = rowsOf(first);
        if (!this.#offer(target, first)) break;
        target.pending.shift();
        this.#waiting--;
        this.waitingRows -= rows;
      }
    }
    return this.#waiting === 0;
  }

  #offer(target: ExchangeTarget, element: StreamElement): boolean {
    try {
      return target.channel.offer(element);
    } catch (error) {
      if (error instanceof UnsupportedColumnValueError) throw this.#unsupported(error, (element as RecordBatch).type);
      throw error;
    }
  }

  /** @param type of the batch: the records after it may have another */
  #unsupported({ column, unsupported }: UnsupportedColumnValueError, type: RecordType): MillraceError {
    const name = column < type.names.length ? (type.names[column] as string) : 'key';
    const place = type.form === 'tuple' ? `[${name}]` : `.${name}`;
    const field = type.form === 'scalar' && column === 0 ? unsupported.path : `${place}${unsupported.path}`;
    return new MillraceError(
      'UNSUPPORTED_VALUE',
      `'${this.options.operatorName}' emitted a record that cannot cross threads: ${field === '' ? 'it' : `its field ${field}`} is ${withArticle(unsupported.type)}. ` +
        'Records hold plain values: numbers, strings, booleans, bigints, null, dates, arrays, plain objects, maps, sets and typed arrays',
      { cause: unsupported },
    );
  }
}

function rowsOf(element: StreamElement): number {
  return element.kind === 'batch' ? element.rowCount : 0;
}

function isBarrier(checkpoint: number): (element: StreamElement) => boolean {
  return (element) => element.kind === 'barrier' && element.checkpoint === checkpoint;
}

const isEnd = ({ kind }: StreamElement): boolean => kind === 'end';

/** A custom partitioner belongs to the operator whose records these are: it is behind it. */
const customKey: KeyUse = { call: (key) => `partitionCustom(…, ${key})`, side: 'behind' };
const customPartition: KeyUse = { call: (partition) => `partitionCustom(${partition})`, side: 'behind' };

/** Whether the key travels in a column of its own: the consumer finds a single field in the record, any other key it cannot. */
export function carriesKey(partitioner: PartitionerSpec): boolean {
  return partitioner.kind === 'hash' && (partitioner.key.kind !== 'fields' || partitioner.key.composite);
}

/** The same place, where what goes wrong is the failure of another operator. */
function failingAs(code: OperatorCode, failure: OperatorContext['failure']): OperatorCode {
  const { names } = code;
  const other: OperatorCode = {
    ...code,
    get body() {
      return code.body;
    },
    get part() {
      return code.part;
    },
    call: (fn, row, further = []) => generateCall(other, fn, row, further),
    failure: (error, record) => `${names.constant('keyFailure', failure)}(${error}, ${record})`,
  };
  return other;
}

interface RoutedRow {
  readonly row: Row;
  readonly key: Field | undefined;
  readonly hash: string | undefined;
  readonly hashesLate: boolean;
  readonly target: string | undefined;
}

function shapeOf({ row, key, hash, hashesLate, target }: RoutedRow): SiteShape {
  const field = (each: Field) => ({
    name: each.name,
    kind: each.kind,
    nullable: each.nullable,
    column: each.column !== undefined,
    encoded: each.encoded !== undefined,
  });
  return {
    form: row.form,
    fields: row.form === 'unknown' ? [] : row.fields.map(field),
    key: key === undefined ? undefined : field(key),
    hash: hash !== undefined,
    hashesLate,
    target: target !== undefined,
    timestamp: row.timestamp !== undefined,
  };
}

/** In the order in which the site's function takes them. */
function argumentsOf({ row, key, hash, target }: RoutedRow): string[] {
  const read = ({ encoded, column, read }: Field): string[] => {
    if (encoded !== undefined) return [encoded.rows, encoded.row];
    return column === undefined ? [read()] : [column.use(), column.row, column.rows];
  };
  return [
    ...(row.form === 'unknown' ? [row.value as string] : row.fields.flatMap(read)),
    ...(key === undefined ? [] : read(key)),
    ...[hash, target, row.timestamp].filter((expression) => expression !== undefined),
  ];
}
