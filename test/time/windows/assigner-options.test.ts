import { expect, test } from 'vitest';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';

test.each<[() => unknown, RegExp]>([
  [() => eventTime.tumbling('1h', { ofset: '15m' } as never), /tumbling.*ofset/],
  [() => eventTime.sliding('1h', '1m', { stagger: 'random' } as never), /sliding.*stagger/],
  [() => eventTime.session({ gap: '1m', size: '1h' } as never), /session.*size/],
  [() => eventTime.session('1m' as never), /session: the options/],
  [() => eventTime.session({} as never), /session: .*gap/],
  [() => globalWindow({ endOfStreams: true } as never), /globalWindow.*endOfStreams/],
])('%s is refused', (make, message) => {
  expect(make).toThrow(message);
});

test.each<[() => unknown, string]>([
  [() => evictors.count(3, { afer: true } as never), "evictors.count: unknown option 'afer'; did you mean 'after'?"],
  [() => evictors.time('1m', { before: true } as never), "evictors.time: unknown option 'before'; it takes 'after'"],
  [() => evictors.delta(1, () => 0, { after: 1 } as never), 'evictors.delta: after must be true or false, not 1'],
  [() => evictors.count(3, true as never), 'evictors.count: the options must be an object, such as { after: … }, not true'],
  [
    () => triggers.timeout(triggers.count(3), '1s', { resetTimerOnNewRecords: true } as never),
    "triggers.timeout: unknown option 'resetTimerOnNewRecords'; did you mean 'resetTimerOnNewRecord'?",
  ],
  [
    () => triggers.timeout(triggers.count(3), '1s', { shouldClearOnTimeout: 'no' } as never),
    "triggers.timeout: shouldClearOnTimeout must be true or false, not 'no'",
  ],
])('%s is refused, with what was meant', (make, message) => {
  expect(make).toThrow(message);
});
