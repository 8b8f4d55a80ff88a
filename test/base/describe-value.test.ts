import { expect, test } from 'vitest';
import { withArticle } from '../../src/base/describe-value.ts';

test('nouns have the article that their sound asks for', () => {
  const nouns = ['Error', 'object', 'ArrayBuffer', 'Int8Array', 'Map', 'function', 'Uint8Array', 'URL'];
  expect(nouns.map(withArticle)).toEqual([
    'an Error',
    'an object',
    'an ArrayBuffer',
    'an Int8Array',
    'a Map',
    'a function',
    'a Uint8Array',
    'a URL',
  ]);
});
