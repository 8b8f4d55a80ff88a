import { test } from 'vitest';
import { count, sum } from '/work/main/src/operators/aggregators/index.ts';
import { TestEnvironment } from '/work/main/src/testing/test-environment.ts';
import { watermarks } from '/work/main/src/time/watermarks.ts';
import { eventTime } from '/work/main/src/time/windows/assigners/event-time.ts';
test('speed', async () => {
  for (const [name, f] of Object.entries({
    session: (s: any) => s.window(eventTime.session({ gap: 2000 })).aggregate({ n: count(), s: sum('v') }),
    reduce: (s: any) => s.window(eventTime.tumbling(10000)).reduce((a: any, b: any) => ({ k: a.k, v: a.v + b.v, t: a.t })),
    sum: (s: any) => s.window(eventTime.tumbling(10000)).sum('v'),
  })) {
    const env = new TestEnvironment({ parallelism: 1 });
    const n = 2_000_000;
    const rows = f(env.generate({ count: n, create: (i) => ({ k: (i * 7919) % 100000, v: 1, t: i / 10 }), watermarks: watermarks.boundedOutOfOrderness(100, { timestamp: 't' }) }).keyBy('k'));
    let c = 0;
    rows.sinkTo({ name: 'x', createWriter: () => ({ write: (b: any) => { c += b.rowCount ?? b.length ?? 1; } }) });
    const t = performance.now();
    await env.execute();
    console.log(name, (n / (performance.now() - t) / 1000).toFixed(2), 'M/s', c, Math.round(process.memoryUsage().heapUsed / 1e6));
  }
}, 100000);
