/** Every misuse of the API is an INVALID_OPTION that names the function, the argument or option, and what it takes. */

import { describe, expect, it } from 'vitest';
import { callback, files, socket, stdin } from '../../src/api/connectors.ts';
import { StreamEnvironment } from '../../src/api/environment.ts';
import { installExecution } from '../../src/api/execution.ts';
import type { KeyedStream } from '../../src/api/keyed-stream.ts';
import { MillraceError } from '../../src/base/errors.ts';
import type { Source } from '../../src/graph/source.ts';
import * as aggregators from '../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../src/operators/process/context.ts';
import { t } from '../../src/schema/type.ts';
import { aggregatingState, broadcastState, reducingState, valueState } from '../../src/state/descriptors.ts';
import { TestEnvironment } from '../../src/testing/test-environment.ts';
import { eventTime } from '../../src/time/windows/assigners/event-time.ts';
import { triggers } from '../../src/time/windows/triggers/triggers.ts';

installExecution({ args: undefined, parallelism: 1, submit: () => Promise.reject(new Error('nothing runs here')) });

/** A function of the API as JavaScript sees it: it takes whatever it is given. */
type Untyped = Record<string, (...args: readonly unknown[]) => unknown>;

const untyped = (object: object): Untyped => object as Untyped;
const env = (): Untyped => untyped(new TestEnvironment());
const stream = (): Untyped => untyped(new TestEnvironment().fromData([1]));
const keyed = (): Untyped => untyped(new TestEnvironment().fromData([{ a: 1 }]).keyBy('a'));
const type = untyped(t);

class Instance {}

/** A call, and what is said of it behind `INVALID_OPTION: `. */
type Misuse = readonly [call: () => unknown, message: string | RegExp];

function expectRefused([call, message]: Misuse): void {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    expect((error as MillraceError).code).toBe('INVALID_OPTION');
    if (typeof message === 'string') expect((error as MillraceError).message).toBe(message);
    else expect((error as MillraceError).message).toMatch(message);
    return;
  }
  throw new Error('it was accepted');
}

function misuses(title: string, cases: readonly Misuse[]): void {
  describe(title, () => {
    it.each(cases.map((each) => [String(each[0]).replace(/^\(\) => /, ''), each] as const))('%s', (_, each) => expectRefused(each));
  });
}

misuses('unknown options are named, with the nearest known one', [
  [() => new StreamEnvironment({ paralelism: 2 } as object), "StreamEnvironment: unknown option 'paralelism'; did you mean 'parallelism'?"],
  [() => new StreamEnvironment({ restarts: {} } as object), /^StreamEnvironment: unknown option 'restarts'; did you mean 'restart'\?/],
  [() => new StreamEnvironment({ limits: { batchRow: 1 } } as object), "unknown limit 'batchRow'; did you mean 'batchRows'?"],
  [() => new TestEnvironment({ sead: 2 } as object), "TestEnvironment: unknown option 'sead'; did you mean 'seed'?"],
  [() => new TestEnvironment({ paralelism: 2 } as object), "TestEnvironment: unknown option 'paralelism'; did you mean 'parallelism'?"],
  [() => env().fromData?.([1], { nam: 'x' }), "fromData: unknown option 'nam'; did you mean 'name'?"],
  [() => env().fromData?.([1], { toString: 'x' }), /^fromData: unknown option 'toString'; it takes .*'name', 'uid', 'parallelism'$/],
  [() => env().fromSequence?.(1, 2, { parallel: 1 }), "fromSequence: unknown option 'parallel'; did you mean 'parallelism'?"],
  [() => env().generate?.({ create: () => 1, rate: 5 }), "generate: unknown option 'rate'; did you mean 'ratePerSecond'?"],
  [() => env().readTextFile?.('x', { encodign: 'utf8' }), "readTextFile: unknown option 'encodign'; did you mean 'encoding'?"],
  [() => env().socketTextStream?.('h', 1, { delimeter: ';' }), "socketTextStream: unknown option 'delimeter'; did you mean 'delimiter'?"],
  [
    () => env().socketTextStream?.('h', 1, { reconnect: { delay: 1, maxAttempt: 2 } }),
    "socketTextStream: unknown option 'reconnect.maxAttempt'; did you mean 'reconnect.maxAttempts'?",
  ],
  [() => env().stdin?.({ bound: true }), "stdin: unknown option 'bound'; did you mean 'bounded'?"],
  [() => env().fromHost?.('x', { uuid: 'y' }), "fromHost: unknown option 'uuid'; did you mean 'uid'?"],
  [() => untyped(files).source?.('x', { format: 'json' }), "files.source: format must be a format, such as formats.json(), not 'json'"],
  [() => untyped(files).source?.('x', { fromat: 1 }), "files.source: unknown option 'fromat'; did you mean 'format'?"],
  [() => untyped(files).sink?.('x', { format: 'text', sufix: '.log' }), "files.sink: unknown option 'sufix'; did you mean 'suffix'?"],
  [
    () => untyped(files).sink?.('x', { format: 'csv', csv: { headers: true } }),
    "files.sink: unknown option 'csv.headers'; did you mean 'csv.header'?",
  ],
  [() => untyped(files).sink?.('x', { format: 'json', json: {} }), /^files\.sink: unknown option 'json'; it takes 'format', /],
  [
    () => untyped(socket).source?.({ host: 'h', port: 1, reconect: {} }),
    "socket.source: unknown option 'reconect'; did you mean 'reconnect'?",
  ],
  [() => untyped(stdin).source?.({ boundd: true }), "stdin.source: unknown option 'boundd'; did you mean 'bounded'?"],
  [() => untyped(aggregators).quantile?.('a', 0.5, { acuracy: 0.1 }), "quantile: unknown option 'acuracy'; did you mean 'accuracy'?"],
  [() => untyped(aggregators).topK?.('a', 3, { size: 10 }), "topK: unknown option 'size'; it takes 'capacity'"],
  [
    () => untyped(aggregators).approxCountDistinct?.('a', { precison: 9 }),
    "approxCountDistinct: unknown option 'precison'; did you mean 'precision'?",
  ],
  [() => untyped(aggregators).variance?.('a', { populaton: true }), "variance: unknown option 'populaton'; did you mean 'population'?"],
]);

misuses('options that are no object', [
  [
    () => new StreamEnvironment(4 as unknown as object),
    'StreamEnvironment: the options must be an object, such as { parallelism: … }, not 4',
  ],
  [() => new StreamEnvironment(null as unknown as object), /^StreamEnvironment: the options must be an object, such as .*, not null$/],
  [() => new StreamEnvironment([] as object), /not an empty array$/],
  [() => new TestEnvironment('x' as unknown as object), /^TestEnvironment: the options must be an object, .*, not 'x'$/],
  [() => env().fromData?.([1], 2), /^fromData: the options must be an object, such as \{ \w+: … \}, not 2$/],
  [() => env().generate?.(), 'generate: the options must be an object, such as { count: … }, not undefined'],
  [() => env().generate?.((n: number) => n), /^generate: the options must be an object, .*, not a function$/],
  [() => env().readTextFile?.('x', 'utf8'), /^readTextFile: the options must be an object, .*, not 'utf8'$/],
  [() => env().socketTextStream?.('h', 1, ';'), /^socketTextStream: the options must be an object/],
  [
    () => env().socketTextStream?.('h', 1, { reconnect: true }),
    'socketTextStream: reconnect must be an object, such as { delay: … }, not true',
  ],
  [() => env().socketTextStream?.('h', 1, { reconnect: {} }), /^socketTextStream: reconnect\.delay: undefined is not a duration; write /],
  [() => env().stdin?.(true), /^stdin: the options must be an object/],
  [() => untyped(files).sink?.('x'), 'files.sink: the options must be an object, such as { format: … }, not undefined'],
  [() => untyped(files).sink?.('x', 'csv'), /^files\.sink: the options must be an object, .*, not 'csv'$/],
  [() => untyped(files).sink?.('x', { format: 'csv', csv: ';' }), "files.sink: csv must be an object, such as { header: … }, not ';'"],
  [() => untyped(socket).source?.(), 'socket.source: the options must be an object, such as { host: … }, not undefined'],
  [() => untyped(stdin).source?.(0), /^stdin\.source: the options must be an object/],
  [() => untyped(aggregators).quantile?.('a', 0.5, 0.01), /^quantile: the options must be an object, .*, not 0\.01$/],
  [() => untyped(aggregators).topK?.('a', 3, 10), /^topK: the options must be an object, .*, not 10$/],
  [() => untyped(aggregators).approxCountDistinct?.('a', 12), /^approxCountDistinct: the options must be an object, .*, not 12$/],
  [() => untyped(aggregators).variance?.('a', true), /^variance: the options must be an object, .*, not true$/],
]);

misuses('an environment', [
  [() => new StreamEnvironment({ parallelism: 0 }), 'StreamEnvironment: parallelism must be a whole number from 1, not 0'],
  [() => new StreamEnvironment({ parallelism: '2' } as object), "StreamEnvironment: parallelism must be a whole number from 1, not '2'"],
  [
    () => new StreamEnvironment({ maxParallelism: 40_000 }),
    'StreamEnvironment: maxParallelism must be a whole number from 1 to 32768, not 40000',
  ],
  [
    () => new StreamEnvironment({ runtimeMode: 'fast' } as object),
    "StreamEnvironment: runtimeMode must be 'streaming', 'batch' or 'automatic', not 'fast'",
  ],
  [() => new StreamEnvironment({ chaining: 'no' } as object), "StreamEnvironment: chaining must be true or false, not 'no'"],
  [() => new StreamEnvironment({ limits: 4 } as object), 'StreamEnvironment: limits must be an object, such as { batchRows: … }, not 4'],
  [
    () => new StreamEnvironment({ checkpoint: { interval: 'soon' } } as object),
    /^StreamEnvironment: checkpoint\.interval: 'soon' is not a duration/,
  ],
  [
    () => new StreamEnvironment({ checkpoint: { interval: '1s', unaligned: 'yes' } } as object),
    /unaligned must be true, false, or \{ afterAlignmentTimeout: a duration \}, not 'yes'/,
  ],
  [
    () => new StreamEnvironment({ checkpoint: { interval: '1s', unaligned: { afterAlignmentTimeout: 'soon' } } } as object),
    /^StreamEnvironment: checkpoint\.unaligned\.afterAlignmentTimeout: 'soon' is not a duration/,
  ],
  [
    () => new StreamEnvironment({ checkpoint: { interval: '1s', unaligned: true, mode: 'at-least-once' } }),
    /checkpoint\.unaligned is for mode 'exactly-once'/,
  ],
  [
    () => new StreamEnvironment({ checkpoint: { interval: '1s', unaligned: true, maxConcurrent: 2 } }),
    /checkpoint\.unaligned takes one checkpoint at a time; leave maxConcurrent out, which is 2/,
  ],
  [
    () => new StreamEnvironment({ checkpoint: {} } as object),
    /^StreamEnvironment: checkpoint\.interval is missing: .*; write checkpoint: { interval: '10s' }$/,
  ],
  [
    () => new StreamEnvironment({ checkpoints: { interval: '1s' } } as object),
    /unknown option 'checkpoints'; did you mean 'checkpoint'\?$/,
  ],
  [() => new StreamEnvironment({ checkpoint: { intervall: '1s' } } as object), /unknown option 'intervall'|intervall/],
  [() => new StreamEnvironment({ bufferTimeout: 'soon' } as object), /^StreamEnvironment: bufferTimeout: 'soon' is not a duration; write /],
  [() => new StreamEnvironment({ bufferTimeout: true } as object), /^StreamEnvironment: bufferTimeout: true is not a duration; write /],
  [() => env().fromData?.('x'), "fromData: the rows must be an array, not 'x'"],
  [() => env().fromData?.(), 'fromData: the rows must be an array, not undefined'],
  [() => env().fromData?.(new Set([1])), 'fromData: the rows must be an array, not a value of class Set'],
  [() => env().fromData?.([1], { parallelism: '2' }), "fromData: parallelism must be a whole number from 1, not '2'"],
  [() => env().fromData?.([1], { name: '' }), "fromData: name must be a text that is not empty, not ''"],
  [() => env().fromData?.([1], { uid: 7 }), 'fromData: uid must be a text that is not empty, not 7'],
  [() => env().fromSequence?.(), 'fromSequence: from must be a whole number, not undefined'],
  [() => env().fromSequence?.(1), 'fromSequence: to must be a whole number, not undefined'],
  [() => env().fromSequence?.('1', 2), "fromSequence: from must be a whole number, not '1'"],
  [() => env().fromSequence?.(1, Number.POSITIVE_INFINITY), 'fromSequence: to must be a whole number, not Infinity'],
  [() => env().generate?.({}), 'generate: create must be a function, not undefined'],
  [() => env().generate?.({ create: async () => 1 }), /^generate: the function must not be async/],
  [() => env().generate?.({ create: () => 1, count: -1 }), 'generate: count must be a whole number from 0, not -1'],
  [() => env().generate?.({ create: () => 1, ratePerSecond: '5' }), "generate: ratePerSecond must be a number above 0, not '5'"],
  [() => env().generate?.({ create: () => 1, ratePerSecond: 0 }), 'generate: ratePerSecond must be a number above 0, not 0'],
  [() => env().generate?.({ create: () => 1, ratePerSecond: Number.NaN }), 'generate: ratePerSecond must be a number above 0, not NaN'],
  [() => env().readTextFile?.(), 'readTextFile: the path must be a path or glob, or an array of them, not undefined'],
  [() => env().readTextFile?.(''), "readTextFile: the path must be a path or glob, or an array of them, not ''"],
  [() => env().readTextFile?.([]), 'readTextFile: the path must be a path or glob, or an array of them, not an empty array'],
  [() => env().readTextFile?.(['a', 5]), 'readTextFile: the path must be a path or glob, or an array of them, not an array with 5'],
  [() => env().readTextFile?.(new URL('file:///x')), /not a value of class URL$/],
  [() => env().readTextFile?.('x', { encoding: 'utf-16' }), "readTextFile: encoding must be 'utf8' or 'latin1', not 'utf-16'"],
  [() => env().socketTextStream?.(), 'socketTextStream: host must be a name or an address, not undefined'],
  [() => env().socketTextStream?.('h'), 'socketTextStream: port must be a whole number from 1 to 65535, not undefined'],
  [() => env().socketTextStream?.('h', '80'), "socketTextStream: port must be a whole number from 1 to 65535, not '80'"],
  [() => env().socketTextStream?.('h', 80, { delimiter: '' }), "socketTextStream: delimiter must be a text that is not empty, not ''"],
  [() => env().socketTextStream?.('h', 80, { delimiter: 10 }), 'socketTextStream: delimiter must be a text that is not empty, not 10'],
  [
    () => env().socketTextStream?.('h', 80, { reconnect: { delay: 1, maxAttempts: 1.5 } }),
    'socketTextStream: reconnect.maxAttempts must be a whole number from 0, or Infinity, not 1.5',
  ],
  [
    () => env().socketTextStream?.('h', 80, { parallelism: 2 }),
    "socketTextStream: the source 'socket h:80' cannot be divided among 2 subtasks; at most 1",
  ],
  [() => env().stdin?.({ bounded: 'no' }), "stdin: bounded must be true or false, not 'no'"],
  [() => env().fromHost?.(), 'fromHost: the name must be a text that is not empty, not undefined'],
  [() => env().fromHost?.('$x'), "fromHost: the name cannot start with '$'"],
  [() => env().fromSource?.(), 'fromSource: expected a source, such as files.source(…) or socket.source(…), not undefined'],
  [() => env().fromSource?.(files), /^fromSource: expected a source, such as .*, not an object$/],
  [
    () => env().fromSource?.({ createReader: () => ({}) }),
    'fromSource: name of the source must be a text that is not empty, not undefined',
  ],
  [
    () => env().fromSource?.({ createReader: () => ({}), name: 'x' }),
    'fromSource: bounded of the source must be true or false, not undefined',
  ],
  [
    () => env().fromSource?.({ createReader: () => ({}), name: 'x', bounded: true }),
    'fromSource: enumerate of the source must be a function, not undefined',
  ],
]);

misuses('a stream', [
  [() => stream().map?.(), 'map: expected a function, not undefined'],
  [() => stream().map?.('a'), "map: expected a function, not 'a'"],
  [() => stream().map?.(async () => 1), /^map: the function must not be async/],
  [() => stream().filter?.(null), 'filter: expected a function, not null'],
  [() => stream().flatMap?.({}), 'flatMap: expected a function, not an object'],
  [() => stream().process?.(), /^process: expected an object with a method processElement\(value, ctx, out\), not undefined$/],
  [() => stream().process?.(() => 1), /^process: expected an object with a method processElement/],
  [() => stream().process?.({ processElement() {}, open: 1 }), 'process: open must be a function, not 1'],
  [() => stream().process?.({ processElement() {}, close: 'x' }), "process: close must be a function, not 'x'"],
  [() => stream().keyBy?.(), 'keyBy: expected a field name, an index, an array of these, or a function, not undefined'],
  [() => stream().keyBy?.({}), 'keyBy: expected a field name, an index, an array of these, or a function, not an object'],
  [() => stream().keyBy?.([]), 'keyBy: expected a field name, an index, an array of these, or a function, not an empty array'],
  [
    () => stream().keyBy?.(['a', {}]),
    'keyBy: expected a field name, an index, an array of these, or a function, not an array with an object',
  ],
  [() => stream().keyBy?.(-1), /^keyBy: expected .*, not -1$/],
  [() => stream().keyBy?.(async () => 1), /^keyBy: the function must not be async/],
  [() => stream().union?.(5), 'union: expected streams, not 5'],
  [() => stream().union?.([]), 'union: expected streams, not an empty array'],
  [() => stream().partitionCustom?.(), 'partitionCustom: expected a function, not undefined'],
  [
    () => stream().partitionCustom?.(() => 0),
    /^partitionCustom: expected a field name, an index, an array of these, or a function, not undefined$/,
  ],
  [() => stream().getSideOutput?.('late'), "getSideOutput: expected an OutputTag, such as new OutputTag('late'), not 'late'"],
  [() => stream().sinkTo?.(), 'sinkTo: expected a sink, such as files.sink(…) or callback(…), not undefined'],
  [() => stream().sinkTo?.(() => {}), /^sinkTo: expected a sink, such as .*, not a function$/],
  [() => stream().sinkTo?.({ createWriter: () => ({}) }), 'sinkTo: name of the sink must be a text that is not empty, not undefined'],
  [() => stream().print?.(5), 'print: the prefix must be a text, not 5'],
  [() => stream().print?.({ prefix: 'x' }), 'print: the prefix must be a text, not an object'],
  [() => stream().toHost?.(), 'toHost: the name must be a text that is not empty, not undefined'],
  [() => stream().toHost?.('$print'), "toHost: the name cannot start with '$'"],
  [() => stream().name?.(''), "name: expected a text that is not empty, not ''"],
  [() => stream().uid?.(5), 'uid: expected a text that is not empty, not 5'],
  [() => stream().setParallelism?.(0), 'setParallelism: expected a whole number from 1, not 0'],
  [() => stream().setParallelism?.('2'), "setParallelism: expected a whole number from 1, not '2'"],
  [() => stream().setMaxParallelism?.(99_999), 'setMaxParallelism: expected a whole number from 1 to 32768, not 99999'],
  [
    () => new TestEnvironment().socketTextStream('h', 80).setParallelism(2),
    "setParallelism: the source 'socket h:80' cannot be divided among 2 subtasks; at most 1",
  ],
  [() => stream().returns?.(), 'returns: expected a type, such as t.object({ url: t.string }), not undefined'],
  [() => stream().returns?.('string'), "returns: expected a type, such as t.object({ url: t.string }), not 'string'"],
  [() => stream().returns?.({ record: 5 }), /^returns: expected a type/],
  [() => stream().executeAndCollect?.(5), 'executeAndCollect: the name must be a text that is not empty, not 5'],
  [() => untyped(new TestEnvironment().fromData([1]).print()).name?.(), 'name: expected a text that is not empty, not undefined'],
  [
    () => untyped(new TestEnvironment().fromData([1]).print()).setParallelism?.(-1),
    'setParallelism: expected a whole number from 1, not -1',
  ],
  [
    () => new TestEnvironment().fromData([1]).toHost('x').setParallelism(2),
    "setParallelism: toHost('x') runs on the host, which has no subtasks; set the parallelism of the operator in front of it",
  ],
]);

misuses('a keyed stream', [
  [() => keyed().reduce?.(), 'reduce: expected a function, not undefined'],
  [() => keyed().sum?.({}), 'sum: expected a field name or an index, or nothing for plain values, not an object'],
  [
    () => keyed().sum?.(() => 1),
    'sum: expected a field name or an index, or nothing for plain values, not a function; a function goes into aggregate({ … })',
  ],
  [() => keyed().min?.(''), "min: expected a field name or an index, or nothing for plain values, not ''"],
  [() => keyed().max?.(1.5), 'max: expected a field name or an index, or nothing for plain values, not 1.5'],
  [() => keyed().minBy?.(() => 1), /^minBy: expected a field name or an index, or nothing for plain values, not a function/],
  [() => keyed().maxBy?.(null), 'maxBy: expected a field name or an index, or nothing for plain values, not null'],
  [
    () => keyed().aggregate?.(),
    'aggregate: expected aggregators by name, such as { hits: count() }, or an aggregate function, not undefined',
  ],
  [
    () => keyed().aggregate?.(aggregators.count()),
    /^aggregate: expected aggregators by name, such as \{ hits: count\(\) \}, or an aggregate function, not an aggregator without a name$/,
  ],
  [() => keyed().aggregate?.([aggregators.count()]), /^aggregate: expected aggregators by name, .*, not an array$/],
  [() => keyed().aggregate?.({}), 'aggregate: name at least one aggregator, such as { hits: count() }'],
  [
    () => keyed().aggregate?.({ hits: aggregators.count }),
    "aggregate: 'hits' is not an aggregator; write one such as count() or sum('bytes')",
  ],
  [() => keyed().aggregate?.({ hits: aggregators.count() }, 5), 'aggregate: expected a function, not 5'],
  [() => keyed().aggregate?.({ createAccumulator: () => 0 }), 'aggregate: add must be a function, not undefined'],
]);

const windowed = (): Untyped =>
  untyped(
    new TestEnvironment()
      .fromData([{ a: 1 }])
      .keyBy('a')
      .window(eventTime.tumbling('1m')),
  );
const sessions = (): Untyped => untyped(new TestEnvironment().fromData([{ a: 1 }]).windowAll(eventTime.session({ gap: '1m' })));

misuses('windows', [
  [() => keyed().window?.(), "window: expected an assigner of windows, such as eventTime.tumbling('1m'), not undefined"],
  [() => keyed().window?.('1m'), "window: expected an assigner of windows, such as eventTime.tumbling('1m'), not '1m'"],
  [() => stream().windowAll?.({}), "windowAll: expected an assigner of windows, such as eventTime.tumbling('1m'), not an object"],
  [() => keyed().countWindow?.(0), 'countWindow: size: expected a whole number from 1, got 0'],
  [() => stream().countWindowAll?.(2, 1.5), 'countWindow: slide: expected a whole number from 1, got 1.5'],
  [
    () => windowed().trigger?.(() => 'fire'),
    'trigger: expected a trigger, such as triggers.count(100), with onElement, onEventTime and onProcessingTime, not a function',
  ],
  [
    () => windowed().evictor?.({}),
    'evictor: expected an evictor, such as evictors.count(100), with evictBefore or evictAfter, not an object',
  ],
  [() => windowed().allowedLateness?.('soon'), /^allowedLateness: 'soon' is not a duration/],
  [() => windowed().sideOutputLateData?.('late'), "sideOutputLateData: expected an OutputTag, such as new OutputTag('late'), not 'late'"],
  [
    () => sessions().trigger?.(triggers.delta(1, () => 0)),
    'trigger: the delta trigger cannot be used with windows that merge, such as sessions: it has no onMerge',
  ],
  [() => windowed().reduce?.(), 'reduce: expected a function, not undefined'],
  [
    () => windowed().reduce?.(() => 1, 5),
    'reduce: expected a function (result, ctx) => row, or an object with a method process(ctx, elements, out), behind the first one, not 5',
  ],
  [() => windowed().sum?.({}), 'sum: expected a field name or an index, or nothing for plain values, not an object'],
  [
    () => windowed().aggregate?.(),
    /^aggregate: expected aggregators by name, such as \{ hits: count\(\) \}, or an aggregate function, not undefined$/,
  ],
  [() => windowed().aggregate?.({ start: aggregators.count() }), "aggregate: a result cannot be called 'start'; give it another name"],
  [() => windowed().aggregate?.({ n: aggregators.count() }, 5), /^aggregate: expected a function \(result, ctx\) => row, or an object/],
  [() => windowed().apply?.(async () => {}), /^apply: the function must not be async/],
  [() => windowed().process?.(() => {}), 'process: expected an object with a method process(ctx, elements, out), not a function'],
  [() => windowed().process?.({ process() {}, clear: 1 }), 'process: clear must be a function, not 1'],
  [() => sessions().process?.({ windowState: { n: valueState() }, process() {} }), /^process: windows that merge have no windowState/],
]);

misuses('aggregators', [
  [() => untyped(aggregators).count?.('bytes'), "count: takes no argument, and was given 'bytes'; it counts records, whatever they hold"],
  [() => untyped(aggregators).sum?.({}), 'sum: the input must be a field name, a tuple index or a function, not an object'],
  [() => untyped(aggregators).sum?.(''), "sum: the input must be a field name, a tuple index or a function, not ''"],
  [() => untyped(aggregators).variance?.('a', { population: 1 }), 'variance: population must be true or false, not 1'],
  [() => untyped(aggregators).quantile?.(), 'quantile: q must be a number from 0 to 1, not undefined'],
  [() => untyped(aggregators).quantile?.('a', 0.5, { accuracy: '1%' }), "quantile: accuracy must be a number from 0.0001 to 0.5, not '1%'"],
]);

misuses('types', [
  [() => type.object?.(), 't.object: expected fields with their types, such as { url: t.string }, not undefined'],
  [() => type.object?.([t.string]), 't.object: expected fields with their types, such as { url: t.string }, not an array'],
  [() => type.object?.({ a: 'string' }), "t.object: the field 'a' must be a type, such as t.string, not 'string'"],
  [() => type.object?.({ a: undefined }), "t.object: the field 'a' must be a type, such as t.string, not undefined"],
  [
    () => type.object?.({ a: { b: t.string } }),
    "t.object: the field 'a' must be a type, such as t.string, not an object; write t.object({ … }) for it",
  ],
  [() => type.object?.({ a: t.object }), "t.object: the field 'a' must be a type, such as t.string, not a function"],
  [() => type.tuple?.('string'), "t.tuple: the element 0 must be a type, such as t.string, not 'string'"],
  [() => type.tuple?.([t.string]), 't.tuple: the element 0 must be a type, such as t.string, not an array'],
  [() => type.nullable?.(), 't.nullable: expected a type, such as t.string, not undefined'],
]);

misuses('connectors and tags', [
  [() => untyped({ callback }).callback?.(), 'callback: expected a function, not undefined'],
  [() => untyped(files).source?.(), 'files.source: the path must be a path or glob, or an array of them, not undefined'],
  [() => untyped(files).source?.('x', { encoding: 5 }), "files.source: encoding must be 'utf8' or 'latin1', not 5"],
  [() => untyped(files).source?.('x', { name: 5 }), 'files.source: name must be a text that is not empty, not 5'],
  [() => untyped(files).sink?.(), 'files.sink: the directory must be a text that is not empty, not undefined'],
  [() => untyped(files).sink?.('x', {}), "files.sink: format must be 'text', 'json' or 'csv', not undefined"],
  [() => untyped(files).sink?.('x', { format: 'toString' }), "files.sink: format must be 'text', 'json' or 'csv', not 'toString'"],
  [
    () => untyped(files).sink?.('x', { format: 'text', prefix: 5 }),
    'files.sink: prefix must be a text that does not end with a dash and a number, without a path in it, not 5',
  ],
  [
    () => untyped(files).sink?.('x', { format: 'text', prefix: 'part-0' }),
    "files.sink: prefix must be a text that does not end with a dash and a number, without a path in it, not 'part-0'",
  ],
  [() => untyped(files).sink?.('x', { format: 'text', rolling: true }), /^files\.sink: rolling must be an object, .*, not true$/],
  [
    () => untyped(files).sink?.('x', { format: 'text', rolling: { bytes: 5 } }),
    /^files\.sink: unknown option 'rolling\.bytes'; it takes 'rolling\.size', /,
  ],
  [
    () => untyped(files).sink?.('x', { format: 'text', rolling: { size: 0 } }),
    'files.sink: rolling.size must be a whole number from 1, not 0',
  ],
  [
    () => untyped(files).sink?.('x', { format: 'text', rolling: { interval: 'soon' } }),
    /^files\.sink: rolling\.interval: 'soon' is not a duration/,
  ],
  [() => untyped(files).sink?.('x', { format: 'text', bucket: 7 }), 'files.sink: bucket must be a function, or a pattern, not 7'],
  [() => files.sink('x', { format: 'text', bucket: 'yyyy' }), /^buckets\.path: the pattern 'yyyy' has nothing in braces; it may have/],
  [
    () => untyped(files).sink?.('x', { format: 'text', prefix: 'a/b' }),
    "files.sink: prefix must be a text that does not end with a dash and a number, without a path in it, not 'a/b'",
  ],
  [
    () => untyped(files).sink?.('x', { format: 'text', suffix: '1.txt' }),
    /^files\.sink: suffix must be a text that does not begin with a digit/,
  ],
  [() => untyped(files).sink?.('x', { format: 'text', overwrite: 'yes' }), "files.sink: overwrite must be true or false, not 'yes'"],
  [() => untyped(files).sink?.('x', { format: 'json', csv: {} }), "files.sink: csv options need format 'csv', not 'json'"],
  [() => untyped(files).sink?.('x', { format: 'csv', csv: { header: 1 } }), 'files.sink: csv.header must be true or false, not 1'],
  [
    () => untyped(files).sink?.('x', { format: 'csv', csv: { delimiter: ';;' } }),
    /^files\.sink: csv\.delimiter must be one character, and neither a quote nor a line end, not ';;'$/,
  ],
  [() => untyped(files).sink?.('x', { format: 'csv', csv: { delimiter: 9 } }), /^files\.sink: csv\.delimiter must be one character/],
  [
    () => untyped(files).sink?.('x', { format: 'csv', csv: { columns: 'a' } }),
    "files.sink: csv.columns must be an array of different names, at least one, not 'a'",
  ],
  [
    () => untyped(files).sink?.('x', { format: 'csv', csv: { columns: [] } }),
    /^files\.sink: csv\.columns must be an array of different names, at least one, not an empty array$/,
  ],
  [
    () => untyped(files).sink?.('x', { format: 'csv', csv: { columns: ['a', 'a'] } }),
    /^files\.sink: csv\.columns must be an array of different names/,
  ],
  [() => untyped(socket).source?.({}), 'socket.source: host must be a name or an address, not undefined'],
  [() => untyped(socket).source?.({ host: 'h' }), 'socket.source: port must be a whole number from 1 to 65535, not undefined'],
  [() => new OutputTag(undefined as unknown as string), 'OutputTag: the id must be a text that is not empty, not undefined'],
  [() => new OutputTag({} as string), 'OutputTag: the id must be a text that is not empty, not an object'],
]);

misuses('a test environment', [
  [() => new TestEnvironment({ seed: 'x' } as object), "TestEnvironment: seed must be a whole number, not 'x'"],
  [() => new TestEnvironment({ now: '2024' } as object), "TestEnvironment: now must be a number of milliseconds, not '2024'"],
  [() => new TestEnvironment({ inputs: { a: 5 } } as object), 'TestEnvironment: inputs must be arrays of rows by name, not an object'],
  [() => new TestEnvironment({ onPrint: 'x' } as object), "TestEnvironment: onPrint must be a function, not 'x'"],
]);

describe('what comes out as a promise', () => {
  const refusal = (promise: unknown): Promise<unknown> => (promise as Promise<unknown>).catch((error: unknown) => error);

  it('is refused all the same', async () => {
    const environment = new TestEnvironment();
    environment.fromData([1]).print();
    const job = untyped(environment);
    expect(await refusal(untyped(new StreamEnvironment()).execute?.(5))).toMatchObject({
      code: 'INVALID_OPTION',
      message: 'execute: the name must be a text that is not empty, not 5',
    });
    expect(await refusal(untyped(new StreamEnvironment()).executeAsync?.(null))).toMatchObject({
      code: 'INVALID_OPTION',
      message: 'execute: the name must be a text that is not empty, not null',
    });
    expect(await refusal(job.collect?.())).toMatchObject({ code: 'INVALID_OPTION', message: 'collect: expected a stream, not undefined' });
    expect(await refusal(job.execute?.({}))).toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('a side output', () => {
  it.each([['late'], [undefined], [new Instance()]])('that is no tag but %o fails the job instead of losing the record', async (wrong) => {
    const environment = new TestEnvironment();
    const processed = environment.fromData([1]).process<number>({
      processElement: (value, ctx) => ctx.output(wrong as OutputTag<number>, value),
    });
    await expect(environment.collect(processed)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^ctx\.output: expected an OutputTag, such as new OutputTag\('late'\), not /),
    });
  });
});

describe('what is allowed stays so', () => {
  it('optional arguments that are undefined', () => {
    const environment = new TestEnvironment({ parallelism: undefined, seed: undefined } as object);
    const rows = environment.fromData([{ a: 1 }], undefined);
    expect(() => rows.print(undefined)).not.toThrow();
    const byField: KeyedStream<{ a: number }, number> = rows.keyBy('a');
    expect(() => byField.sum('a').print('')).not.toThrow();
    expect(() => environment.generate({ create: (i: number) => i, count: undefined } as never)).not.toThrow();
    expect(() => untyped(files).sink?.('x', { format: 'text', prefix: '', csv: undefined })).not.toThrow();
    expect(() => untyped(aggregators).quantile?.('a', 0.5, undefined)).not.toThrow();
    const source: Source<string> = socket.source({ host: 'h', port: 1, reconnect: { delay: '1s', maxAttempts: Number.POSITIVE_INFINITY } });
    expect(() => environment.fromSource(source)).not.toThrow();
  });
});

const broadcast = (from: Untyped): unknown => from.fromData?.(['a']) && untyped(from.fromData?.(['a']) as object).broadcast?.();
const both = { processElement1() {}, processElement2() {} };
const joined = (): Untyped => untyped(joinable('join'));
const joinable = (kind: 'join' | 'coGroup'): object => {
  const test = new TestEnvironment();
  const [left, right] = [test.fromData([{ a: 1 }]), test.fromData([{ b: 1 }])];
  return kind === 'join' ? left.join(right).where('a').equalTo('b') : left.coGroup(right).where('a').equalTo('b');
};

misuses('functions on two streams', [
  [
    () => untyped(connected()).process?.({ processElement1() {} }),
    /^process: expected an object with the methods processElement1\(value, ctx, out\) and processElement2/,
  ],
  [() => untyped(connected()).process?.({ ...both, onTimer: 5 }), /^process: onTimer must be a function/],
  [() => untyped(connected()).process?.({ ...both, async processElement2() {} }), /^process: the function must not be async/],
  [() => untyped(connected()).map?.((n: number) => n), 'map: expected a function, not undefined'],
  [() => untyped(connected()).flatMap?.((n: number) => [n], 5), 'flatMap: expected a function, not 5'],
  [
    () => untyped(connected()).process?.({ ...both, state: { x: valueState() } }),
    'process: state.x: expected a state made by operatorListState, not valueState',
  ],
  [
    () => stream().process?.({ processElement() {}, state: { x: broadcastState() } }),
    'process: state.x: expected a state made by operatorListState, not broadcastState',
  ],
  [
    () => stream().process?.({ processElement() {}, state: { x: 5 } }),
    'process: state.x: expected a state made by operatorListState, not 5',
  ],
  [
    () => keyed().process?.({ processElement() {}, state: { x: broadcastState() } }),
    /^process: state\.x: expected a state made by valueState or listState or .* not broadcastState$/,
  ],
  [
    () => {
      const from = env();
      return untyped(untyped(from.fromData?.([1]) as object).connect?.(broadcast(from)) as object).process?.(both);
    },
    /^process: expected an object with the methods processElement\(value, ctx, out\) and processBroadcastElement/,
  ],
]);

function connected(): object {
  const test = new TestEnvironment();
  return test.fromData([1]).connect(test.fromData(['a']));
}

misuses('joins', [
  [() => stream().join?.(5), 'join: expected streams, not 5'],
  [() => stream().coGroup?.([]), /^coGroup: expected streams, not /],
  [() => stream().connect?.(undefined), /^connect: expected streams, not undefined/],
  [() => keyed().intervalJoin?.(stream()), /^intervalJoin: expected a keyed stream, such as payments\.keyBy\(…\)/],
  [() => untyped(interval().between?.('x', 1) as object), /^between: lower/],
  [() => untyped(interval().between?.(5, '1ms') as object), 'between: the lower bound 5 is above the upper bound 1ms; exchange them'],
  [() => untyped(interval().between?.(0, 1) as object).process?.({}), /^intervalJoin: expected a function/],
  [() => untyped(interval().between?.(0, 1) as object).process?.(async () => {}), /^intervalJoin: the function must not be async/],
  [() => untyped(interval().between?.(0, 1) as object).sideOutputLeftLateData?.('late'), /^sideOutputLeftLateData: expected an OutputTag/],
  [() => joined().window?.('1m'), /^join: window: expected an assigner of windows/],
  [() => untyped(joined().window?.(eventTime.tumbling(1)) as object).apply?.(5), 'apply: expected a function, not 5'],
  [() => untyped(joined().window?.(eventTime.tumbling(1)) as object).trigger?.(5), /^trigger: expected a trigger/],
  [() => untyped(joined().window?.(eventTime.tumbling(1)) as object).sideOutputLateData?.(5), /^sideOutputLateData: expected an OutputTag/],
]);

function interval(): Untyped {
  const records = new TestEnvironment().fromData([{ a: 1 }]).keyBy('a');
  return untyped(records.intervalJoin(records));
}

misuses('functions of states', [
  [() => reducingState(async () => 1 as never), /^reducingState: the function must not be async/],
  [
    () => aggregatingState({ createAccumulator: () => 0, add: async () => 1, getResult: (n: unknown) => n } as never),
    /^aggregatingState: add must not be async/,
  ],
]);

describe('a function that returns a promise without being async', () => {
  it.each(['map', 'filter'] as const)('is refused by %s', async (operator) => {
    const env = new TestEnvironment();
    const later = (n: number) => Promise.resolve(n);
    const numbers = env.fromData([1]);
    const rows = operator === 'map' ? numbers.map(later) : numbers.filter(later);
    await expect(env.collect<unknown>(rows)).rejects.toThrow(`TypeError: ${operator}: the function returned a promise`);
  });
});

describe('keys that can never be equal', () => {
  const env = new TestEnvironment();
  const [a, b] = [env.fromData([{ k: 1, l: 2 }]), env.fromData([{ k: 1, l: 2 }])];

  it.each([
    ['intervalJoin', () => a.keyBy('k').intervalJoin(b.keyBy(['k']) as never)],
    ['connect', () => a.keyBy(['k', 'l']).connect(b.keyBy(['k']) as never)],
    ['keyBy', () => a.connect(b).keyBy('k', ['k'] as never)],
    ['equalTo', () => a.join(b).where('k').equalTo(['k'])],
  ] as const)('are refused by %s', (of, make) => {
    expect(make).toThrow(new RegExp(`^${of}: the keys .* and .* are never equal: one field by itself is its value`));
  });

  it('are not seen where functions make them', () => {
    expect(() => a.keyBy('k').intervalJoin(b.keyBy(({ l }) => l))).not.toThrow();
  });
});
