import { describe, expect, test } from 'vitest';
import { broadcastState, operatorListState, valueState } from '../../src/state/descriptors.ts';
import { OperatorStates } from '../../src/state/operator-states.ts';

const declared = { rules: broadcastState<string, number>(), held: operatorListState<string>() };

describe('operator state', () => {
  test('is there without any key', () => {
    const { writable, readable } = new OperatorStates(declared);
    writable.held.add('a');
    writable.rules.set('r', 1);
    expect(readable.held.get()).toEqual(['a']);
    expect([...readable.rules]).toEqual([['r', 1]]);
    expect(readable.rules.get('r')).toBe(1);
    expect([readable.rules.size, readable.rules.has('x'), readable.rules.isEmpty()]).toEqual([1, false, false]);
  });

  test('of a broadcast stream refuses to be written where it is read-only', () => {
    const { writable, readable } = new OperatorStates(declared);
    const forced = readable.rules as typeof writable.rules;
    const message = "broadcast state 'rules' is read-only here: change it in processBroadcastElement";
    for (const write of [() => forced.set('r', 1), () => forced.delete('r'), () => forced.clear()]) expect(write).toThrow(message);
    expect(writable.rules.isEmpty()).toBe(true);
  });

  test('comes back from a snapshot, which later changes leave alone', () => {
    const states = new OperatorStates(declared);
    states.writable.rules.set('r', 1);
    states.writable.held.addAll(['a', 'b']);
    const snapshot = states.snapshot();
    states.writable.rules.set('s', 2);
    states.writable.held.add('c');
    const restored = new OperatorStates({ ...declared, further: operatorListState<number>() });
    expect(snapshot.held?.distribution).toBe('split');
    restored.restore(Object.fromEntries(Object.entries(snapshot).map(([name, { items }]) => [name, structuredClone(items)])));
    expect([...restored.readable.rules]).toEqual([['r', 1]]);
    expect(restored.readable.held.get()).toEqual(['a', 'b']);
    expect(restored.readable.further.length).toBe(0);
    expect(new OperatorStates(declared).snapshot()).toEqual({});
  });

  test('says who is to get what', () => {
    const states = new OperatorStates({ ...declared, all: operatorListState<number>({ redistribution: 'union' }) });
    states.writable.rules.set('r', 1);
    states.writable.held.add('a');
    states.writable.all.addAll([1, 2]);
    expect(states.snapshot()).toEqual({
      rules: { distribution: 'broadcast', items: [['r', 1]] },
      held: { distribution: 'split', items: ['a'] },
      all: { distribution: 'union', items: [1, 2] },
    });
  });

  test('is not declared with the states of keys', () => {
    expect(() => new OperatorStates({ wrong: valueState() as never })).toThrow('declare it by operatorListState or broadcastState');
  });
});
