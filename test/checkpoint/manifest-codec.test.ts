/** Manifests come back as they were, or not at all. */

import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filesOf } from '../../src/checkpoint/manifest.ts';
import { decodeManifest, encodeManifest } from '../../src/checkpoint/manifest-codec.ts';
import { anyManifest, inFile, inline, manifest, operator, segment, subtask } from './manifests.ts';

const sample = manifest({
  id: 7,
  operators: [
    operator({ subtasks: [subtask({ keyed: { counts: [segment('7-0', inline('bytes'))] } })] }),
    operator({ stateId: 'lines', splits: [{ path: 'a.txt', position: 12n, seen: new Date(0) }] }),
  ],
  hostInputs: { orders: 12 },
  graph: ['lines → count words'],
});

describe('a manifest', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyManifest, (given) => {
        expect(decodeManifest(encodeManifest(given), 'file')).toEqual(given);
      }),
    );
  });

  test('can be read by people', () => {
    const [first, ...body] = Buffer.from(encodeManifest(sample)).toString().split('\n');
    expect(first).toMatch(/^millrace-manifest 1 \d+ [0-9a-f]{8}$/);
    expect(JSON.parse(body.join('\n'))).toMatchObject({
      id: 7,
      jobName: 'word count',
      hostInputs: { orders: 12 },
      operators: [{ subtasks: [{ keyed: { counts: [{ bytes: { kind: 'inline', bytes: 'Ynl0ZXM=' } }] } }] }, { stateId: 'lines' }],
    });
  });

  test('is found out when any bit of it has changed', () => {
    const bytes = encodeManifest(sample);
    for (let position = 0; position < bytes.length; position++) {
      const changed = Uint8Array.from(bytes);
      changed[position] = (changed[position] as number) ^ (1 << (position % 8));
      expect(() => decodeManifest(changed, 'm'), `byte ${position}`).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
    }
  });

  test('is found out when it is shorter or longer', () => {
    const bytes = encodeManifest(sample);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeManifest(bytes.subarray(0, length), 'm')).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }));
    }
    expect(() => decodeManifest(Buffer.concat([bytes, Buffer.from(' ')]), 'm')).toThrow(/should have \d+ bytes behind its first line/);
  });

  const body = Buffer.from(encodeManifest(sample)).toString().split('\n').slice(1).join('\n');
  test.each([
    ['another file', 'hello', "manifest 'dir/m' cannot be read: it does not begin with the first line of a manifest"],
    ['an empty file', '', 'it does not begin with the first line'],
    [
      'a newer format',
      'millrace-manifest 2 0 00000000\n',
      'its format is 2, this version of Millrace reads format 1; run the version that wrote it',
    ],
    ['a wrong checksum', `millrace-manifest 1 ${Buffer.byteLength(body)} 00000000\n${body}`, 'its checksum is'],
    ['no JSON', 'millrace-manifest 1 0 00000000\n', 'SyntaxError'],
    ['other values', withHeader(body.replace('"valueCodec": 1', '"valueCodec": 9')), 'its values are encoded by version 9, not 1'],
    ['other JSON', withHeader('{"valueCodec":1}'), 'TypeError'],
  ])('says what is wrong: %s', (_, text, problem) => {
    expect(() => decodeManifest(Buffer.from(text), 'dir/m')).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', message: expect.stringContaining(problem) }),
    );
  });

  test('knows the files that it names, and how long they must be', () => {
    const state = subtask({
      keyed: { a: [segment('1', inFile('state/000001-a.state', 0, 5), { stale: [inFile('state/000002-a.state', 7, 4), inline('')] })] },
      parts: { p: { distribution: 'split', count: 1, items: inFile('state/000001-a.state', 5, 6) } },
      inFlight: [{ exchange: 'x', count: 1, rows: inFile('state/000003-a.state', 1, 1) }],
    });
    expect(Object.fromEntries(filesOf(manifest({ operators: [operator({ subtasks: [state] })] })))).toEqual({
      'state/000001-a.state': 11,
      'state/000002-a.state': 11,
      'state/000003-a.state': 2,
    });
  });
});

/** With a first line that fits. */
function withHeader(body: string): string {
  const bytes = Buffer.from(body);
  return `millrace-manifest 1 ${bytes.length} ${crc32(bytes).toString(16).padStart(8, '0')}\n${body}`;
}
