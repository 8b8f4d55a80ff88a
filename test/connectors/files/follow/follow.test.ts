/** Files that are followed: every line once, whatever becomes of the files. */

import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../../src/api/formats.ts';
import { t } from '../../../../src/schema/type.ts';
import { temporaryDirectory } from '../../support.ts';
import { Follower } from './follower.ts';

function place(name = 'app.log'): { directory: string; path: string; glob: string } {
  const directory = temporaryDirectory();
  return { directory, path: join(directory, name), glob: join(directory, `${name}*`) };
}

/** Lines that differ at once, so that files of them are told apart. */
function numbered(from: number, to: number, label = 'line'): string[] {
  return Array.from({ length: to - from }, (_, i) => `${label} ${from + i}`);
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

describe('a file that grows', () => {
  it('is read on, and a line not before its end', async () => {
    const { path } = place();
    writeFileSync(path, 'one\ntw');
    const follower = await Follower.start(path);
    expect(await follower.rest()).toEqual(['one']);
    appendFileSync(path, 'o\r\nthree\n');
    expect(await follower.rest()).toEqual(['one', 'two', 'three']);
    expect(follower.reader.isBehind).toBe(false);
  });

  it('may not be there yet', async () => {
    const { path } = place();
    const follower = await Follower.start(path);
    expect(await follower.rest()).toEqual([]);
    expect(follower.warnings).toEqual([expect.stringContaining(`no file matches '${path}' yet`)]);
    writeFileSync(path, 'one\n');
    expect(await follower.rest()).toEqual(['one']);
  });

  it('is read from its end, behind the last line feed', async () => {
    const { path } = place();
    writeFileSync(path, 'one\ntw');
    const follower = await Follower.start(path, { follow: { from: 'end' } });
    expect(await follower.rest()).toEqual([]);
    appendFileSync(path, 'o\n');
    writeFileSync(`${path}.new`, 'a file that comes later\n');
    expect(await follower.rest()).toEqual(['two']);
  });

  it('goes on where it was, again and again', async () => {
    const { path } = place();
    writeFileSync(path, '');
    let splits = (await Follower.start(path)).kill();
    const lines: string[] = [];
    for (let i = 0; i < 5; i++) {
      const follower = await Follower.start(path, { splits, limits: { batchRows: 2, readBytes: 7 } });
      await follower.rest();
      appendFileSync(path, `${i} one\n${i} two\n${i} thr`);
      await follower.until(() => follower.lines.length > 0);
      lines.push(...follower.lines);
      splits = follower.kill();
      appendFileSync(path, 'ee\n');
    }
    const last = await Follower.start(path, { splits });
    lines.push(...(await last.rest()));
    expect(lines).toEqual(readFileSync(path, 'utf8').trim().split('\n'));
  });

  it('gives its byte order mark to nobody', async () => {
    const { path } = place();
    writeFileSync(path, '\ufeff');
    const follower = await Follower.start(path);
    await follower.rest();
    appendFileSync(path, 'one\n');
    expect(await follower.rest()).toEqual(['one']);
  });
});

describe('several files', () => {
  it('are read in the order in which they were changed, and until then it is behind', async () => {
    const { directory, glob } = place();
    for (const [i, name] of ['app.log.2', 'app.log.1', 'app.log'].entries()) {
      const path = join(directory, name);
      writeFileSync(path, text(numbered(0, 100, name)));
      utimesSync(path, 1000 + i, 1000 + i);
    }
    const follower = await Follower.start(glob, { limits: { batchRows: 7, splitBytes: 100, readBytes: 50 } });
    await follower.until(() => follower.lines.length >= 250);
    expect(follower.reader.isBehind).toBe(true);
    await follower.rest();
    expect(follower.lines).toEqual(['app.log.2', 'app.log.1', 'app.log'].flatMap((name) => numbered(0, 100, name)));
    expect(follower.reader.isBehind).toBe(false);
  });

  it('are found when they come later, and take turns', async () => {
    const { directory } = place();
    const follower = await Follower.start(join(directory, '*.log'), { limits: { splitBytes: 100, readBytes: 50 } });
    await follower.rest();
    for (const name of ['a', 'b']) writeFileSync(join(directory, `${name}.log`), text(numbered(0, 1000, name)));
    await follower.rest();
    expect([...follower.lines].sort()).toEqual([...numbered(0, 1000, 'a'), ...numbered(0, 1000, 'b')].sort());
    expect(follower.lines.indexOf('b 0')).toBeLessThan(follower.lines.indexOf('a 999'));
    expect(follower.lines.indexOf('a 0')).toBeLessThan(follower.lines.indexOf('b 999'));
  });

  it('keep to the number of open files', async () => {
    const { directory } = place();
    for (let i = 0; i < 50; i++) writeFileSync(join(directory, `${i}.log`), `${i}\n`);
    const follower = await Follower.start(join(directory, '*.log'), { limits: { followedFiles: 2 }, follow: { closeInactive: '1h' } });
    await follower.rest();
    for (let i = 0; i < 50; i++) appendFileSync(join(directory, `${i}.log`), `${i} again\n`);
    await follower.rest();
    const expected = Array.from({ length: 50 }, (_, i) => [`${i}`, `${i} again`]).flat();
    expect([...follower.lines].sort()).toEqual(expected.sort());
    const held = new Set(openFiles().filter((path) => path.startsWith(directory)));
    expect(held.size).toBeLessThanOrEqual(2);
  });

  it('say which splits event time waits for', async () => {
    const { directory, path, glob } = place();
    for (const name of ['1', '2']) writeFileSync(`${path}.${name}`, `old ${name}\n`);
    const follower = await Follower.start(glob);
    await follower.rest();
    // Of those that were there it is the last one, whose watermark must not be lost.
    const { reader } = follower;
    const last = reader.currentSplit;
    expect([...(reader.openSplits ?? [])]).toEqual([last]);
    writeFileSync(join(directory, 'app.log'), 'new\n');
    await follower.until(() => follower.lines.includes('new'));
    expect([...(reader.openSplits ?? [])]).toEqual([last, reader.currentSplit]);
  });
});

describe.each([
  ['the pattern matches all names', (at: ReturnType<typeof place>) => at.glob],
  ['the pattern is the one name', (at: ReturnType<typeof place>) => at.path],
])('a file that is renamed, where %s', (_, patternOf) => {
  it('is read to its end, then the one that takes its place', async () => {
    const at = place();
    writeFileSync(at.path, 'one\n');
    const follower = await Follower.start(patternOf(at));
    await follower.rest();
    appendFileSync(at.path, 'two\nthr');
    renameSync(at.path, `${at.path}.1`);
    appendFileSync(`${at.path}.1`, 'ee\n');
    writeFileSync(at.path, 'four\n');
    expect(await follower.rest()).toEqual(['one', 'two', 'three', 'four']);
    appendFileSync(`${at.path}.1`, 'late\nunfinished');
    appendFileSync(at.path, 'five\n');
    await follower.until(() => follower.lines.includes('unfinished'));
    expect([...follower.lines].sort()).toEqual(['five', 'four', 'late', 'one', 'three', 'two', 'unfinished']);
    await follower.rest(40);
    expect(follower.lines.length).toBe(7);
    expect(follower.warnings).toEqual([]);
  });

  it('holds event time back no longer, once nothing is written to it', async () => {
    const at = place();
    writeFileSync(at.path, 'one\n');
    const follower = await Follower.start(patternOf(at));
    const { reader } = follower;
    await follower.until(() => follower.lines.includes('one'));
    const renamed = reader.currentSplit;
    renameSync(at.path, `${at.path}.1`);
    writeFileSync(at.path, 'two\n');
    await follower.until(() => follower.lines.includes('two'));
    await follower.until(() => reader.openSplits?.has(renamed as string) === false);
    expect([...(reader.openSplits ?? [])]).toEqual([reader.currentSplit]);
    expect(reader.currentSplit).not.toBe(renamed);
  });

  it('is found again after a restart, several names on', async () => {
    const at = place();
    writeFileSync(at.path, 'one\ntwo\n');
    const first = await Follower.start(patternOf(at));
    await first.rest();
    const splits = first.kill();
    appendFileSync(at.path, 'three\n');
    renameSync(at.path, `${at.path}.1`);
    writeFileSync(at.path, 'one of another file\n');
    renameSync(`${at.path}.1`, `${at.path}.2`);
    const second = await Follower.start(patternOf(at), { splits });
    expect(await second.rest()).toEqual(['three', 'one of another file']);
    expect(second.warnings).toEqual([]);
  });

  it('may be compressed while nobody reads it', async () => {
    const at = place();
    writeFileSync(at.path, 'one\ntwo\n');
    const first = await Follower.start(patternOf(at));
    await first.rest();
    const splits = first.kill();
    appendFileSync(at.path, 'three\n');
    writeFileSync(`${at.path}.1.gz`, gzipSync(readFileSync(at.path)));
    rmSync(at.path);
    writeFileSync(at.path, 'four\n');
    const second = await Follower.start(patternOf(at), { splits });
    await second.until(() => second.lines.length >= 2);
    await second.rest(10);
    expect([...second.lines].sort()).toEqual(['four', 'three']);
    expect(second.warnings).toEqual([]);
  });

  it('may be compressed while it is read', async () => {
    const at = place();
    writeFileSync(at.path, 'one\n');
    const follower = await Follower.start(patternOf(at));
    await follower.rest();
    renameSync(at.path, `${at.path}.1`);
    await follower.rest();
    writeFileSync(`${at.path}.1.gz`, gzipSync(readFileSync(`${at.path}.1`)));
    rmSync(`${at.path}.1`);
    writeFileSync(at.path, 'two\n');
    await follower.until(() => follower.lines.includes('two'));
    // As long as it takes until the compressed file would be read.
    await follower.rest(60);
    expect(follower.lines).toEqual(['one', 'two']);
  });
});

it('tells of files that were rotated before anybody saw them', async () => {
  const { path } = place();
  writeFileSync(`${path}.7`, 'of old\n');
  utimesSync(`${path}.7`, 1000, 1000);
  writeFileSync(path, 'one\n');
  const follower = await Follower.start(path);
  await follower.rest();
  renameSync(path, `${path}.2`);
  writeFileSync(`${path}.1`, 'two\n');
  writeFileSync(path, 'three\n');
  expect(await follower.rest()).toEqual(['one', 'three']);
  expect(follower.warnings).toEqual([
    `'${path}.1' was rotated before anybody looked at it, and is not read: say '${path}*' to read such files as well`,
  ]);
});

describe('a file that is copied and truncated', () => {
  it.each([['*'], ['']])('is read from its start, and what was not read of it in the copy: app.log%s', async (suffix) => {
    const { path } = place();
    writeFileSync(path, text(numbered(0, 100)));
    const follower = await Follower.start(`${path}${suffix}`);
    await follower.rest();
    appendFileSync(path, text(numbered(100, 150)));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, text(numbered(150, 200)));
    await follower.rest();
    expect(follower.lines).toEqual(numbered(0, 200));
    expect(follower.warnings).toEqual([]);
  });

  it('is told from one that has grown, when it is longer than before', async () => {
    const { path } = place();
    writeFileSync(path, 'one\n');
    const first = await Follower.start(path);
    await first.rest();
    const splits = first.kill();
    writeFileSync(path, 'another first line\nand more\n');
    const second = await Follower.start(path, { splits });
    expect(await second.rest()).toEqual(['another first line', 'and more']);
  });

  it('is not read twice while the copy is there and it is not truncated', async () => {
    const { path, glob } = place();
    writeFileSync(path, text(numbered(0, 100)));
    const follower = await Follower.start(glob);
    await follower.rest();
    writeFileSync(`${path}.1`, '');
    await follower.rest();
    writeFileSync(`${path}.1`, text(numbered(0, 100)));
    await follower.rest(10);
    expect(follower.lines).toEqual(numbered(0, 100));
  });

  it('says so when lines are lost because there is no copy', async () => {
    const { path } = place();
    writeFileSync(path, text(numbered(0, 2000)));
    const follower = await Follower.start(path, { limits: { batchRows: 100, readBytes: 4096 } });
    await follower.until(() => follower.lines.length > 0);
    writeFileSync(path, 'new\n');
    await follower.until(() => follower.lines.includes('new'));
    const read = follower.lines.slice(0, -1);
    expect(read).toEqual(numbered(0, read.length));
    const behind = Buffer.byteLength(text(read));
    expect(follower.warnings).toEqual([
      `'${path}' was truncated, or overwritten, before all of it was read: what it had behind byte ${behind} is lost`,
    ]);
  });
});

describe('a file that is removed', () => {
  it('is read to its end, and a new one of its name from its start', async () => {
    const { path } = place();
    writeFileSync(path, 'one\n');
    const follower = await Follower.start(path);
    await follower.rest();
    appendFileSync(path, 'two\nthree');
    rmSync(path);
    await follower.until(() => follower.lines.includes('three'));
    writeFileSync(path, 'one\n');
    expect(await follower.rest()).toEqual(['one', 'two', 'three', 'one']);
    expect(follower.reader.splits().length).toBe(1);
  });

  it('is missed when it goes while nobody has it open', async () => {
    const { path } = place();
    writeFileSync(path, 'one\ntwo\n');
    const first = await Follower.start(path, { limits: { batchRows: 1 } });
    await first.until(() => first.lines.length === 1);
    const splits = first.kill();
    rmSync(path);
    const second = await Follower.start(path, { splits });
    await second.rest();
    expect(second.warnings.join('\n')).toContain(
      `'${path}' is gone, and no file beside it is the same under another name: what it had behind byte 4`,
    );
  });
});

it('knows the header of each file, across turns, restarts and rotations', async () => {
  const { path, glob } = place();
  const format = formats.csv({ columns: { a: t.float64, b: t.string } });
  const limits = { batchRows: 1, readBytes: 8 };
  writeFileSync(path, 'b,a\n"x');
  const first = await Follower.start(glob, { format, limits });
  expect(await first.rest()).toEqual([]);
  appendFileSync(path, '\ny",1\nz,2\n');
  expect(await first.rest()).toEqual(['{"a":1,"b":"x\\ny"}', '{"a":2,"b":"z"}']);
  const splits = first.kill();
  appendFileSync(path, 'u,3\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'a,b\n4,v\n');
  const second = await Follower.start(glob, { format, limits, splits });
  expect(await second.rest()).toEqual(['{"a":3,"b":"u"}', '{"a":4,"b":"v"}']);
  const fromEnd = await Follower.start(glob, { format, limits, follow: { from: 'end' } });
  await fromEnd.rest();
  appendFileSync(path, '5,w\n');
  expect(await fromEnd.rest()).toEqual(['{"a":5,"b":"w"}']);
});

describe('a turn that takes longer than files are kept open', () => {
  const limits = { batchRows: 1, readBytes: 4096 };
  const follow = { pollInterval: 0, closeInactive: 1 } as const;
  const lines = numbered(0, 3000);

  /** Time for a look, now and then, and to be inactive. */
  async function betweenBatches(follower: Follower): Promise<void> {
    if (follower.lines.length % 100 !== 0) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
    follower.advance(2);
  }

  it('keeps its file open', async () => {
    const { path } = place();
    writeFileSync(path, text(lines));
    const follower = await Follower.start(path, { limits, follow });
    while (follower.lines.length < lines.length) {
      if (!follower.poll()) await follower.context.awake();
      await betweenBatches(follower);
    }
    expect(await follower.rest()).toEqual(lines);
  });

  it('goes on with a compressed file that is removed', async () => {
    const { path } = place('app.log.gz');
    writeFileSync(path, gzipSync(text(lines)));
    utimesSync(path, 1000, 1000);
    const follower = await Follower.start(path, { limits, follow });
    await follower.until(() => follower.lines.length === 1);
    rmSync(path);
    while (follower.lines.length < lines.length) {
      if (!follower.poll()) await follower.context.awake();
      await betweenBatches(follower);
    }
    expect(await follower.rest()).toEqual(lines);
    expect(follower.reader.splits()).toEqual([]);
    expect(follower.warnings).toEqual([]);
  });
});

describe('a compressed file', () => {
  it('is read once, when it is whole', async () => {
    const { directory, glob } = place();
    const path = join(directory, 'app.log.1.gz');
    const whole = gzipSync(text(numbered(0, 100)));
    const follower = await Follower.start(glob);
    writeFileSync(path, whole.subarray(0, 20));
    await follower.rest(2);
    writeFileSync(path, whole);
    await follower.until(() => follower.lines.length === 100);
    const splits = follower.kill();
    const second = await Follower.start(glob, { splits });
    await second.rest(10);
    expect([...follower.lines, ...second.lines]).toEqual(numbered(0, 100));
  });
});

/** Those of this process, where the system tells them. */
function openFiles(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}
