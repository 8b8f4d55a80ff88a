/** What is missing, and what is computed of it: it is null, and no condition takes it. */

import { describe, expect, test } from 'vitest';
import { millrace, project } from './harness.ts';
import { asArguments, type Question } from './logs-question.ts';

const access = (seconds: number, url: string): string => `192.0.2.1 - - [03/Mar/2025:06:00:0${seconds} +0000] "GET ${url} HTTP/1.1" 200 5`;

const files = {
  // Fields that are always there, of which parts are not.
  'access.log': [access(1, '/a/b?q=1'), access(2, '/c'), access(3, '/d/e')].map((line) => `${line}\n`).join(''),
  'lines.log': 'one two\nthree\n',
  'texts.ndjson': [
    { s: 'x', n: 1, t: 'x null' },
    { s: '', n: 2, t: 'x null' },
    { n: 3, t: 'x null' },
    { s: null, n: 4, t: 'null' },
    { s: 'y', n: 5, t: '' },
  ]
    .map((record) => `${JSON.stringify(record)}\n`)
    .join(''),
};

/** The lines of the answer, those behind the head in the order of their texts. */
async function answer(file: keyof typeof files, question: Question & { readonly out?: string }): Promise<string[]> {
  const { code, stdout, stderr } = await millrace(project(files), ['logs', file, ...asArguments(question)]);
  const [head = '', ...rows] = stdout.trimEnd().split('\n');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return [head, ...rows.sort()];
}

describe('an element that there is not', () => {
  test('is a group of its own', async () => {
    const query = 'd=url.split("?")[1]';
    const times = '2025-03-03T06:00:00.000Z,2025-03-03T06:01:00.000Z';
    const answers = await Promise.all([
      answer('access.log', { by: query }),
      answer('access.log', { by: `${query},status` }),
      answer('access.log', { by: query, window: '1m' }),
      answer('lines.log', { by: 'word=line.split(" ")[1]' }),
      answer('access.log', { by: 'd=status >= 200 && url.split("?")[1]' }),
      answer('access.log', { by: 'd=status > 200 ? url : undefined' }),
      answer('access.log', { by: 'd=status >= 200 ? url.match(/q=(.)/)[1] : url' }),
    ]);
    expect(answers).toEqual([
      ['d,count', ',2', 'q=1,1'],
      ['d,status,count', ',200,2', 'q=1,200,1'],
      ['start,end,d,count', `${times},,2`, `${times},q=1,1`],
      ['word,count', ',1', 'two,1'],
      ['d,count', ',2', 'q=1,1'],
      ['d,count', ',3'],
      ['d,count', ',2', '1,1'],
    ]);
  });

  test('is null in a row, and has no parts', async () => {
    const answers = await Promise.all([
      answer('access.log', { select: 'd=url.split("/")[2]', out: 'json' }),
      answer('access.log', { select: 'url', where: 'url.split("?")[1].length > 0' }),
    ]);
    expect(answers).toEqual([
      ['{"d":"b?q=1"}', '{"d":"e"}', '{"d":null}'],
      ['url', '/a/b?q=1'],
    ]);
  });
});

test('a text that is missing is not found, as an empty one is', async () => {
  const conditions = [
    '["x", ""].includes(s)',
    '["x", ""].indexOf(s) >= 0',
    'new Set(["x", ""]).has(s)',
    '/^x?$/.test(s)',
    '/^x?$/.exec(s) != null',
    '"x".includes(s)',
    'new RegExp("^x?$").test(s)',
    't.includes(s)',
  ];
  const answers = await Promise.all(conditions.map(async (where) => [where, ...(await answer('texts.ndjson', { where, select: 'n' }))]));
  expect(answers).toEqual(conditions.map((where) => [where, 'n', '1', '2']));
});
