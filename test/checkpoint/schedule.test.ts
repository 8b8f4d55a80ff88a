/** When checkpoints are triggered. */

import { describe, expect, test } from 'vitest';
import { nextTrigger, type ScheduleDecision, type ScheduleFacts, type ScheduleOptions } from '../../src/checkpoint/schedule.ts';

const options: ScheduleOptions = { intervalMs: 1000, minPauseMs: 0, maxConcurrent: 1 };
const facts: ScheduleFacts = { now: 10_000, startedAt: 0, inProgress: 0, asked: 0 };

const now: ScheduleDecision = { kind: 'trigger', asked: false };
const asked: ScheduleDecision = { kind: 'trigger', asked: true };
const idle: ScheduleDecision = { kind: 'idle' };
const wait = (ms: number): ScheduleDecision => ({ kind: 'wait', ms });

type Row = readonly [what: string, Partial<ScheduleOptions>, Partial<ScheduleFacts>, ScheduleDecision];

const never = Number.POSITIVE_INFINITY;

const rows: readonly Row[] = [
  ['the first after an interval', {}, { now: 0 }, wait(1000)],
  ['the first, due', {}, { now: 1000 }, now],
  ['the first of a run that was restarted', {}, { startedAt: 9500, triggeredAt: 2000 }, wait(500)],
  ['the next, an interval behind the start of the last', {}, { triggeredAt: 9400, endedAt: 9900 }, wait(400)],
  ['the next, due exactly', {}, { triggeredAt: 9000, endedAt: 9900 }, now],
  ['the next, overdue', {}, { triggeredAt: 2000, endedAt: 9900 }, now],
  ['a pause behind the end of the last', { minPauseMs: 500 }, { triggeredAt: 2000, endedAt: 9900 }, wait(400)],
  ['a pause that is over', { minPauseMs: 500 }, { triggeredAt: 9000, endedAt: 9400 }, now],
  ['a pause shorter than the interval', { minPauseMs: 500 }, { triggeredAt: 9400, endedAt: 9800 }, wait(400)],
  ['a pause behind a savepoint', { minPauseMs: 500 }, { now: 1000, endedAt: 900 }, wait(400)],
  ['one on its way', {}, { inProgress: 1 }, idle],
  ['one on its way, of two that may be', { maxConcurrent: 2 }, { inProgress: 1, triggeredAt: 9000 }, now],
  ['two on their way', { maxConcurrent: 2 }, { inProgress: 2 }, idle],
  ['more on their way than may be', {}, { inProgress: 3 }, idle],
  ['asked for', {}, { asked: 1, triggeredAt: 9999, endedAt: 9999 }, asked],
  ['asked for, in the pause', { minPauseMs: 500 }, { asked: 1, endedAt: 9999 }, asked],
  ['asked for, before one that is due', {}, { asked: 2 }, asked],
  ['asked for, while one is on its way', {}, { asked: 1, inProgress: 1 }, idle],
  ['asked for, of a job that takes none by itself', { intervalMs: never }, { asked: 1 }, asked],
  ['a job that takes none by itself', { intervalMs: never }, {}, idle],
  ['a backlog', { intervalDuringBacklogMs: 5000 }, { triggeredAt: 9000, backlog: true }, wait(4000)],
  ['no backlog', { intervalDuringBacklogMs: 5000 }, { triggeredAt: 9000, backlog: false }, now],
  ['a backlog, with none meanwhile', { intervalDuringBacklogMs: never }, { backlog: true }, idle],
  ['a backlog, without an interval of its own', {}, { triggeredAt: 9000, backlog: true }, now],
  ['an interval that checkpoints are too dear for', { affordableMs: 3000 }, { triggeredAt: 9000 }, wait(2000)],
  ['the same with a backlog', { intervalDuringBacklogMs: 100, affordableMs: 3000 }, { triggeredAt: 9000, backlog: true }, wait(2000)],
  ['an interval that is long enough for them', { affordableMs: 300 }, { triggeredAt: 9000 }, now],
  ['no interval at all', { intervalMs: 0 }, { triggeredAt: 10_000, endedAt: 10_000 }, now],
];

describe('the next checkpoint', () => {
  test.each(rows)('%s', (_, changedOptions, changedFacts, decision) => {
    expect(nextTrigger({ ...options, ...changedOptions }, { ...facts, ...changedFacts })).toEqual(decision);
  });

  test('is due when the wait that was told is over', () => {
    for (const [what, changedOptions, changedFacts, decision] of rows) {
      if (decision.kind !== 'wait') continue;
      const later = { ...facts, ...changedFacts };
      expect(nextTrigger({ ...options, ...changedOptions }, { ...later, now: later.now + decision.ms }), what).toEqual(now);
    }
  });
});
