/** Window joins: two streams, the same keys, the same windows. */

import { type Duration, parseDuration } from '../base/duration.ts';
import type { UserFunction } from '../graph/logical.ts';
import { checkTag, type OutputTag } from '../operators/process/context.ts';
import { coGroupComputation, joinComputation, type SidedRecord } from '../operators/window/co-window.ts';
import type { WindowComputation } from '../operators/window/window-computation.ts';
import { windowOperator } from '../operators/window/window-operator.ts';
import { checkAssigner, checkEvictor, checkMerging, checkTrigger, type WindowSpec } from '../operators/window/window-spec.ts';
import type { Evictor } from '../time/windows/evictor.ts';
import type { Trigger } from '../time/windows/trigger.ts';
import type { Window } from '../time/windows/window.ts';
import type { WindowAssigner } from '../time/windows/window-assigner.ts';
import type { DataStream, FieldOf, FieldValue } from './data-stream.ts';
import { checkSameKeys } from './same-keys.ts';

/** What two windowed streams are to become: pairs, or groups. */
type Meeting = 'join' | 'coGroup';

interface Streams<A, B> {
  readonly left: DataStream<A>;
  readonly right: DataStream<B>;
  readonly meeting: Meeting;
}

/** Two streams that are to be joined, or grouped, by windows; `where` says by which key of the first. */
export class JoinableStreams<A, B, M extends Meeting> {
  readonly #streams: Streams<A, B>;
  declare protected readonly meeting: M;

  /** @internal */
  constructor(streams: Streams<A, B>) {
    this.#streams = streams;
  }

  /** The key of the first stream: a field, several fields, or what a function returns. */
  where<const F extends FieldOf<A>>(field: F): HalfJoined<A, B, FieldValue<A, F>, M>;
  where<const F extends readonly FieldOf<A>[]>(fields: F): HalfJoined<A, B, { [I in keyof F]: FieldValue<A, F[I]> }, M>;
  where<K>(selector: (value: A) => K): HalfJoined<A, B, K, M>;
  where(key: unknown): HalfJoined<A, B, unknown, M> {
    return new HalfJoined({ ...this.#streams, left: this.#streams.left.keyBy(key as never) });
  }
}

/** Two streams of which the first is keyed; `equalTo` says by which key of the second. */
export class HalfJoined<A, B, K, M extends Meeting> {
  readonly #streams: Streams<A, B>;
  declare protected readonly key: K;
  declare protected readonly meeting: M;

  /** @internal */
  constructor(streams: Streams<A, B>) {
    this.#streams = streams;
  }

  /** The key of the second stream: a field, several fields, or what a function returns. */
  equalTo<const F extends FieldOf<B>>(field: F): KeyedPair<A, B, M>;
  equalTo<const F extends readonly FieldOf<B>[]>(fields: F): KeyedPair<A, B, M>;
  equalTo(selector: (value: B) => K): KeyedPair<A, B, M>;
  equalTo(key: unknown): KeyedPair<A, B, M> {
    const { left } = this.#streams;
    const right = this.#streams.right.keyBy(key as never);
    checkSameKeys(left.edges, right.edges, 'equalTo');
    return new KeyedPair({ ...this.#streams, right });
  }
}

/** Two streams that are keyed alike; `window` says when their records meet. */
export class KeyedPair<A, B, M extends Meeting> {
  readonly #streams: Streams<A, B>;
  declare protected readonly meeting: M;

  /** @internal */
  constructor(streams: Streams<A, B>) {
    this.#streams = streams;
  }

  /** Both streams get these windows; assigners of one's own, triggers and evictors are given `SidedRecord`s. */
  window<W extends Window>(
    assigner: WindowAssigner<SidedRecord<A, B>, W>,
  ): M extends 'join' ? JoinedStreams<A, B, W> : CoGroupedStreams<A, B, W> {
    const { meeting } = this.#streams;
    checkAssigner(assigner, `${meeting}: window`);
    const spec: WindowSpec = {
      assigner: assigner as never,
      trigger: undefined,
      evictor: undefined,
      allowedLatenessMs: 0,
      lateTag: undefined,
      keyed: true,
    };
    return (meeting === 'join' ? new JoinedStreams(this.#streams, spec) : new CoGroupedStreams(this.#streams, spec)) as never;
  }
}

abstract class WindowedPair<A, B, W extends Window> {
  readonly #streams: Streams<A, B>;
  readonly #spec: WindowSpec;

  /** @internal */
  constructor(streams: Streams<A, B>, spec: WindowSpec) {
    checkMerging(spec);
    this.#streams = streams;
    this.#spec = spec;
  }

  /** Says when windows fire, in place of the assigner's own trigger. */
  trigger(trigger: Trigger<SidedRecord<A, B>, W>): this {
    return this.#with({ trigger: checkTrigger(trigger) });
  }

  /** Removes records, of both streams, from windows that fire. */
  evictor(evictor: Evictor<SidedRecord<A, B>, W>): this {
    return this.#with({ evictor: checkEvictor(evictor) });
  }

  /** How long a window of event time stays behind the watermark that ends it: a record that comes for it has it fire again. Default 0. */
  allowedLateness(lateness: Duration): this {
    return this.#with({ allowedLatenessMs: parseDuration(lateness, 'allowedLateness') });
  }

  /**
   * Sends records that all of their windows were too late for to a side output. Without it they are counted, and told of once.
   */
  sideOutputLateData(tag: OutputTag<SidedRecord<A, B>>): this {
    return this.#with({ lateTag: checkTag(tag, 'sideOutputLateData').id });
  }

  #with(changes: Partial<WindowSpec>): this {
    return new (this.constructor as new (streams: Streams<A, B>, spec: WindowSpec) => this)(this.#streams, { ...this.#spec, ...changes });
  }

  /** @internal */
  protected compute<R>(computation: WindowComputation): DataStream<R> {
    const { left, right } = this.#streams;
    return left.transformWith<R>(windowOperator({ spec: this.#spec, computation, sided: true }), [right as DataStream<unknown>]);
  }
}

/**
 * Two streams whose records of one key and window are paired. Rows have the last millisecond of their window as their event time.
 *
 * @example
 * clicks.join(purchases).where('user').equalTo('buyer').window(eventTime.tumbling('1m'))
 *   .apply((click, purchase) => ({ url: click.url, price: purchase.price }))
 */
export class JoinedStreams<A, B, W extends Window> extends WindowedPair<A, B, W> {
  /** One row for each pair of records; a record without a partner in its window makes none. */
  apply<R>(fn: (left: A, right: B) => R): DataStream<R> {
    return this.compute<R>(joinComputation(fn as UserFunction));
  }
}

/**
 * Two streams whose records of one key and window are handled together. Rows have the last millisecond of their window as their
 * event time.
 *
 * @example
 * clicks.coGroup(purchases).where('user').equalTo('buyer').window(eventTime.tumbling('1m'))
 *   .apply((clicks, purchases, out: (row: number) => void) => { if (purchases.length === 0) out(clicks.length); })
 */
export class CoGroupedStreams<A, B, W extends Window> extends WindowedPair<A, B, W> {
  /** Calls `fn` with the records of either stream; one of the arrays may be empty, so that outer joins can be made of it. */
  apply<R>(fn: (lefts: readonly A[], rights: readonly B[], out: (row: R) => void) => void): DataStream<R> {
    return this.compute<R>(coGroupComputation(fn as UserFunction));
  }
}
