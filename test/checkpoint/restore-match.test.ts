/** Which operator goes on from which state, and what a job is told that does not fit. */

import { describe, expect, test } from 'vitest';
import type { OperatorManifest } from '../../src/checkpoint/manifest.ts';
import { matchState, mismatch, type StatefulOperator } from '../../src/checkpoint/restore-match.ts';
import { inline, operator, part, segment, subtask } from './manifests.ts';

const keyed = operator({ subtasks: [subtask({ keyed: { value: [segment('1-0')] } }), subtask()] });
const source = operator({ stateId: 'lines', name: 'read lines', kind: 'source', subtasks: [subtask()], splits: ['a.txt'] });
const sink = operator({ stateId: 'out', name: 'write', kind: 'sink', subtasks: [subtask({ parts: { files: part('split', 1) } })] });

function inJob(
  { stateId, name, kind, parallelism, maxParallelism }: OperatorManifest,
  changes: Partial<StatefulOperator> = {},
): StatefulOperator {
  return { stateId, name, kind, parallelism, maxParallelism, ...changes };
}

const stored = { operators: [keyed, source, sink] };
const strict = { allowNonRestoredState: false };

describe('a job', () => {
  test('that is as it was goes on', () => {
    const operators = [inJob(sink), inJob(keyed), inJob(source)];
    const match = matchState(stored, operators, strict);
    expect(match).toEqual({ pairs: [sink, keyed, source].map((from, i) => ({ from, to: operators[i] })), differences: [] });
    expect(mismatch(match, 'checkpoint 7')).toBeUndefined();
  });

  test('may have another parallelism, other names, and another order', () => {
    const match = matchState(stored, [inJob(source), inJob(keyed, { parallelism: 7, name: 'other' }), inJob(sink)], strict);
    expect([match.pairs.length, match.differences]).toEqual([3, []]);
  });

  test('may have new operators', () => {
    const match = matchState(stored, [inJob(keyed), inJob(source), inJob(sink), inJob(keyed, { stateId: 'new', name: 'fresh' })], strict);
    expect(match.differences).toEqual([
      { kind: 'no-state', stateId: 'new', fatal: false, text: "'fresh' (new) has no state there: it starts empty" },
    ]);
    expect(mismatch(match, 'checkpoint 7')).toBeUndefined();
  });

  test('does not lose state in silence', () => {
    const match = matchState(stored, [inJob(keyed)], strict);
    expect(match.differences.map(({ kind, stateId, fatal }) => [kind, stateId, fatal])).toEqual([
      ['no-operator', 'lines', true],
      ['no-operator', 'out', true],
    ]);
    expect(mismatch(match, 'checkpoint 7 in /state')).toMatchObject({
      code: 'STATE_MISMATCH',
      message: [
        'the job does not fit the state of checkpoint 7 in /state:',
        "the state of 'read lines' (lines, a source) has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)",
        "the state of 'write' (out, a sink) has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)",
      ].join('\n  '),
    });
  });

  test('may leave state behind when it says so', () => {
    const match = matchState(stored, [inJob(keyed)], { allowNonRestoredState: true });
    expect(match.differences).toEqual([
      {
        kind: 'no-operator',
        stateId: 'lines',
        fatal: false,
        text: "the state of 'read lines' (lines, a source) is left behind: no operator has this uid",
      },
      expect.objectContaining({ stateId: 'out', fatal: false }),
    ]);
    expect([match.pairs.length, mismatch(match, 'it')]).toEqual([1, undefined]);
  });

  test('does not give state to an operator of another kind', () => {
    const match = matchState(stored, [inJob(keyed, { kind: 'window' }), inJob(source), inJob(sink)], strict);
    expect(match.pairs.map(({ to }) => to.stateId)).toEqual(['lines', 'out']);
    expect(match.differences).toEqual([
      {
        kind: 'other-kind',
        stateId: 'counts',
        fatal: true,
        text: "'count words' (counts) is a window, but its state is that of a keyed-reduce, 'count words'; give each operator the uid that it had, and a new one to an operator that is another now",
      },
    ]);
  });

  test('keeps the number of key groups', () => {
    const match = matchState(stored, [inJob(keyed, { maxParallelism: 256 }), inJob(source), inJob(sink)], strict);
    expect(match.differences).toEqual([
      {
        kind: 'other-max-parallelism',
        stateId: 'counts',
        fatal: true,
        text: "'count words' (counts) has maxParallelism 256, but its state was divided for 128; set maxParallelism to 128",
      },
    ]);
  });

  test('may change the number of key groups where there is nothing by key', () => {
    const match = matchState(stored, [inJob(keyed), inJob(source, { maxParallelism: 1 }), inJob(sink, { maxParallelism: 9 })], strict);
    expect([match.pairs.length, match.differences]).toEqual([3, []]);
  });

  test('is told what stops it before what does not', () => {
    const match = matchState(stored, [inJob(keyed, { stateId: 'new' }), inJob(source), inJob(sink)], strict);
    expect(match.differences.map(({ fatal }) => fatal)).toEqual([true, false]);
  });

  test('does not miss what was empty', () => {
    const empty = [
      operator({ stateId: 'a', subtasks: [subtask()] }),
      operator({ stateId: 'b', subtasks: [subtask({ keyed: { value: [] }, parts: { p: part('split', 0) } })] }),
      operator({ stateId: 'c', subtasks: [], splits: [] }),
      operator({ stateId: 'd', subtasks: [subtask({ keyed: { value: [segment('1', inline(''), { entries: 0 })] } })] }),
    ];
    expect(matchState({ operators: empty }, [], strict)).toEqual({ pairs: [], differences: [] });
  });

  test('does not miss rows in flight, but those it must not lose', () => {
    const full = operator({ subtasks: [subtask({ inFlight: [{ exchange: 'x', rows: inline('rows'), count: 3 }] })] });
    expect(matchState({ operators: [full] }, [], strict).differences).toMatchObject([{ kind: 'no-operator', fatal: true }]);
  });
});
