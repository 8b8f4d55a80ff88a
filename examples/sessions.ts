/**
 * Visits in a web server's access log: the hits of an address up to half an hour without one, by the log's own time. Windows of
 * sessions can do that, too (docs/windows.md); here a function does it with state and timers, as it would for anything that windows
 * cannot.
 *
 *   node examples/generate.mjs access-log --lines 200000 --out examples/data/access.log
 *   millrace run examples/sessions.ts -- examples/data/access.log 30
 */
import { listState, StreamEnvironment, watermarks } from 'millrace';
import { parseVisit, type Visit } from './access-log/visit.ts';

const env = new StreamEnvironment();
const [files = 'examples/data/access.log', minutes = '30'] = env.args as string[];
const gap = Number(minutes) * 60_000;

env
  .readTextFile(files)
  .map(parseVisit)
  .filter(({ address }) => address !== '')
  // Servers write a line when the answer is sent, so lines are out of order by as much as answers take.
  .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('1m', { timestamp: 'first' }))
  .keyBy('address')
  .process({
    // Mostly one. There is another when a hit of the next visit comes before the watermark has ended this one.
    state: { open: listState<Visit>() },
    processElement(hit, { state: { open }, timers }) {
      const apart = open.get().filter((visit) => visit.first - gap > hit.first || visit.last + gap < hit.first);
      const together = open.get().filter((visit) => !apart.includes(visit));
      const visit = together.reduce(merged, hit);
      open.update([...apart, visit]);
      timers.registerEventTime(visit.last + gap);
    },
    // The watermark has come to the end of a visit, unless the visit went on: then there is another timer.
    onTimer(time, { state: { open } }, out: (visit: Visit) => void) {
      const visits = open.get();
      for (const visit of visits) if (visit.last + gap === time) out(visit);
      open.update(visits.filter((visit) => visit.last + gap !== time));
    },
  })
  .map(({ address, first, last, hits }) => `${new Date(first).toISOString()} ${address}: ${hits} hits in ${(last - first) / 1000} s`)
  .print();

await env.execute('sessions');

function merged(a: Visit, b: Visit): Visit {
  return { address: a.address, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last), hits: a.hits + b.hits };
}
