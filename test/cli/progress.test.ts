/** What the progress line says, from counters and times. */

import { describe, expect, test } from 'vitest';
import type { JobMetrics, SubtaskMetrics } from '../../src/api/job-client.ts';
import type { StageId } from '../../src/base/ids.ts';
import { Progress } from '../../src/cli/progress.ts';
import { bytesText, clockText, rateText, recordsText, secondsText } from '../../src/cli/quantities.ts';

const source = 0 as StageId;

function subtask(counters: Partial<SubtaskMetrics>): SubtaskMetrics {
  return {
    recordsIn: 0,
    recordsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    busyMs: 0,
    idleMs: 0,
    backPressuredMs: 0,
    queuedIn: 0,
    queuedOut: 0,
    lateRecords: 0,
    badRecords: 0,
    watermark: Number.NEGATIVE_INFINITY,
    queuedBytesIn: 0,
    queuedBytesOut: 0,
    ...counters,
  };
}

function metrics(counters: readonly Partial<SubtaskMetrics>[], inputBytes?: number): JobMetrics {
  const behind = { name: 'sum', subtasks: [subtask({ recordsIn: 77, bytesIn: 99, backPressuredMs: 10 })] };
  return { stages: [{ name: 'lines → map', subtasks: counters.map(subtask) }, behind], inputBytes, badRecords: [] };
}

describe('the line', () => {
  test('counts what the sources read, and the rates since the first record', () => {
    const progress = new Progress([source]);
    expect(progress.line(metrics([{}, {}]), 0)).toBe('0:00 · 0 records');
    expect(progress.line(metrics([{}, {}]), 5000)).toBe('0:05 · 0 records');
    expect(progress.line(metrics([{ recordsIn: 1000 }, {}]), 6000)).toBe('0:06 · 1,000 records');
    expect(progress.line(metrics([{ recordsIn: 2000 }, { recordsIn: 2500 }]), 7000)).toBe('0:07 · 4,500 records · 3,500/s');
  });

  test('rates look back three seconds', () => {
    const progress = new Progress([source]);
    let line = '';
    for (let second = 1; second <= 20; second++)
      line = progress.line(metrics([{ recordsIn: second * second, bytesIn: 1e6 * second }]), second * 1000);
    expect(line).toBe('0:20 · 400 records · 37/s · 1 MB/s');
  });

  test('knows the share and the time left where it knows the size of the input', () => {
    const progress = new Progress([source]);
    expect(progress.line(metrics([{}], 1e9), 2000)).toBe('0:02 · 0 records · ░░░░░░░░░░ 0 %');
    expect(progress.line(metrics([{ recordsIn: 1, bytesIn: 1e8 }], 1e9), 3000)).toBe('0:03 · 1 record · █░░░░░░░░░ 10 %');
    expect(progress.line(metrics([{ recordsIn: 3, bytesIn: 3e8 }], 1e9), 5000)).toMatch(/ · ███░░░░░░░ 30 %, 0:07 left$/);
    expect(progress.line(metrics([{ recordsIn: 9, bytesIn: 1e9 }], 1e9), 9000)).toMatch(/ · ██████████ 100 %$/);
  });

  test('names the last stage that waits for room half of the time', () => {
    const progress = new Progress([source]);
    progress.line(metrics([{ recordsIn: 1 }, {}]), 1000);
    expect(progress.line(metrics([{ recordsIn: 1, backPressuredMs: 400 }, { backPressuredMs: 500 }]), 2000)).toBe('0:02 · 1 record · 0/s');
    expect(progress.line(metrics([{ recordsIn: 1, backPressuredMs: 1400 }, { backPressuredMs: 1200 }]), 3000)).toBe(
      '0:03 · 1 record · 0/s · back-pressured 65 %: lines → map',
    );
  });
});

test('the summary', () => {
  const progress = new Progress([source]);
  expect(progress.summary(metrics([{ recordsIn: 3_000_000, bytesIn: 123_456_789 }]), { verb: 'finished', runtimeMs: 5000 })).toBe(
    'finished: 3,000,000 records, 123 MB in 5 s (600,000 records/s, 24.7 MB/s)',
  );
  expect(progress.summary(metrics([{ recordsIn: 10 }]), { verb: 'stopped', runtimeMs: 61_000 })).toBe(
    'stopped: 10 records in 1:01 (0.164 records/s)',
  );
  expect(progress.summary(metrics([{ recordsIn: 10, lateRecords: 2 }]), { verb: 'finished', runtimeMs: 1000 })).toBe(
    'finished: 10 records, 2 late records in 1 s (10 records/s)',
  );
});

test('quantities', () => {
  expect([0, 999, 999.4, 999.5, 1234, 52_149_000, 9.99e20].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '999 B',
    '1 kB',
    '1.23 kB',
    '52.1 MB',
    '999,000 PB',
  ]);
  expect([0, 59_999, 60_000, 3_599_999, 3_600_000, 3_803_000].map(clockText)).toEqual([
    '0:00',
    '0:59',
    '1:00',
    '59:59',
    '1:00:00',
    '1:03:23',
  ]);
  expect([0, 1, 1_234_567].map(recordsText)).toEqual(['0 records', '1 record', '1,234,567 records']);
  expect([0.1234, 1_234_567].map(rateText)).toEqual(['0.123', '1,230,000']);
  expect([3, 3421, 59_999, 83_000].map(secondsText)).toEqual(['0.003 s', '3.42 s', '60 s', '1:23']);
});
