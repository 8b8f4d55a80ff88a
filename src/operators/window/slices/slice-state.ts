/**
 * What windows by slices hold, as checkpoints see it: a unit is what a key has in a slice, its number the slot of its accumulators.
 * Sums over slices are made anew of that.
 *
 *     entry    key (where there are several), start of the slice, partial results
 */

import { isDeepStrictEqual } from 'node:util';
import { OperatorError } from '../../../base/operator-error.ts';
import type { ByteSink } from '../../../batch/byte-sink.ts';
import { readKey, shownKey, writeKey } from '../../../state/encode-state.ts';
import type { KeyIndex } from '../../../state/key-index.ts';
import type { KeyedContents } from '../../../state/keyed-contents.ts';
import type { Aggregators } from '../../aggregation.ts';
import { type AggregatorSchema, aggregatorSchema, partialsReader, writePartials } from '../../aggregator-contents.ts';
import type { Accumulators } from './accumulators.ts';
import type { FilledSlices } from './filled-slices.ts';
import type { SlicedShape, Slices } from './slices.ts';

export interface SliceStateParts {
  readonly slices: Slices;
  readonly filledSlices: FilledSlices;
  readonly accumulators: Accumulators;
  readonly aggregators: Aggregators;
  /** Undefined where there is only one key. */
  readonly index: KeyIndex | undefined;
  warn(message: string): void;
  /** Behind the last entry. */
  restored(): void;
}

interface SliceSchema extends AggregatorSchema {
  readonly windows: SlicedShape;
}

const onlyKey = 0;

export class SliceState implements KeyedContents {
  readonly schema: SliceSchema;
  readonly #parts: SliceStateParts;

  constructor(parts: SliceStateParts) {
    this.schema = { windows: parts.slices.shape, ...aggregatorSchema(parts.aggregators) };
    this.#parts = parts;
  }

  forEach(visit: (slot: number) => void): void {
    for (const { slots } of this.#parts.filledSlices.all) for (let i = 0; i < slots.count; i++) visit(slots.at(i));
  }

  hash(slot: number): number {
    const { index, accumulators } = this.#parts;
    return index === undefined ? onlyKey : index.hash(accumulators.keyOf[slot] as number);
  }

  write(slot: number, sink: ByteSink): void {
    const { index, accumulators, slices } = this.#parts;
    const key = accumulators.keyOf[slot] as number;
    if (index !== undefined) writeKey(sink, index, key);
    sink.f64(slices.start(accumulators.sliceOf(slot)));
    const of = (): string => (index === undefined ? 'a window' : `a window of the key ${shownKey(index.key(key))}`);
    writePartials(accumulators.states, slot, sink, of);
  }

  reader(stored: unknown): ReturnType<KeyedContents['reader']> {
    const schema = stored as SliceSchema;
    this.#check(schema.windows);
    const { index, accumulators, slices, filledSlices, warn } = this.#parts;
    const read = partialsReader(schema, accumulators.states, warn);
    return (source, hash) => {
      const key = index === undefined ? onlyKey : readKey(source, index, hash);
      const slice = slices.at(source.f64());
      const slot = filledSlices.slotOf(slice, key);
      read(source, slot);
      return slot;
    };
  }

  #check(was: SlicedShape): void {
    const is = this.schema.windows;
    if (isDeepStrictEqual(was, is)) return;
    const shown = ({ sizeMs, slideMs, offsetMs }: SlicedShape): string => `${sizeMs} ms long, every ${slideMs} ms from ${offsetMs} on`;
    throw new OperatorError(
      'STATE_MISMATCH',
      `its windows were ${shown(was)}, and are ${shown(is)} now; give the operator another uid, or the windows that it had`,
    );
  }

  restored(): void {
    this.#parts.restored();
  }
}
