import { expect, test } from 'vitest';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';

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
