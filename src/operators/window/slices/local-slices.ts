/**
 * Windowed aggregation in front of the exchange: records become partial results of a key and a slice, which go on before the
 * watermark that ends the slice does. So they are in time wherever the records would have been. A record whose slice has ended here
 * already goes on at once, by itself: it makes windows fire again, or is too late, as it would without all this.
 *
 * It holds only as many partial results as stay close to the processor: a record that has to wait for memory here waits there, too,
 * and then a trip through the exchange is the smaller part. When it is full, records of further keys go on by themselves, or all that it
 * holds goes on to make room; and all go on by themselves, but for a sample now and then, where records of the same key and slice hardly
 * meet (`LocalGain`). What is worth it are few keys, keys of which a few have most of the records, and keys that are frequent for a while.
 * A partial result has the time at which its slice starts.
 *
 * @hotpath
 */

import { columnarKey, columnarParts, generateKey, hashKey, slotExpression } from '../../../compiler/key-code.ts';
import type { Emit, OperatorCode, OperatorContext, OperatorInstance } from '../../../compiler/operator.ts';
import type { Row, RowKey } from '../../../compiler/row.ts';
import { KeyIndex } from '../../../state/key-index.ts';
import type { SubtaskPart } from '../../../wire/state-handles.ts';
import { AggregationCode, type Aggregators, createStates, type NamedState, type Taken } from '../../aggregation.ts';
import { generateSlots, slotKey } from '../../keyed.ts';
import { Accumulators, firstSlot, lateSlot } from './accumulators.ts';
import { FilledSlices } from './filled-slices.ts';
import { LocalGain } from './local-gain.ts';
import { admitted, RowSlots } from './row-slots.ts';
import type { Slices } from './slices.ts';
import { OnlyKeys, slotsExpression, timesExpression } from './times.ts';

/** Bits of a hash by which a key is known not to be held, without looking for it: with eight places for each key that is. */
const filterBits = 15;

/** Partial results that are held at most: with the places where they are found they stay in the L2 cache. */
const slotsMax = 4096;

export interface LocalSlicesOptions {
  readonly slices: Slices;
  readonly aggregators: Aggregators;
  readonly keyed: boolean;
}

/** What it holds of a key and a slice: plain data. */
interface LocalPartial {
  readonly key: unknown;
  /** Of the slice. */
  readonly start: number;
  /** By name of the aggregator. */
  readonly partials: readonly (readonly [name: string, partial: unknown])[];
}

/** The key of a row that goes on; undefined where there are none. */
type PassedKey = RowKey | undefined;

export class LocalSlices implements OperatorInstance {
  readonly #options: LocalSlicesOptions;
  readonly #context: OperatorContext;
  readonly #index: KeyIndex;
  readonly #accumulators: Accumulators;
  readonly #filledSlices: FilledSlices;
  readonly #rowSlots: RowSlots;
  /** For records that pass. */
  readonly #passing: readonly NamedState[];
  readonly #gain: LocalGain;
  readonly #onlyKeys = new OnlyKeys();
  /** What the operator was told, and what it goes by. */
  #told = Number.NEGATIVE_INFINITY;
  #watermark = Number.NEGATIVE_INFINITY;
  #idle = false;
  /** The next partial result of the first slice, while it goes on; −1 while none does. */
  #cursor = -1;

  readonly #held: number;
  /** By the first bits of hashes: whether a key that is held may have them. Holds while `isFull`. */
  readonly filter = new Uint8Array(1 << filterBits);
  /** Whether no further key was let in since before this batch. */
  isFull = false;
  /** Whether some rows of a batch may have gone on by themselves, and the others are not added yet: time stands still. */
  inBatch = false;
  /** Of the partial result that `next` has come to. */
  slot = 0;
  key = 0;
  start = 0;

  constructor(options: LocalSlicesOptions, context: OperatorContext) {
    const { slices, aggregators, keyed } = options;
    const { localAggregationKeys, localSampleRows } = context.limits;
    this.#options = options;
    this.#context = context;
    const held = Math.min(localAggregationKeys, slotsMax);
    this.#held = held;
    const samples = Object.values(aggregators).some(({ partialsDiffer }) => partialsDiffer === true);
    this.#gain = new LocalGain({ judgedRows: localSampleRows, samples });
    this.#index = new KeyIndex(held);
    this.#accumulators = new Accumulators(aggregators);
    this.#filledSlices = new FilledSlices(slices, this.#accumulators, keyed ? this.#index : undefined, held >> 1);
    this.#rowSlots = new RowSlots({
      slices,
      filledSlices: this.#filledSlices,
      accumulators: this.#accumulators,
      slotsMax: held,
      refusal: (slice) => (this.#isPast(slice) ? lateSlot : admitted),
      opened: () => {},
    });
    this.#passing = createStates(aggregators);
  }

  /** What it holds, which is little: whoever gets a part of it hands it on before its watermark. */
  snapshot(): Readonly<Record<string, SubtaskPart>> {
    const { states, keyOf } = this.#accumulators;
    const items: LocalPartial[] = [];
    for (const { slots, start } of this.#filledSlices.all) {
      for (let i = 0; i < slots.count; i++) {
        const slot = slots.at(i);
        const key = this.#options.keyed ? this.#index.key(keyOf[slot]) : undefined;
        items.push({ key, start, partials: states.map(({ name, state }) => [name, state.partial(slot)]) });
      }
    }
    return items.length === 0 ? {} : { partials: { distribution: 'split', items } };
  }

  restore({ partials: items = [] }: Readonly<Record<string, readonly unknown[]>>): void {
    for (const item of items as readonly LocalPartial[]) this.#restorePartial(item);
  }

  #restorePartial({ key, start, partials }: LocalPartial): void {
    const index = this.#index;
    // What several have left may be more than there is room for here; further keys then find none.
    index.limit = Math.max(index.limit, index.keyCount + 1);
    const number = this.#options.keyed ? index.ofValue(hashKey(key), key) : 0;
    const slot = this.#filledSlices.slotOf(this.#options.slices.at(start), number);
    const held = new Map(partials);
    for (const { name, state } of this.#accumulators.states) if (held.has(name)) state.merge(slot, held.get(name));
  }

  /** Of slices that are in no window nothing needs to be known but each record's time. */
  #isPast(slice: number): boolean {
    const { slices } = this.#options;
    return slices.end(slice) - 1 <= this.#watermark || slices.firstWindow(slice) > slices.lastWindow(slice);
  }

  beginBatch(): void {
    this.#filledSlices.forgetVacant();
    this.#gain.beginBatch(this.#filledSlices.all.length === 0);
    // Keys are removed between batches only.
    if (this.#index.keyCount < this.#held) this.isFull = false;
    else if (!this.isFull) this.#fillFilter(this.#index);
  }

  #fillFilter(index: KeyIndex): void {
    this.isFull = true;
    this.filter.fill(0);
    for (let key = 0; key < index.size; key++) if (index.has(key)) this.filter[index.hash(key) >>> (32 - filterBits)] = 1;
  }

  generate(code: OperatorCode, row: Row, emit: Emit): void {
    const { body, names } = code;
    const keyed = this.#context.key === undefined ? undefined : generateKey(code, row, this.#context.key);
    const hash = names.fresh('hash');
    if (keyed !== undefined) body.line(`const ${hash} = ${keyed.hash};`);
    const read = keyed?.row ?? row;
    const aggregation = new AggregationCode(code, this.#accumulators.states);
    const gain = names.constant('gain', this.#gain);
    const slot = names.fresh('slot');
    const index = names.constant('index', this.#index);
    const local = names.constant('local', this);
    const isNone = `${local}.isFull && ${local}.filter[${hash} >>> ${32 - filterBits}] === 0`;
    const found = keyed === undefined ? '0' : `${isNone} ? -1 : ${slotExpression(index, hash, keyed.key)}`;
    body.line(`let ${slot} = ${lateSlot};`);
    body.block(`if (!${gain}.passes)`, () => {
      body.line(`${gain}.rows++;`);
      aggregation.guarded(read, () => this.#findSlot(code, { slot, time: row.timestamp ?? 'NaN', found }));
    });
    const values = aggregation.inputs(read);
    body.block(
      `if (${slot} < ${firstSlot})`,
      () => this.#pass(code, { row: read, key: keyed && { field: keyed.key, hash }, values }, emit),
      '} else {',
    );
    aggregation.take(read, { method: 'add', slot, values });
    body.line('}');
  }

  /** Where a row's key is known and its time is that of the row before, nothing is called. */
  #findSlot(code: OperatorCode, { slot, time, found }: { slot: string; time: string; found: string }): void {
    const { body, names } = code;
    const rowSlots = names.constant('rowSlots', this.#rowSlots);
    const number = names.fresh('number');
    body.line(`const ${number} = ${found};`);
    body.block(`if (${number} >= 0)`, () => {
      const isThere = `${time} >= ${rowSlots}.start && ${time} < ${rowSlots}.end && ${number} < ${rowSlots}.filled.direct.length`;
      body.line(`if (${isThere}) ${slot} = ${rowSlots}.filled.direct[${number}];`);
      body.line(`if (${slot} === ${lateSlot}) ${slot} = ${rowSlots}.ofRow(${time}, ${number});`);
    });
  }

  generateBatch(code: OperatorCode, row: Row, emit: Emit): boolean {
    const key = this.#context.key === undefined ? undefined : columnarKey(row, this.#context.key);
    const isComposite = this.#context.key !== undefined && columnarParts(row, this.#context.key) !== undefined;
    const isColumnar = !this.#options.keyed || isComposite || key?.column !== undefined || key?.numbers !== undefined;
    if (row.timestamp === undefined || !isColumnar) return false;
    const gain = code.names.constant('gain', this.#gain);
    code.body.block(`if (${gain}.passes)`, () => this.#passBatch(code, row, emit), '} else {');
    this.#addBatch(code, row, emit);
    code.body.line('}');
    return true;
  }

  #passBatch(code: OperatorCode, row: Row, emit: Emit): void {
    const { key: spec } = this.#context;
    code.eachRow(() => {
      const keyed = spec === undefined ? undefined : generateKey(code, row, spec);
      const values = new AggregationCode(code, this.#passing).inputs(row);
      this.#pass(code, { row, key: keyed && { field: keyed.key, hash: keyed.hash }, values }, emit);
    });
  }

  #addBatch(code: OperatorCode, row: Row, emit: Emit): void {
    const { body, names } = code;
    const local = names.constant('local', this);
    const rowSlots = names.constant('rowSlots', this.#rowSlots);
    const aggregation = new AggregationCode(code, this.#accumulators.states);
    const found = this.#options.keyed ? generateSlots(code, row, this.#context, this.#index) : undefined;
    const keys = found?.slots ?? `${names.constant('onlyKeys', this.#onlyKeys)}.ofLength(rows)`;
    const noKey = found === undefined ? '-1' : `${names.constant('index', this.#index)}.size`;
    const times = timesExpression(code, row.timestamp as string);
    body.line(`${local}.inBatch = true;`);
    const slots = slotsExpression(code, row, this.#rowSlots, `ofBatch(${times}, ${keys}, rows, ${noKey})`);
    // First of all what may stop, and is then begun again.
    body.block(`if (${rowSlots}.left > 0)`, () =>
      code.eachRow(() => {
        body.line(`if (${slots}[i] >= ${firstSlot}) continue;`);
        const key = found === undefined ? undefined : { field: found.key, hash: found.hash };
        this.#pass(code, { row, key, values: aggregation.inputs(row) }, emit);
      }),
    );
    body.line(`${names.constant('gain', this.#gain)}.rows += rows;`);
    const slotCount = `${names.constant('accumulators', this.#accumulators)}.size`;
    aggregation.addBatch(row, { slots, slotCount, isNobodys: `${slots}[i] < ${firstSlot}` });
    body.line(`${local}.inBatch = false;`);
  }

  /** A record that finds no room here goes on as a partial result of its own. */
  #pass(code: OperatorCode, { row, key, values }: { row: Row; key: PassedKey; values: readonly Taken[] }, emit: Emit): void {
    const gain = code.names.constant('gain', this.#gain);
    code.body.line(`if (!${gain}.passes) ${gain}.passed++;`);
    if (this.#gain.samples) {
      const slice = `Math.floor((${row.timestamp ?? '0'}) / ${this.#options.slices.shape.slideMs})`;
      code.body.line(`else if (${gain}.isSampling) ${gain}.see(${key?.hash ?? '0'}, ${slice});`);
    }
    emit(new AggregationCode(code, this.#passing).singleRow(row, { key, timestamp: row.timestamp }, values));
  }

  generateDue(code: OperatorCode, limit: string, emit: Emit): string {
    const local = code.names.constant('local', this);
    const aggregation = new AggregationCode(code, this.#accumulators.states);
    code.body.block(`for (let count = 0; count < ${limit} && ${local}.next(); count++)`, () => {
      const key = this.#options.keyed ? slotKey(code, this.#index, `${local}.key`, this.#context.key) : undefined;
      emit(aggregation.partialRow(`${local}.slot`, { key, timestamp: `${local}.start` }));
    });
    return `!${local}.isDue`;
  }

  get isDue(): boolean {
    if (this.inBatch) return false;
    this.#watermark = this.#told;
    const { all } = this.#filledSlices;
    const first = all[0];
    if (first === undefined) return false;
    // Event time may pass faster than watermarks come; then slices that are all but over would leave no room for the present one.
    const isCrowded = this.#hasNoRoom && (all.length > 1 || this.#gain.renews);
    return isCrowded || this.#idle || this.#gain.letsGo || this.#isPast(first.number);
  }

  get #hasNoRoom(): boolean {
    return this.#accumulators.used >= this.#held || this.#index.keyCount >= this.#held;
  }

  /** Goes to the next partial result that is due; false when there is none any more. */
  next(): boolean {
    while (this.isDue) {
      const [filled] = this.#filledSlices.all;
      if (this.#cursor < 0) this.#cursor = 0;
      if (this.#cursor < filled.slots.count) {
        this.slot = filled.slots.at(this.#cursor++);
        this.key = this.#accumulators.keyOf[this.slot];
        this.start = filled.start;
        return true;
      }
      this.#gain.passed += filled.slots.count;
      this.#filledSlices.dropFirst(1);
      this.#rowSlots.forget();
      this.#cursor = -1;
      this.#gain.look();
    }
    return false;
  }

  /** Nobody waits for an input that is idle: what it holds must not come too late. */
  setIdle(idle: boolean): void {
    this.#idle = idle;
  }

  advanceEventTime(watermark: number): void {
    this.#told = watermark;
    if (!this.inBatch) this.#watermark = watermark;
    this.#rowSlots.forget();
  }

  /** While partial results that belong before the watermark are due, nobody is told of it. */
  get watermark(): number {
    return this.#watermark;
  }
}
