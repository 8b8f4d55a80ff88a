/** Which operator goes on from which state, and what a job is told that does not fit. */

import { describe, expect, test } from 'vitest';
import type { OperatorManifest } from '../../src/checkpoint/manifest.ts';
import { type LeftOutput, matchState, mismatch, type StatefulOperator } from '../../src/checkpoint/restore-match.ts';
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

  describe('without a sink that it had', () => {
    const without = (output: Partial<LeftOutput>, allowNonRestoredState: boolean) => {
      const outputOf = () => ({ isEmpty: false, isCommitted: true, text: "1 hidden file in 'out': a.txt", ...output });
      return matchState({ operators: [sink] }, [], { allowNonRestoredState, outputOf }).differences.map(({ fatal, text }) => [fatal, text]);
    };

    test('is told what output nobody sees yet, and what becomes of it', () => {
      const what = "the sink 'write' (out) is no longer there, and has output that nobody sees yet: 1 hidden file in 'out': a.txt; ";
      const say = `${what}give a sink this uid, or say allowNonRestoredState (--allow-non-restored-state), and it is `;
      expect(without({}, false)).toEqual([[true, `${say}committed as it is in the checkpoint`]]);
      expect(without({ isCommitted: false }, false)).toEqual([[true, `${say}lost`]]);
      expect(without({}, true)).toEqual([[false, `${what}it is committed as it is in the checkpoint`]]);
      expect(without({ isCommitted: false }, true)).toEqual([[false, `${what}it is lost`]]);
    });

    test('starts where that sink had committed everything', () => {
      expect(without({ isEmpty: true }, false)).toEqual([
        [false, "the sink 'write' (out) is no longer there; everything that it wrote is committed"],
      ]);
    });
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

  describe('without uids', () => {
    const process = (n: number, name = 'process', changes: Partial<OperatorManifest> = {}): OperatorManifest =>
      operator({ ...keyed, stateId: `keyed-process-${n}`, kind: 'keyed-process', name, ...changes });
    const now = (each: OperatorManifest, hasUid = false): StatefulOperator => inJob(each, { hasUid });
    const doubts = (before: readonly OperatorManifest[], after: readonly StatefulOperator[]) =>
      matchState({ operators: before }, after, strict).differences.filter(({ kind }) => kind === 'other-operator');

    test('goes on as long as it is as it was', () => {
      const before = [process(1), process(2), process(3, 'other')];
      expect(
        doubts(
          before,
          before.map((each) => now(each)),
        ),
      ).toEqual([]);
      expect(doubts([process(1, 'a')], [now(process(1, 'a')), now(process(2, 'b'))])).toEqual([]);
    });

    test('does not take the state of an operator of another name', () => {
      const match = matchState({ operators: [process(1, 'old')] }, [now(process(1, 'new'))], strict);
      expect(match).toEqual({
        pairs: [],
        differences: [
          {
            kind: 'other-operator',
            stateId: 'keyed-process-1',
            fatal: true,
            text: "'new' (keyed-process-1) would go on with the state of 'old': without a uid an operator is the n-th of its kind, keyed-process; if it is the same one, say .uid('keyed-process-1'), else give it, and all others with state, uids of their own",
          },
        ],
      });
      expect(doubts([process(1, 'old')], [now(process(1, 'new'), true)])).toEqual([]);
    });

    test('does not guess which of several that are called the same was there before', () => {
      expect(doubts([process(1)], [now(process(1)), now(process(2))])).toEqual([
        {
          kind: 'other-operator',
          stateId: 'keyed-process-1',
          fatal: true,
          text: "'process' (keyed-process-1) would go on with state that may be another's: there was 1 keyed-process of this name without a uid, and there are 2 now; say .uid('keyed-process-1') at the one that it belongs to",
        },
      ]);
      expect(doubts([process(1), process(2)], [now(process(1))])).toMatchObject([{ fatal: true }]);
      // As it was told to.
      expect(doubts([process(1)], [now(process(2)), now(process(1), true)])).toEqual([]);
      expect(doubts([process(1)], [now(process(1)), now(process(2, 'process', { stateId: 'mine' }), true)])).toEqual([]);
    });

    test('may read and write other files, unless it is another source or sink that moved up', () => {
      const reading = (n: number, path: string): OperatorManifest => operator({ ...source, stateId: `source-${n}`, name: path });
      expect(doubts([reading(1, 'a')], [now(reading(1, 'b'))])).toEqual([
        {
          kind: 'other-operator',
          stateId: 'source-1',
          fatal: false,
          text: "'b' (source-1) would go on with the positions of 'a': without a uid an operator is the n-th of its kind, source; if it is another one, give it a uid",
        },
      ]);
      expect(doubts([reading(1, 'a')], [now(reading(1, 'b')), now(reading(2, 'a'))])).toMatchObject([{ fatal: true }]);
    });
  });

  test('says all that differs when it cannot start', () => {
    const match = matchState(stored, [inJob(source), inJob(sink), inJob(keyed, { stateId: 'new', name: 'fresh' })], strict);
    expect(mismatch(match, 'it')?.message.split('\n')).toEqual([
      'the job does not fit the state of it:',
      expect.stringContaining("  the state of 'count words'"),
      "  note: 'fresh' (new) has no state there: it starts empty",
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
