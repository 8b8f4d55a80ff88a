/** Text files as a source: every line once, wherever the file is divided, the reads end, or the reader is restored. */

import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/base/limits.ts';
import { fileSource } from '../../../src/connectors/files/file-source.ts';
import type { FileSplit } from '../../../src/connectors/files/file-split.ts';
import type { Source, SourceContext } from '../../../src/graph/source.ts';
import { bytes, ranges, readerLimits, text } from '../arbitraries.ts';
import { drain, linesOf, nextBatch, ReaderContext, readAll, readSplits, sourceContext, temporaryDirectory } from '../support.ts';

type TextSource = Source<string, FileSplit>;

function textLines(content: string): string[] {
  return linesOf(content.replace(/^\ufeff/, ''));
}

async function splitsOf(source: TextSource, context: SourceContext): Promise<readonly FileSplit[]> {
  return source.enumerate(context);
}

/** A file for a property to write again and again. */
function createFile(name = 'input.txt'): { path: string; write: (content: string | Buffer) => void } {
  const path = join(temporaryDirectory(), name);
  return { path, write: (content) => writeFileSync(path, content) };
}

/** Reads some batches, then goes on with another reader from the splits of the first. */
async function readRestored(
  source: TextSource,
  splits: readonly FileSplit[],
  batches: number,
  context: SourceContext,
): Promise<string[] | undefined> {
  const readerContext = new ReaderContext(context);
  const reader = source.createReader(readerContext);
  for (const split of splits) reader.addSplit(split);
  const before: string[] = [];
  for (let i = 0; i < batches; i++) {
    const batch = await nextBatch(reader, readerContext);
    if (batch === undefined) return undefined;
    before.push(...batch);
  }
  const remaining = structuredClone(reader.splits());
  reader.close();
  return [...before, ...(await readSplits(source, remaining, context)).lines];
}

/** Restores after every batch there is. */
async function expectRestorable(
  source: TextSource,
  splits: readonly FileSplit[],
  expected: readonly string[],
  context: SourceContext,
): Promise<void> {
  for (let batches = 0; ; batches++) {
    const lines = await readRestored(source, splits, batches, context);
    if (lines === undefined) return;
    expect(lines).toEqual(expected);
  }
}

const divided = text.chain((content) => ranges(Buffer.byteLength(content)).map((parts) => ({ content, parts })));

describe('fileSource', () => {
  it('gives every line once, wherever the file is divided', async () => {
    const { path, write } = createFile();
    await fc.assert(
      fc.asyncProperty(divided, readerLimits, async ({ content, parts }, limits) => {
        write(content);
        const context = sourceContext(limits);
        const whole = await splitsOf(fileSource(path), context);
        const splits = parts.flatMap((part) => whole.map((split) => ({ ...split, ...part, id: String(part.start) })));
        expect((await readSplits(fileSource(path), splits, context)).lines).toEqual(textLines(content));
        const one: string[] = [];
        for (const split of splits) one.push(...(await readSplits(fileSource(path), [split], context)).lines);
        expect(one).toEqual(textLines(content));
      }),
    );
  });

  it('divides the file itself', async () => {
    const { path, write } = createFile();
    await fc.assert(
      fc.asyncProperty(text, readerLimits, fc.integer({ min: 1, max: 50 }), async (content, limits, splitBytes) => {
        write(content);
        expect(await readAll(fileSource(path), sourceContext({ ...limits, splitBytes }))).toEqual({
          lines: textLines(content),
          warnings: [],
        });
      }),
    );
  });

  it('goes on exactly behind what was read, after every batch', async () => {
    const { path, write } = createFile();
    await fc.assert(
      fc.asyncProperty(text, readerLimits, fc.integer({ min: 1, max: 50 }), async (content, limits, splitBytes) => {
        write(content);
        const context = sourceContext({ ...limits, splitBytes });
        const source = fileSource(path);
        await expectRestorable(source, await splitsOf(source, context), textLines(content), context);
      }),
      { numRuns: 50 },
    );
  });

  it('reads any bytes as Latin-1', async () => {
    const { path, write } = createFile();
    await fc.assert(
      fc.asyncProperty(bytes, readerLimits, fc.integer({ min: 1, max: 50 }), async (content, limits, splitBytes) => {
        write(content);
        const { lines } = await readAll(fileSource(path, { encoding: 'latin1' }), sourceContext({ ...limits, splitBytes }));
        expect(lines).toEqual(linesOf(content.toString('latin1')));
      }),
    );
  });

  it('warns of invalid UTF-8 once for each file, with the place and the way out', async () => {
    const { path, write } = createFile();
    write(Buffer.from('fine\nna\xefve\n\xff\n', 'latin1'));
    const context = sourceContext({ splitBytes: 4, batchRows: 1 });
    expect(await readAll(fileSource(path), context)).toEqual({
      lines: ['fine', 'na\ufffdve', '\ufffd'],
      warnings: [`'${path}': byte 7 is not valid UTF-8; such bytes become U+FFFD. If it is Latin-1, read it with encoding: 'latin1'`],
    });
  });

  it('takes half a byte order mark for invalid text', async () => {
    const { path, write } = createFile();
    for (const content of [Buffer.of(0xef, 0xbb), gzipSync(Buffer.of(0xef, 0xbb))]) {
      write(content);
      expect((await readAll(fileSource(path), sourceContext({ readBytes: 1 }))).lines).toEqual(['\ufffd']);
    }
  });

  it('reads lines that are longer than its buffers', async () => {
    const { path, write } = createFile();
    const lines = ['x'.repeat(300_000), '', 'é'.repeat(100_000), 'short'];
    write(lines.join('\n'));
    expect((await readAll(fileSource(path), sourceContext({ readBytes: 1000, splitBytes: 10_000 }))).lines).toEqual(lines);
  });

  it('reads several patterns and globs, each file once, sorted within its pattern', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'deep'));
    for (const name of ['b.log', 'a.log', 'c.txt', 'empty.log', '.hidden.log', 'deep/d.log']) {
      writeFileSync(join(directory, name), name === 'empty.log' ? '' : `${name}\n`);
    }
    const read = async (...names: string[]) => (await readAll(fileSource(names.map((name) => join(directory, name))))).lines;
    expect(await read('*.log')).toEqual(['a.log', 'b.log']);
    expect(await read('**/*.log')).toEqual(['a.log', 'b.log', 'deep/d.log']);
    expect(await read('c.txt', '*.{log,txt}', 'a.log')).toEqual(['c.txt', 'a.log', 'b.log']);
  });

  it('says which pattern matches nothing, and where it looked', async () => {
    const missing = join(temporaryDirectory(), '*.log');
    const enumerated = readAll(fileSource(missing));
    await expect(enumerated).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
      message: `no file matches '${missing}' (working directory: ${process.cwd()})`,
    });
  });

  it('says how to name the files of a directory', async () => {
    const directory = temporaryDirectory();
    const enumerated = readAll(fileSource(directory));
    await expect(enumerated).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringContaining(`say '${directory}/*'`) });
  });

  it('names a file that has vanished, with the code of the system', async () => {
    const { path, write } = createFile();
    write('a\n');
    const context = sourceContext();
    const splits = await splitsOf(fileSource(path), context);
    rmSync(path);
    const read = readSplits(fileSource(path), splits, context);
    await expect(read).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: `cannot open '${path}': ENOENT: no such file or directory`,
    });
  });

  it('does not mix a file with another that took its name', async () => {
    const { path, write } = createFile();
    write('a\nb\n');
    const context = sourceContext();
    const splits = await splitsOf(fileSource(path), context);
    writeFileSync(`${path}.new`, 'c\nd\n');
    renameSync(`${path}.new`, path);
    await expect(readSplits(fileSource(path), splits, context)).rejects.toThrow(/was replaced by another file/);
  });

  it('notices that a file shrank, before and while it is read', async () => {
    const { path, write } = createFile();
    write('line\n'.repeat(10));
    const context = sourceContext({ readBytes: 7, batchRows: 1 });
    const splits = await splitsOf(fileSource(path), context);
    const reader = fileSource(path).createReader(new ReaderContext(context));
    for (const split of splits) reader.addSplit(split);
    reader.poll();
    truncateSync(path, 20);
    await expect(drain(reader, new ReaderContext(context))).rejects.toThrow(/shrank to 20 bytes/);
    reader.close();
    await expect(readSplits(fileSource(path), splits, context)).rejects.toThrow(/shrank from 50 to 20 bytes/);
  });

  it('reads to the end of a line that was finished later, but no lines behind it', async () => {
    const { path, write } = createFile();
    write('one\ntw');
    const context = sourceContext();
    const splits = await splitsOf(fileSource(path), context);
    appendFileSync(path, 'o\nthree\n');
    expect((await readSplits(fileSource(path), splits, context)).lines).toEqual(['one', 'two']);
  });

  it('counts the bytes it has read up to those there are', async () => {
    const { path, write } = createFile();
    await fc.assert(
      fc.asyncProperty(text, readerLimits, fc.boolean(), async (content, limits, compressed) => {
        write(compressed ? gzipSync(content) : content);
        const context = new ReaderContext(sourceContext({ ...limits, splitBytes: 20 }));
        const source = fileSource(path);
        const reader = source.createReader(context);
        const splits = await splitsOf(source, context);
        for (const split of splits) reader.addSplit(split);
        await drain(reader, context);
        expect(reader.bytesRead).toBe(source.totalBytes?.(splits));
        reader.close();
      }),
    );
  });

  it('asks for a split until there are no more', async () => {
    const { path, write } = createFile();
    write('a\n');
    const context = new ReaderContext();
    const source = fileSource(path);
    const reader = source.createReader(context);
    expect(reader.poll()).toBe('needs-split');
    for (const split of await splitsOf(source, context)) reader.addSplit(split);
    expect(await drain(reader, context)).toEqual(['a']);
    expect(reader.poll()).toBe('needs-split');
    reader.noMoreSplits();
    expect(reader.poll()).toBe('end');
    reader.close();
  });

  it('refuses options that make no sense', () => {
    expect(() => fileSource([])).toThrow(/a path or glob, or an array of them, not an empty array/);
    expect(() => fileSource('a', { encoding: 'utf-16' as 'utf8' })).toThrow(/'utf8' or 'latin1', not 'utf-16'/);
  });
});

describe('fileSource of gzip files', () => {
  const gzipLimits: fc.Arbitrary<Partial<Limits>> = readerLimits;

  it('gives the lines of files of one member or many', async () => {
    const { path, write } = createFile('input.gz');
    await fc.assert(
      fc.asyncProperty(divided, gzipLimits, async ({ content, parts }, limits) => {
        const whole = Buffer.from(content);
        write(Buffer.concat([...parts.map(({ start, end }) => gzipSync(whole.subarray(start, end))), gzipSync('')]));
        expect(await readAll(fileSource(path), sourceContext(limits))).toEqual({ lines: textLines(content), warnings: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('goes on exactly behind what was read, after every batch', async () => {
    const { path, write } = createFile('input.gz');
    await fc.assert(
      fc.asyncProperty(text, gzipLimits, async (content, limits) => {
        write(gzipSync(content));
        const context = sourceContext(limits);
        const source = fileSource(path);
        await expectRestorable(source, await splitsOf(source, context), textLines(content), context);
      }),
      { numRuns: 20 },
    );
  });

  it('reads more than it would keep waiting', async () => {
    const { path, write } = createFile('input.gz');
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 100)}`);
    write(gzipSync(lines.join('\n')));
    expect((await readAll(fileSource(path), sourceContext({ readBytes: 1000 }))).lines).toEqual(lines);
  });

  it('knows them by their content, too', async () => {
    const { path, write } = createFile('input.log');
    write(gzipSync('a\nb'));
    expect((await readAll(fileSource(path))).lines).toEqual(['a', 'b']);
  });

  it('names the place where a file is cut', async () => {
    const { path, write } = createFile('input.gz');
    const whole = gzipSync('a line\n'.repeat(10));
    write(whole.subarray(0, whole.length - 6));
    await expect(readAll(fileSource(path))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: `cannot decompress '${path}' at byte ${whole.length - 6} of ${whole.length - 6}: Z_BUF_ERROR: unexpected end of file`,
    });
  });

  it('names the place where a file is damaged', async () => {
    const { path, write } = createFile('input.gz');
    const whole = gzipSync('a line of text\n'.repeat(1000));
    whole.fill(0xff, 40, 60);
    write(whole);
    const place = new RegExp(`^cannot decompress '${path}' at byte \\d+ of ${whole.length}: Z_DATA_ERROR`);
    await expect(readAll(fileSource(path), sourceContext({ readBytes: 64 }))).rejects.toMatchObject({
      code: 'MALFORMED_RECORD',
      message: expect.stringMatching(place),
    });
  });

  it('says what to do about a plain file with the name of a compressed one', async () => {
    const { path, write } = createFile('input.gz');
    write('plain text\n');
    await expect(readAll(fileSource(path))).rejects.toThrow(/at byte 0 of 11: .*give it a name that does not end in \.gz/);
  });

  it('warns of bytes behind the compressed data', async () => {
    const { path, write } = createFile('input.gz');
    write(Buffer.concat([gzipSync('a\n'), Buffer.alloc(100)]));
    const { lines, warnings } = await readAll(fileSource(path));
    expect(lines).toEqual(['a']);
    expect(warnings).toEqual([`'${path}': the last 100 bytes are not gzip data and were left out`]);
  });

  it('may be closed at any time', async () => {
    const { path, write } = createFile('input.gz');
    write(gzipSync('line\n'.repeat(100_000)));
    const context = new ReaderContext(sourceContext({ readBytes: 64 }));
    const source = fileSource(path);
    const reader = source.createReader(context);
    for (const split of await splitsOf(source, context)) reader.addSplit(split);
    expect(reader.poll()).toBe('pending');
    await context.awake();
    reader.close();
  });

  // The frame of the text 'one\ntwo\n', as `zstd` writes it.
  const frame = Buffer.from(`28b52ffd0408410000${Buffer.from('one\ntwo\n').toString('hex')}00000000`, 'hex');

  it.skipIf('createZstdDecompress' in zlib)('says which Node unpacks zstd, by name or content', async () => {
    for (const name of ['some.log.zst', 'some.log']) {
      const { path, write } = createFile(name);
      write(frame);
      await expect(readAll(fileSource(path))).rejects.toThrow(
        /is compressed with zstd, which needs Node 22\.15 or later, and this is v.*unpack it first/,
      );
    }
  });

  it.runIf('createZstdDecompress' in zlib)('unpacks zstd', async () => {
    const { path, write } = createFile('some.log.zst');
    const { zstdCompressSync } = zlib as unknown as { zstdCompressSync: (text: string) => Buffer };
    write(zstdCompressSync('one\ntwo\n'));
    expect((await readAll(fileSource(path), sourceContext({ readBytes: 5 }))).lines).toEqual(['one', 'two']);
  });
});
