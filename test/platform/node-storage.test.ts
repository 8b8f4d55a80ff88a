/** Files of the machine: finding them, and what their errors say. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeStorage } from '../../src/platform/node-storage.ts';
import { temporaryDirectory } from '../connectors/support.ts';

function directoryOf(...names: string[]): string {
  const directory = temporaryDirectory();
  for (const name of names) writeFileSync(join(directory, name), name);
  return directory;
}

describe('nodeStorage.list', () => {
  it('finds the files of a glob, sorted, with absolute paths', async () => {
    const directory = directoryOf('b.log', 'a.log', 'c.txt', '.hidden.log');
    mkdirSync(join(directory, 'd.log'));
    const found = [join(directory, 'a.log'), join(directory, 'b.log')];
    expect(await nodeStorage.list(join(directory, '*.log'))).toEqual(found);
    expect(await nodeStorage.list(join(relative(process.cwd(), directory), '*.log'))).toEqual(found);
  });

  it('takes a path that is there as itself, whatever its characters', async () => {
    const directory = directoryOf('a[1]*.log', 'a1.log', 'a1x.log', '{x}', '(y)');
    for (const name of ['a[1]*.log', 'a1.log', '{x}', '(y)']) {
      expect(await nodeStorage.list(join(directory, name))).toEqual([join(directory, name)]);
    }
    expect(await nodeStorage.list(join(directory, 'a[12].log'))).toEqual([join(directory, 'a1.log')]);
  });

  it('finds nothing where nothing is', async () => {
    const directory = directoryOf('file');
    const names = ['missing', '*.log', 'file/below', 'file/*', 'missing/*', `{${'x'.repeat(300)},y}`];
    for (const name of names) expect(await nodeStorage.list(join(directory, name))).toEqual([]);
  });

  it('follows links to files', async () => {
    const directory = directoryOf('target');
    symlinkSync(join(directory, 'target'), join(directory, 'link.log'));
    expect(await nodeStorage.list(join(directory, '*.log'))).toEqual([join(directory, 'link.log')]);
  });

  it('says how to name the files of a directory', async () => {
    const directory = directoryOf();
    await expect(nodeStorage.list(`${directory}/`)).rejects.toMatchObject({
      code: 'EISDIR',
      path: directory,
      message: `'${directory}/' is a directory; say '${directory}/*' for the files in it`,
    });
  });

  it('does not read devices', async () => {
    await expect(nodeStorage.list('/dev/null')).rejects.toMatchObject({ code: 'EINVAL', message: "'/dev/null' is not a regular file" });
  });
});

describe('nodeStorage', () => {
  it.runIf(process.platform === 'linux')('says at once that a directory cannot be made', () => {
    expect(() => nodeStorage.makeDirectory('/proc/nope/deep')).toThrow(/ENOENT|EACCES|EPERM/);
    const file = join(temporaryDirectory(), 'file');
    nodeStorage.create(file).close();
    expect(() => nodeStorage.makeDirectory(file)).toThrow('EEXIST');
    expect(() => nodeStorage.makeDirectory(join(file, 'below'))).toThrow('ENOTDIR');
  });

  it('writes files, makes them known under another name, and reads them at any position', () => {
    const directory = join(temporaryDirectory(), 'deep', 'down');
    nodeStorage.makeDirectory(directory);
    nodeStorage.makeDirectory(directory);
    const written = nodeStorage.create(join(directory, 'new'));
    written.write(Buffer.from('hello '));
    written.write(Buffer.from('world'));
    written.sync();
    written.close();
    nodeStorage.rename(join(directory, 'new'), join(directory, 'file'));
    expect(nodeStorage.entries(directory)).toEqual(['file']);
    const file = nodeStorage.open(join(directory, 'file'));
    const target = Buffer.alloc(8, '.');
    expect([file.size, file.read(target, 1, 5, 6), file.read(target, 0, 8, 11)]).toEqual([11, 5, 0]);
    expect(target.toString()).toBe('.world..');
    file.close();
    nodeStorage.remove(join(directory, 'file'));
    expect(nodeStorage.entries(directory)).toEqual([]);
    expect(nodeStorage.entries(join(directory, 'missing'))).toEqual([]);
  });

  it('goes on with a file behind as many bytes as are asked for', () => {
    const path = join(directoryOf('file'), 'file');
    const file = nodeStorage.append(path, 2);
    file.write(Buffer.from('xy'));
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('fixy');
    expect(() => nodeStorage.append(path, 5)).toThrow(expect.objectContaining({ code: 'ENODATA', path }));
    expect(() => nodeStorage.append(`${path}2`, 0)).toThrow('ENOENT');
    expect(readFileSync(path, 'utf8')).toBe('fixy');
  });

  it('knows a file again after a rename and an append, but not another one of its name', () => {
    const directory = directoryOf('file');
    const identity = (name: string) => {
      const file = nodeStorage.open(join(directory, name));
      file.close();
      return file.identity;
    };
    const before = identity('file');
    writeFileSync(join(directory, 'file'), 'more', { flag: 'a' });
    nodeStorage.rename(join(directory, 'file'), join(directory, 'renamed'));
    expect(identity('renamed')).toBe(before);
    writeFileSync(join(directory, 'file'), readFileSync(join(directory, 'renamed')));
    expect(identity('file')).not.toBe(before);
  });

  it('names the file that a call on it failed for', () => {
    const directory = directoryOf();
    const file = nodeStorage.open(directory);
    expect(() => file.read(new Uint8Array(1), 0, 1, 0)).toThrow(expect.objectContaining({ code: 'EISDIR', path: directory }));
    file.close();
    expect(() => nodeStorage.open(join(directory, 'missing'))).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: join(directory, 'missing') }),
    );
  });

  it('creates a file only where there is none', () => {
    const path = join(temporaryDirectory(), 'file');
    const file = nodeStorage.createNew(path);
    file.write(Buffer.from('first'));
    file.close();
    expect(() => nodeStorage.createNew(path)).toThrow(expect.objectContaining({ code: 'EEXIST', path }));
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  it('makes sure of a file and of names while the thread goes on', async () => {
    const directory = temporaryDirectory();
    const file = nodeStorage.createNew(join(directory, 'file'));
    file.write(Buffer.from('before '));
    const synced = file.syncSoon();
    file.write(Buffer.from('and meanwhile'));
    await Promise.all([synced, file.syncSoon(), nodeStorage.syncDirectory(directory)]);
    file.close();
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('before and meanwhile');
    await expect(nodeStorage.syncDirectory(join(directory, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('closes a file behind what is still made sure of: another may get its descriptor', async () => {
    const directory = temporaryDirectory();
    const synced = Array.from({ length: 30 }, (_, i) => {
      const file = nodeStorage.create(join(directory, `${i}`));
      file.write(Buffer.alloc(10_000));
      const soon = [file.syncSoon(), file.syncSoon()];
      file.close();
      return soon;
    });
    await Promise.all(synced.flat());
  });

  it('removes directories that hold nothing', () => {
    const directory = directoryOf('file');
    expect(() => nodeStorage.removeDirectory(directory)).toThrow(expect.objectContaining({ code: 'ENOTEMPTY' }));
    mkdirSync(join(directory, 'below'));
    nodeStorage.removeDirectory(join(directory, 'below'));
    expect(nodeStorage.entries(directory)).toEqual(['file']);
  });
});
