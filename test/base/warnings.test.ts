import { expect, test } from 'vitest';
import { Warnings } from '../../src/base/warnings.ts';

test('a topic is told of once', () => {
  const told: string[] = [];
  const warnings = new Warnings((message) => told.push(message));
  for (const message of ['of one subtask', 'of another']) warnings.take({ message, topic: 'late', votes: 1 });
  expect(told).toEqual(['of one subtask']);
});

test('what all must say waits for the last of them, and those that only vote have nothing to tell', () => {
  const told: string[] = [];
  const warnings = new Warnings((message) => told.push(message));
  warnings.take({ message: '', topic: 'empty', votes: 2 });
  warnings.take({ message: 'no values', topic: 'empty', votes: 2 });
  warnings.take({ message: 'only one says so', topic: 'other', votes: 2 });
  for (let i = 0; i < 2; i++) warnings.take({ message: '', topic: 'nobody knows', votes: 2 });
  expect(told).toEqual(['no values']);
});
