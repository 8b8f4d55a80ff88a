// Orders and payments: what each customer ordered in a minute, told by timers from state of every kind; and pairs that lie close together.
import { aggregatingState, files, listState, mapState, reducingState, valueState, watermarks } from '../../../dist/index.js';
import { environment, input, isRecord, output, run } from './settings.mjs';

const env = environment();
const minuteMs = 60_000;

const timed = (name) =>
  env
    .readTextFile(input(name))
    .filter(isRecord)
    .map((line) => {
      const [at, key, value] = line.split(' ');
      return { at: Number(at), key, value: Number(value) };
    })
    .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('500ms', { timestamp: 'at' }));

const orders = timed('events').keyBy('key');
const payments = timed('payments').keyBy('key');

orders
  .process({
    state: {
      records: valueState({ default: 0 }),
      minutes: mapState({ ttl: '1d' }),
      largest: reducingState(Math.max),
      values: listState(),
      total: aggregatingState({
        createAccumulator: () => ({ sum: 0 }),
        add: (value, { sum }) => ({ sum: sum + value }),
        getResult: ({ sum }) => sum,
      }),
    },
    processElement({ at, value }, { state, timers }) {
      const minute = Math.floor(at / minuteMs);
      state.records.update(state.records.value + 1);
      state.minutes.set(minute, (state.minutes.get(minute) ?? 0) + value);
      state.largest.add(value);
      state.total.add(value);
      if (value % 10 === 0) state.values.add(at);
      timers.registerEventTime((minute + 1) * minuteMs);
      // Fires at the end of the input, when all is counted.
      timers.registerEventTime(8e15);
    },
    onTimer(time, { key, state }, out) {
      if (time < 8e15) {
        const minute = time / minuteMs - 1;
        out(`${key} minute ${minute}: ${state.minutes.get(minute)}`);
        state.minutes.delete(minute);
        return;
      }
      // Records of two splits come in any order: only what does not depend on it is told.
      const values = [...state.values.get()].sort((a, b) => a - b);
      out(
        `${key}: ${state.records.value} records, ${state.total.get()} in all, at most ${state.largest.get()}, ${state.minutes.size} open; ${values}`,
      );
    },
  })
  .sinkTo(files.sink(output('customers'), { format: 'text', rolling: { size: 2048 } }));

orders
  .intervalJoin(payments)
  .between('-200ms', '300ms')
  .process((order, payment, _context, out) => out(`${order.key} ${order.at} ${payment.at} ${order.value - payment.value}`))
  .sinkTo(files.sink(output('pairs'), { format: 'text', rolling: { size: 4096, onCheckpoint: true } }));

await run(env, 'timers and joins');
