// Two streams that meet in every way, on threads: rows say what they come of.
import { broadcastState, eventTime, StreamEnvironment, valueState, watermarks } from '../../../dist/index.js';

const env = new StreamEnvironment({ parallelism: 2 });
const { count } = env.args;
const inOrder = watermarks.monotonous({ timestamp: ({ at }) => at });
const stream = () => env.generate({ count, create: (i) => ({ key: i % 10, at: i }), watermarks: inOrder });

const keyed = [stream().keyBy('key'), stream().keyBy('key')];
const matched = keyed[0]
  .intervalJoin(keyed[1])
  .between(0, 0)
  .process((left, right, _ctx, out) => out(`interval ${left.at} ${right.at}`));
const windows = stream()
  .join(stream())
  .where('key')
  .equalTo('key')
  .window(eventTime.tumbling(10))
  .apply((left, right) => `window ${left.at} ${right.at}`);
const counted = stream()
  .connect(stream())
  .keyBy('key', 'key')
  .process({
    state: { seen: valueState({ default: 0 }) },
    processElement1(_record, ctx) {
      ctx.state.seen.update(ctx.state.seen.value + 1);
      ctx.timers.registerEventTime(1_000_000);
    },
    processElement2(_record, ctx) {
      ctx.state.seen.update(ctx.state.seen.value + 1);
      ctx.timers.registerEventTime(1_000_000);
    },
    onTimer: (_time, ctx, out) => out(`seen ${ctx.key} ${ctx.state.seen.value}`),
  });
const broadcast = env
  .fromData(['a'])
  .connect(env.fromData(['x', 'y']).broadcast())
  .process({
    state: { rules: broadcastState() },
    processElement() {},
    processBroadcastElement(rule, ctx, out) {
      ctx.state.rules.set(rule, true);
      if (ctx.state.rules.size === 2) out(`rules ${ctx.subtask}`);
    },
  });
matched.union(windows, counted, broadcast).toHost('rows');

await env.execute('joins');
