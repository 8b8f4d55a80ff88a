/** What a harness drives: the streams of a function object, or those that a builder makes. */

import { DataStream, type FieldOf } from '../api/data-stream.ts';
import { unexpected } from '../base/options.ts';

/** How the records of an input are keyed. */
export type KeyOf<T> = FieldOf<T> | readonly FieldOf<T>[] | ((value: T) => unknown);

/** A function object, or a function without parameters that makes one. */
export type MadeOr<F> = F | (() => F);

type AnyKey = (value: unknown) => unknown;

/** Whatever may be in a function object. */
type FunctionObject = Readonly<Record<string, unknown>>;

const kinds =
  'a function from stream to stream, or an object with processElement, processElement1 and processElement2, ' +
  'processElement and processBroadcastElement, or createAccumulator, or a function without parameters that makes one';

/** How a subject is built: how many inputs it has, and the stream that comes of them. */
export interface Wired {
  readonly inputs: number;
  build(streams: readonly DataStream<unknown>[]): DataStream<unknown>;
}

/**
 * A builder is a function with a parameter for each input; a function without parameters makes the function object.
 *
 * @param of the public function that was called, for errors
 */
export function wired(subject: unknown, keyBy: unknown, of: string): Wired {
  if (typeof subject === 'function' && subject.length > 0) {
    return {
      inputs: Math.min(2, subject.length),
      build: (streams) => checkStream((subject as (...s: unknown[]) => unknown)(...streams), of),
    };
  }
  const fn = (typeof subject === 'function' ? subject() : subject) as FunctionObject | null;
  if (typeof fn !== 'object' || fn === null) throw unexpected(of, kinds, subject);
  const has = (method: string): boolean => typeof fn[method] === 'function';
  if (has('processElement1') || has('processBroadcastElement')) {
    return { inputs: 2, build: ([first, second]) => twoInputs(fn, [first as DataStream<unknown>, second as DataStream<unknown>], keyBy) };
  }
  if (has('processElement')) return { inputs: 1, build: ([stream]) => oneInput(fn, stream as DataStream<unknown>, keyBy) };
  if (has('createAccumulator')) {
    if (keyBy === undefined) throw unexpected(`${of}: keyBy`, 'a key, by which an aggregate function aggregates', keyBy);
    return {
      inputs: 1,
      build: ([stream]) => (stream as DataStream<unknown>).keyBy(keyBy as AnyKey).aggregate<unknown, unknown>(fn as never),
    };
  }
  throw unexpected(of, kinds, subject);
}

function checkStream(built: unknown, of: string): DataStream<unknown> {
  if (built instanceof DataStream) return built as DataStream<unknown>;
  throw unexpected(`${of}: the builder's result`, 'a stream: return what comes out of the operator', built);
}

function oneInput(fn: FunctionObject, stream: DataStream<unknown>, keyBy: unknown): DataStream<unknown> {
  return keyBy === undefined ? stream.process(fn as never) : stream.keyBy(keyBy as AnyKey).process(fn as never);
}

function twoInputs(
  fn: FunctionObject,
  [first, second]: readonly [DataStream<unknown>, DataStream<unknown>],
  keyBy: unknown,
): DataStream<unknown> {
  if (typeof fn.processBroadcastElement === 'function') {
    const broadcast = second.broadcast();
    if (keyBy === undefined) return first.connect(broadcast).process<unknown>(fn as never);
    return first
      .keyBy(keyBy as AnyKey)
      .connect(broadcast)
      .process(fn as never);
  }
  if (keyBy === undefined) return first.connect(second).process(fn as never);
  if (!Array.isArray(keyBy) || keyBy.length !== 2) throw unexpected('keyBy', 'the keys of both inputs, [first, second]', keyBy);
  const [firstKey, secondKey] = keyBy as [AnyKey, AnyKey];
  return first
    .connect(second)
    .keyBy(firstKey, secondKey)
    .process(fn as never);
}
