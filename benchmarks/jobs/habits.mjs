/**
 * What habits cost: jobs in pairs that come to the same, one in a way that the engine does well and one as people might write it.
 *
 *   node benchmarks/jobs/habits.mjs [records] [habit]
 *
 * Each job runs on one worker thread, in a process of its own, in streaming mode. A figure is the processor time of a record from the source to the sink, in
 * nanoseconds, from when a fifth of the records is made, so that neither starting nor compiling counts, to the end of the job. So each has the making
 * of the records in it, the same for both of a pair. `records` are those of a cheap job; dear ones have fewer.
 *
 * The hash is over how many rows these jobs emitted, and over the rows themselves of the first records, for which each job runs again: to read the rows
 * would be part of the time.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { count, eventTime, StreamEnvironment, sum, valueState, watermarks } from 'millrace';
import { TestEnvironment } from 'millrace/testing';
import { Checksum, hashOfRows, totalOf } from '../runner/checksum.mjs';
import { markedNumbers } from './marked-numbers.mjs';
import { leaveNumbers, takeNumbers } from './subtask-numbers.mjs';

/**
 * @typedef {{ user: number, name: string, amount: number, at: number, a: number, b: number, c: number, d: number, missing: number | null | undefined }} Row
 * @typedef {import('millrace').DataStream<Row>} Rows
 * @typedef {(rows: Rows) => import('millrace').DataStream<any>} Way
 * @typedef {{ ns: number, rows: number }} Measured nanoseconds a record
 * @typedef {'well' | 'otherwise'} WayName
 * @typedef {{ well: Way, otherwise: Way, share?: number, missing?: [null, undefined] }} Habit `share`: of the records that are enough
 */

const users = 10_000;
/** Of which all rows are hashed. */
const hashedRecords = 10_000;
/** Decoded from bytes, as a format has them. */
const names = Array.from({ length: users }, (_, i) => Buffer.from(`customer-${i}`).toString('latin1'));
const hour = 3_600_000;
const settings = /** @type {const} */ ({ parallelism: 1, runtimeMode: 'streaming', localAggregation: false });

/** @type {(rows: Rows) => import('millrace').KeyedStream<Row, number>} */
const byUser = (rows) => rows.keyBy('user');
/** @type {(rows: Rows) => Rows} */
const timed = (rows) => rows.assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness(0, { timestamp: 'at' }));
/** An exchange, so that what goes through it counts. @type {(rows: import('millrace').DataStream<any>) => import('millrace').DataStream<any>} */
const across = (rows) => rows.rebalance().map(({ amount }) => amount);

/** @type {Way} */
const latest = (rows) =>
  byUser(rows).process({
    state: { latest: valueState() },
    processElement({ amount }, ctx, out) {
      ctx.state.latest.update(amount);
      out(amount);
    },
  });

/** @type {Readonly<Record<string, Habit>>} */
const habits = {
  'a field is changed by a literal of those that are needed, or by a spread of the record': {
    well: (rows) => across(rows.map(({ user, amount }) => ({ user, amount: amount * 2 }))),
    otherwise: (rows) => across(rows.map((row) => ({ ...row, amount: row.amount * 2 }))),
  },
  'a filter reads one field, or has the whole record passed to a function': {
    well: (rows) => rows.rebalance().filter((row) => row.amount > 5),
    otherwise: (rows) => rows.rebalance().filter((row) => isLarge(row)),
  },
  'a map returns a literal, or what Object.assign returns': {
    well: (rows) => across(rows.map(({ user, amount }) => ({ user, amount: amount * 2 }))),
    otherwise: (rows) => across(rows.map(({ user, amount }) => Object.assign({ user }, { amount: amount * 2 }))),
  },
  'a missing value is null, or undefined: a column of any': {
    well: (rows) => rows.rebalance().map(({ missing }) => missing),
    otherwise: (rows) => rows.rebalance().map(({ missing }) => missing),
    missing: [null, undefined],
  },
  'the key is a field, or made by a function': {
    well: (rows) => rows.keyBy('user').aggregate({ s: sum('amount') }),
    otherwise: (rows) => rows.keyBy((row) => row.user).aggregate({ s: sum('amount') }),
  },
  'the key is a number, or a string': {
    well: (rows) => rows.keyBy('user').aggregate({ s: sum('amount') }),
    otherwise: (rows) => rows.keyBy('name').aggregate({ s: sum('amount') }),
  },
  'the key is a number, or two of them': {
    well: (rows) => rows.keyBy('user').aggregate({ s: sum('amount') }),
    otherwise: (rows) => rows.keyBy(['user', 'b']).aggregate({ s: sum('amount') }),
  },
  'an aggregator has a field, or a function': {
    well: (rows) => byUser(rows).aggregate({ s: sum('amount') }),
    otherwise: (rows) => byUser(rows).aggregate({ s: sum((row) => row.amount) }),
  },
  'totals are aggregators, or a state by hand': {
    well: (rows) => byUser(rows).aggregate({ s: sum('amount'), n: count() }),
    otherwise: (rows) =>
      byUser(rows).process({
        state: { total: valueState({ default: () => ({ s: 0, n: 0 }) }) },
        processElement({ amount }, ctx, out) {
          const { s, n } = ctx.state.total.value;
          const total = { s: s + amount, n: n + 1 };
          ctx.state.total.update(total);
          out(total);
        },
      }),
  },
  'a window aggregates as records come, or keeps them for a function': {
    well: (rows) =>
      byUser(timed(rows))
        .window(eventTime.tumbling('1s'))
        .aggregate({ s: sum('amount') }),
    otherwise: (rows) =>
      byUser(timed(rows))
        .window(eventTime.tumbling('1s'))
        .process({
          process(_, records, /** @type {(s: number) => void} */ out) {
            let s = 0;
            for (const { amount } of records) s += amount;
            out(s);
          },
        }),
    share: 0.25,
  },
  'a window tumbles, or slides in ten steps': {
    well: (rows) =>
      byUser(timed(rows))
        .window(eventTime.tumbling('1s'))
        .aggregate({ s: sum('amount') }),
    otherwise: (rows) =>
      byUser(timed(rows))
        .window(eventTime.sliding('1s', '100ms'))
        .aggregate({ s: sum('amount') }),
    share: 0.5,
  },
  'a state is left alone, or has a timer for each record': {
    well: latest,
    otherwise: (rows) =>
      byUser(timed(rows)).process({
        state: { latest: valueState() },
        processElement({ amount, at }, ctx, out) {
          ctx.state.latest.update(amount);
          ctx.timers.registerEventTime(at + 1000);
          out(amount);
        },
        onTimer() {},
      }),
    share: 0.25,
  },
  'a timer is of each key and second, or of each record': {
    well: (rows) =>
      byUser(timed(rows)).process({
        state: { latest: valueState() },
        processElement({ amount, at }, ctx, out) {
          ctx.state.latest.update(amount);
          ctx.timers.registerEventTime(Math.ceil(at / 1000) * 1000);
          out(amount);
        },
        onTimer() {},
      }),
    otherwise: (rows) =>
      byUser(timed(rows)).process({
        state: { latest: valueState() },
        processElement({ amount, at }, ctx, out) {
          ctx.state.latest.update(amount);
          ctx.timers.registerEventTime(at + 1000);
          out(amount);
        },
        onTimer() {},
      }),
    share: 0.25,
  },
  'a function returns, or returns a promise that is there already': {
    well: (rows) => rows.map(({ amount }) => amount),
    otherwise: (rows) => rows.asyncMap(async ({ amount }) => amount),
    share: 0.1,
  },
};

/** Of all threads of the process; the others wait for the worker. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** @param {Row} row */
function isLarge(row) {
  return row.amount > 5;
}

const [records = '4000000', name, way] = process.argv.slice(2);
if (name !== undefined && !Object.hasOwn(habits, name)) throw new Error(`there is no habit '${name}'`);
if (way === 'well' || way === 'otherwise') console.log(JSON.stringify(await measure(name, way, Number(records))));
else {
  /** @type {import('../runner/measure.mjs').Figure[]} */
  const figures = [];
  const results = [];
  for (const habit of name === undefined ? Object.keys(habits) : [name])
    for (const way of /** @type {const} */ (['well', 'otherwise'])) {
      const { ns, rows } = inProcess(habit, way);
      figures.push({ name: `${habit}: the ${way === 'well' ? 'former' : 'latter'}`, value: ns, unit: 'ns' });
      results.push({ habit, way, rows, hash: await hashOf(habit, way) });
    }
  console.log(JSON.stringify({ program: 'habits', figures, hash: hashOfRows(results) }));
}

/**
 * @param {string} habit
 * @param {WayName} way
 * @returns {Measured}
 */
function inProcess(habit, way) {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), records, habit, way], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`'${habit}' (${way}) ended with ${status}`);
  return JSON.parse(stdout);
}

/**
 * @param {string} name
 * @param {WayName} way
 * @param {number} most
 * @returns {Promise<Measured>}
 */
async function measure(name, way, most) {
  const total = Math.ceil(most * (habits[name].share ?? 1));
  const warm = Math.floor(total / 5);
  const env = new StreamEnvironment(settings);
  const onMark = () => leaveNumbers(0, [cpuMs(), 0]);
  rowsOf(env.fromSource(markedNumbers({ count: total, mark: warm, onMark })), name, way).sinkTo({
    name: 'nothing',
    retains: false,
    createWriter() {
      let rows = 0;
      return {
        write: () => void rows++,
        finish: () => leaveNumbers(1, [cpuMs(), rows]),
      };
    },
  });
  await env.execute('habit');
  const [[began], [ended, rows]] = takeNumbers().sort(([a], [b]) => a - b);
  return { ns: ((ended - began) * 1e6) / (total - warm), rows };
}

/**
 * @param {string} name
 * @param {WayName} way
 */
async function hashOf(name, way) {
  const sum = new Checksum();
  const env = new TestEnvironment(settings);
  const numbers = env.fromSource(markedNumbers({ count: hashedRecords, mark: 0, onMark() {} }));
  rowsOf(numbers, name, way).sinkTo({ name: 'checksum', createWriter: () => ({ write: (row) => sum.add(row) }) });
  await env.execute();
  return totalOf([sum.parts]).hash;
}

/**
 * The job up to its sink.
 *
 * @param {import('millrace').DataStream<{ i: number }>} numbers
 * @param {string} name
 * @param {WayName} way
 */
function rowsOf(numbers, name, way) {
  const { missing = [null, null], ...ways } = habits[name];
  const absent = missing[way === 'well' ? 0 : 1];
  const rows = numbers.map(({ i }) => {
    const x = Math.imul(i ^ (i >>> 15), 2246822519) >>> 8;
    const user = x % users;
    return {
      user,
      name: names[user],
      amount: i % 997,
      at: hour + i / 100,
      a: i,
      b: user % 7,
      c: i + 2,
      d: i + 3,
      missing: i % 7 === 0 ? absent : i,
    };
  });
  return ways[way](rows);
}
