// Golden jobs: every kind of state, from one stream of made-up records, each to files of its own. `env.args.which` names some of them.
// What they write follows from the records alone, whatever the parallelism, and wherever they were stopped and went on.
import { join } from 'node:path';
import {
  aggregatingState,
  avg,
  broadcastState,
  count,
  countDistinct,
  disk,
  eventTime,
  evictors,
  files,
  listState,
  mapState,
  max,
  operatorListState,
  reducingState,
  StreamEnvironment,
  sum,
  topK,
  valueState,
  watermarks,
} from '../../../dist/index.js';
import { untilTold, waitingSource } from './waiting-source.mjs';

const { args } = new StreamEnvironment();
const { directory, records = 2000, until, which, parallelism, checkpoint, unaligned, memory, limits } = args;
const env = new StreamEnvironment({
  parallelism,
  stateDir: join(directory, 'state'),
  runtimeMode: 'streaming',
  bufferTimeout: '1ms',
  autoWatermarkInterval: '5ms',
  // Checkpoints come when they are asked for.
  ...(checkpoint === true ? { checkpoint: { interval: '1h', retain: 1, unaligned } } : {}),
  ...(memory === undefined ? {} : { stateBackend: disk({ memory }) }),
  limits: { inlineStateBytes: 256, stateWriteBytes: 1024, snapshotUnits: 16, stateSegments: 4, checkpointPercentMax: 100, ...limits },
});

const words = ['wheel', 'water', 'stone', 'grain', 'flour', 'sack', 'river', 'dam', 'gear', 'axle', 'sieve'];
const endOfAll = 8e15;
/** State that expires, but not in the life of anybody. */
const ttl = '36500d';

/** Out of order by up to 200 ms; one in 50 is late by seconds. */
function recordOf(index) {
  const mixed = Math.imul(index + 1, 0x9e3779b1) >>> 8;
  const late = index % 50 === 49 ? 2500 : 0;
  return { index, at: Math.max(0, index * 10 + (mixed % 200) - late), key: `k${mixed % 23}`, value: mixed % 100, word: words[mixed % 11] };
}

/** A watermark behind every record, so that what is late does not depend on when batches end. */
class Punctuated {
  latest = Number.NEGATIVE_INFINITY;
  onEvent(_record, timestamp, output) {
    this.latest = Math.max(this.latest, timestamp);
    output.emitWatermark(this.latest - 200);
  }
  onPeriodicEmit() {}
  snapshot() {
    return this.latest;
  }
  restore(latest) {
    this.latest = latest;
  }
}

const source = env.fromSource(waitingSource({ count: records, create: recordOf, until: untilTold(until) }), {
  parallelism: 1,
  uid: 'source',
  watermarks: watermarks.generator({ create: () => new Punctuated(), timestamp: 'at' }),
});

const lastWord = {
  createAccumulator: () => ({ n: 0, last: '' }),
  add: ({ word }, { n }) => ({ n: n + 1, last: word }),
  merge: (a, b) => ({ n: a.n + b.n, last: b.last }),
  getResult: (acc) => acc,
};

const keyed = () => source.keyBy('key');

/** What two channels bring in any order must not be late: nobody knows when the watermark of both passes it. */
const sides = (divisor) => source.filter(({ index, value }) => index % 50 !== 49 && value % divisor === 0).setParallelism(1);

const jobs = {
  wordCount: () =>
    source
      .flatMap(({ word, value }) => [word, `${word}-${value % 3}`])
      .keyBy((word) => word)
      .aggregate({ n: count() })
      .map(({ key, n }) => `${key}: ${n}`),

  rolling: () =>
    keyed()
      .sum('value')
      .map(({ key, value }) => `${key} sum ${value}`)
      .union(
        keyed()
          .maxBy('value')
          .map(({ key, value, at }) => `${key} maxBy ${value} ${at}`),
        keyed()
          .reduce((a, b) => ({ ...b, value: a.value ^ b.value }))
          .map(({ key, value }) => `${key} xor ${value}`),
        keyed()
          .aggregate(lastWord)
          .map(({ n, last }) => `fold ${n} ${last}`),
        keyed()
          .aggregate({ mean: avg('value'), words: countDistinct('word'), top: topK('value', 2), most: max('value') })
          .map((row) => `all ${JSON.stringify(row)}`),
      ),

  tumbling: () =>
    keyed()
      .window(eventTime.tumbling('1s'))
      .aggregate({ n: count(), total: sum('value'), words: countDistinct('word') })
      .map(({ key, start, n, total, words: distinct }) => `${start} ${key} ${n} ${total} ${distinct}`),

  sliding: () =>
    keyed()
      .window(eventTime.sliding('2s', '500ms'))
      .allowedLateness('3s')
      .aggregate({ n: count(), total: sum('value') })
      .map(({ key, start, n, total }) => `${start} ${key} ${n} ${total}`),

  sessions: () =>
    keyed()
      .window(eventTime.session({ gap: '150ms' }))
      .allowedLateness('1s')
      .aggregate({ n: count(), total: sum('value') })
      .map(({ key, start, end, n, total }) => `${start}-${end} ${key} ${n} ${total}`),

  windows: () =>
    keyed()
      .window(eventTime.tumbling('2s'))
      .evictor(evictors.count(5))
      .allowedLateness('1s')
      .process({
        windowState: { calls: valueState({ default: 0 }) },
        globalState: { windows: valueState({ default: 0 }) },
        process({ key, window, windowState, globalState }, rows, out) {
          windowState.calls.update(windowState.calls.value + 1);
          globalState.windows.update(globalState.windows.value + 1);
          const values = [...rows].map(({ value }) => value);
          out(`${window.start} ${key} ${values} ${windowState.calls.value} ${globalState.windows.value}`);
        },
      })
      .union(
        keyed()
          .countWindow(7)
          .reduce((a, b) => ({ ...b, value: a.value + b.value }))
          .map(({ key, value }) => `count ${key} ${value}`),
        source
          .windowAll(eventTime.tumbling('3s'))
          .aggregate({ n: count() })
          .map(({ start, n }) => `all ${start} ${n}`),
      ),

  keyedProcess: () =>
    keyed().process({
      state: {
        n: valueState({ default: 0 }),
        last: valueState({ ttl }),
        list: listState(),
        listTtl: listState({ ttl }),
        map: mapState(),
        mapTtl: mapState({ ttl: { ttl, update: 'on-read-and-write' } }),
        most: reducingState(Math.max),
        mostTtl: reducingState(Math.min, { ttl }),
        mean: aggregatingState({
          createAccumulator: () => ({ n: 0, sum: 0 }),
          add: (v, { n, sum: s }) => ({ n: n + 1, sum: s + v }),
          getResult: ({ n, sum: s }) => `${s}/${n}`,
        }),
        meanTtl: aggregatingState({ createAccumulator: () => 0n, add: (v, acc) => acc + BigInt(v), getResult: (acc) => acc }, { ttl }),
      },
      processElement({ at, value, word }, { state, timers }) {
        state.n.update(state.n.value + 1);
        state.last.update({ at, word, when: new Date(at) });
        if (value % 7 === 0) state.list.add(value);
        if (value % 9 === 0) state.listTtl.add([at, value]);
        state.map.set(word, (state.map.get(word) ?? 0) + value);
        state.mapTtl.set([word, value % 2], at);
        if (value % 13 === 0) state.map.delete(words[value % 11]);
        state.most.add(value);
        state.mostTtl.add(value);
        state.mean.add(value);
        state.meanTtl.add(value);
        timers.registerEventTime(Math.ceil((at + 1) / 1500) * 1500);
        timers.registerEventTime(endOfAll);
        // Never fires: it is only there.
        timers.registerProcessingTime(endOfAll);
        if (value % 5 === 0) timers.deleteEventTime(Math.ceil((at + 1) / 1500) * 1500);
      },
      onTimer(time, { key, state, timers }, out) {
        if (time < endOfAll) {
          out(`${key} at ${time}: ${state.n.value} ${state.last.value.word}`);
          return;
        }
        timers.deleteProcessingTime(endOfAll);
        const sorted = (entries) =>
          [...entries]
            .map((entry) => JSON.stringify(entry))
            .sort()
            .join(' ');
        out(
          `${key}: ${state.n.value}, ${JSON.stringify(state.last.value)}, ${state.list.get()}, ${JSON.stringify(state.listTtl.get())}, ` +
            `${sorted(state.map)}, ${sorted(state.mapTtl)}, ${state.most.get()}, ${state.mostTtl.get()}, ${state.mean.get()}, ${state.meanTtl.get()}`,
        );
      },
    }),

  intervalJoin: () =>
    sides(2)
      .keyBy('key')
      .intervalJoin(sides(3).keyBy('key'))
      .between('-300ms', '400ms')
      .process((a, b, _context, out) => out(`${a.key} ${a.at}/${a.value} ${b.at}/${b.value}`)),

  windowJoin: () =>
    sides(2)
      .coGroup(sides(3))
      .where('key')
      .equalTo('key')
      .window(eventTime.tumbling('1s'))
      .apply((evens, threes, out) => out(`${[...evens].map(({ at }) => at)} ${[...threes].map(({ at }) => at)}`)),

  broadcast: () => {
    const rules = env.fromData(
      words.map((word, i) => ({ word, factor: i + 1 })),
      { uid: 'rules', watermarks: watermarks.monotonous({ timestamp: () => 0 }) },
    );
    return keyed()
      .connect(rules.broadcast())
      .process({
        state: { rules: broadcastState(), seen: mapState() },
        processElement({ word, value }, { state, timers }) {
          state.seen.set(word, (state.seen.get(word) ?? 0) + value);
          timers.registerEventTime(endOfAll);
        },
        processBroadcastElement({ word, factor }, { state }) {
          state.rules.set(word, factor);
        },
        onTimer(_time, { key, state }, out) {
          // By then there are all rules.
          out(`${key}: ${[...state.seen].map(([word, value]) => `${word} ${value * state.rules.get(word)}`).sort()}`);
        },
      });
  },

  asyncMap: () =>
    source
      .asyncMap(({ at, value }) => new Promise((resolve) => setTimeout(resolve, value % 10, `${at} ${value}`)), { capacity: 30 })
      .union(source.asyncMap(async ({ at, key }) => `${at} ${key}`, { capacity: 5, ordered: false })),

  operatorList: () =>
    source
      .map((record) => record)
      .process({
        state: { waiting: operatorListState() },
        processElement(record, { state }, out) {
          // Lets one in three wait until there are ten; what waits at the end stays.
          if (record.value % 3 !== 0) return out(`${record.at} ${record.key}`);
          state.waiting.add(record.value);
        },
      }),
};

for (const name of which ?? Object.keys(jobs)) {
  // Some parts roll with every checkpoint, some go on behind it.
  const rolling = name.length % 2 === 0 ? { onCheckpoint: true } : { size: 4096 };
  jobs[name]()
    .sinkTo(files.sink(join(directory, 'out', name), { format: 'text', rolling }))
    .uid(`sink-${name}`);
}

await env.execute('golden');
