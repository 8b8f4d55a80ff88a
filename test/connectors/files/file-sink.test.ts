/** Files as a sink: a part has its name when it is whole, and old parts are neither mixed in nor lost by surprise. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type FileSinkOptions, fileSink } from '../../../src/connectors/files/file-sink.ts';
import { finishWriter, sinkContext, temporaryDirectory } from '../support.ts';
import { filesBelow } from './files-below.ts';

async function writeParts(directory: string, options: FileSinkOptions, parts: readonly (readonly unknown[])[]): Promise<void> {
  for (const [subtask, records] of parts.entries()) {
    const writer = fileSink<unknown>(directory, options).createWriter(sinkContext({ subtask, parallelism: parts.length }));
    for (const record of records) writer.write(record);
    await finishWriter(writer);
    writer.close?.();
  }
}

describe('fileSink', () => {
  it.each<[FileSinkOptions, unknown[], string, string]>([
    [
      { format: 'text' },
      ['a', 1, 2n, true, null, new Date(0), [1, ['b', null]]],
      'part-0.txt',
      'a\n1\n2\ntrue\nnull\n1970-01-01T00:00:00.000Z\n1,b,\n',
    ],
    [{ format: 'json' }, [{ a: 1n }, ['é']], 'part-0.jsonl', '{"a":1}\n["é"]\n'],
    [{ format: 'csv' }, [{ a: 1, b: 'x y' }], 'part-0.csv', 'a,b\n1,x y\n'],
    [{ format: 'csv', csv: { columns: ['a'] }, prefix: 'out', suffix: '' }, [], 'out-0', 'a\n'],
    [{ format: 'json', compression: 'gzip' }, [{ a: 1 }, 'é'], 'part-0.jsonl.gz', '{"a":1}\n"é"\n'],
    [{ format: 'text', compression: 'gzip', suffix: '.log.gz' }, [], 'part-0.log.gz', ''],
  ])('writes with %o', async (options, records, name, content) => {
    const directory = join(temporaryDirectory(), 'made', 'here');
    await writeParts(directory, options, [records]);
    expect(filesBelow(directory)).toEqual({ [name]: content });
  });

  it('writes a part for each subtask, also for one without records', async () => {
    const directory = temporaryDirectory();
    await writeParts(directory, { format: 'text' }, [['a'], [], ['c']]);
    expect(filesBelow(directory)).toEqual({ 'part-0.txt': 'a\n', 'part-1.txt': '', 'part-2.txt': 'c\n' });
  });

  it.skipIf('zstdCompressSync' in zlib)('says which Node has the compression that this one has not', () => {
    expect(() => fileSink('out', { format: 'text', compression: 'zstd' })).toThrow(/'zstd' needs Node 22\.15 or later, and this is v/);
  });

  it('writes more than it buffers, in order', async () => {
    const directory = temporaryDirectory();
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} é`);
    await writeParts(directory, { format: 'text' }, [lines]);
    expect(filesBelow(directory)['part-0.txt']).toBe(`${lines.join('\n')}\n`);
  });

  it('leaves a part in progress when the job fails, and no finished one', async () => {
    const directory = temporaryDirectory();
    const writer = fileSink<string>(directory, { format: 'text' }).createWriter(sinkContext());
    writer.write('a');
    writer.flush?.();
    writer.write('b');
    writer.close?.();
    expect(filesBelow(directory)).toEqual({ '.part-0.txt.inprogress': 'a\n' });
    await writeParts(directory, { format: 'text' }, [['again']]);
    expect(filesBelow(directory)).toEqual({ 'part-0.txt': 'again\n' });
  });

  it('does not write beside the parts of an earlier run, whatever their number', async () => {
    const directory = temporaryDirectory();
    await writeParts(directory, { format: 'text' }, [['a'], ['b'], ['c']]);
    const before = filesBelow(directory);
    for (const parallelism of [1, 2, 3, 5]) {
      const write = () =>
        writeParts(
          directory,
          { format: 'text' },
          Array.from({ length: parallelism }, () => []),
        );
      await expect(write()).rejects.toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          message: expect.stringContaining(`the directory '${directory}' holds 'part-0.txt'`),
        }),
      );
    }
    expect(filesBelow(directory)).toMatchObject(before);
  });

  it('replaces the parts of an earlier run, all of them and nothing else, when told so', async () => {
    const directory = temporaryDirectory();
    await writeParts(directory, { format: 'text' }, [['a'], ['b'], ['c'], ['d'], ['e']]);
    writeFileSync(join(directory, 'part-x.txt'), 'mine');
    writeFileSync(join(directory, 'part-1.csv'), 'mine');
    await writeParts(directory, { format: 'text', overwrite: true }, [['f'], ['g']]);
    expect(filesBelow(directory)).toEqual({ 'part-0.txt': 'f\n', 'part-1.csv': 'mine', 'part-1.txt': 'g\n', 'part-x.txt': 'mine' });
  });

  it('leaves a part in progress of an earlier run alone, unless it writes the part of that name', async () => {
    const directory = temporaryDirectory();
    for (const name of ['.part-0.txt.inprogress', '.part-2.txt.inprogress', '.other-0.txt.inprogress'])
      writeFileSync(join(directory, name), 'old');
    await writeParts(directory, { format: 'text' }, [['a'], ['b']]);
    const left = { '.other-0.txt.inprogress': 'old', '.part-2.txt.inprogress': 'old' };
    expect(filesBelow(directory)).toEqual({ ...left, 'part-0.txt': 'a\n', 'part-1.txt': 'b\n' });
    await writeParts(directory, { format: 'text', overwrite: true }, [['c']]);
    expect(filesBelow(directory)).toEqual({ ...left, 'part-0.txt': 'c\n' });
  });

  it('does not take a part that another subtask has just finished for an old one', async () => {
    const directory = temporaryDirectory();
    await writeParts(directory, { format: 'text' }, [['a'], ['b']]);
    expect(Object.keys(filesBelow(directory))).toEqual(['part-0.txt', 'part-1.txt']);
  });

  it('names the directory or file that cannot be written', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const createWriter = (path: string) => fileSink(path, { format: 'text' }).createWriter(sinkContext());
    expect(() => createWriter(file)).toThrow(
      expect.objectContaining({ code: 'SINK_FAILED', message: expect.stringContaining(`cannot write '${file}': EEXIST`) }),
    );
    mkdirSync(join(directory, '.part-0.txt.inprogress'));
    expect(() => createWriter(directory)).toThrow(
      expect.objectContaining({ code: 'SINK_FAILED', message: expect.stringMatching(/part-0\.txt': EISDIR/) }),
    );
  });

  it('refuses to write an object as text', async () => {
    const writer = fileSink<unknown>(temporaryDirectory(), { format: 'text' }).createWriter(sinkContext());
    expect(() => writer.write({ a: 1 })).toThrow(/reads '\[object Object\]' as text.*format 'json'/);
    expect(() => writer.write([new Map()])).toThrow(/\[object Map\]/);
    writer.write('[object Object]');
    writer.close?.();
  });

  it('refuses options that make no sense', async () => {
    const create = (options: object) => () => fileSink('out', options as FileSinkOptions);
    expect(create({ format: 'xml' })).toThrow(/'text', 'json' or 'csv', not 'xml'/);
    expect(create({ format: 'text', prefix: 'a/b' })).toThrow(/prefix/);
    expect(create({ format: 'text', compression: 'zip' })).toThrow(/compression must be 'gzip' or 'zstd', not 'zip'/);
    expect(create({ format: 'text', csv: {} })).toThrow(/csv options need format 'csv'/);
    expect(create({ format: 'csv', csv: { null: 'n;a', delimiter: ';' } })).toThrow(/csv\.null 'n;a' has the delimiter ';' in it/);
    expect(() => fileSink('', { format: 'text' })).toThrow(/directory/);
    expect(create({ format: 'text', suffix: '0.txt' })).toThrow(/suffix must be a text that does not begin with a digit/);
  });
});
