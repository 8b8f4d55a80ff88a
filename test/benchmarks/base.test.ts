/** The working tree against a base commit, with a real repository and real processes. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

interface Judged {
  readonly what: string;
  readonly outcome: string;
  readonly pairs: number;
}

interface AgainstBase {
  readonly missing?: string;
  readonly judged: readonly Judged[];
}

const { withBaseTree } = await runner<{
  withBaseTree<T>(repository: string, commit: string, use: (tree: { folder: string; commit: string }) => Promise<T>): Promise<T>;
}>('base-tree.mjs');
const { againstBase } = await runner<{
  againstBase(
    benchmark: object,
    options: { base: string; rounds: number; hashes?: Readonly<Record<string, string>> },
  ): Promise<AgainstBase>;
}>('against-base.mjs');

function runner<M>(name: string): Promise<M> {
  return import(fileURLToPath(new URL(`../../benchmarks/runner/${name}`, import.meta.url))) as Promise<M>;
}

const repository = mkdtempSync(join(tmpdir(), 'millrace-repository-'));
afterAll(() => rmSync(repository, { recursive: true, force: true }));

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=Nobody', '-c', 'user.email=nobody@example.com', '-c', 'commit.gpgsign=false'];
  const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], { cwd: repository, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** What a program reports, before it is built. */
function writeReport(name: string, report: object): void {
  mkdirSync(join(repository, 'src'), { recursive: true });
  writeFileSync(join(repository, `src/${name}.json`), JSON.stringify(report));
}

function build(): void {
  cpSync(join(repository, 'src'), join(repository, 'dist'), { recursive: true });
}

/** Prints what was built in its tree. */
function program(name: string): object {
  const script = `dist/${name}.json`;
  const missing = () => undefined;
  return { label: name, command: ['cat', join(repository, script)], cwd: repository, script, cores: 1, missing, read: JSON.parse };
}

function comparison(name: string): object {
  return { kind: 'comparison', name, title: name, unit: 'records', work: () => 1, subject: program(name), others: [] };
}

describe('against a base', () => {
  test('is checked out, built and removed; what became slower is said, and what cannot be compared', async () => {
    writeFileSync(join(repository, 'package.json'), JSON.stringify({ name: 'base', private: true, scripts: { build: 'cp -r src dist' } }));
    mkdirSync(join(repository, 'node_modules/a-package'), { recursive: true });
    const figures = [{ name: 'p99', unit: 'ms', value: 1000 }];
    writeReport('job', { seconds: 1, hash: 'same' });
    writeReport('latency', { figures, hash: 'same' });
    writeReport('other', { seconds: 1, hash: 'of the base' });
    writeFileSync(join(repository, '.gitignore'), 'node_modules/\ndist/\n');
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '-m', 'base');
    const head = git('rev-parse', 'HEAD');
    // The working tree takes a half more, and has one program more.
    writeReport('job', { seconds: 1.5, hash: 'same' });
    writeReport('latency', { figures: [{ ...figures[0], value: 1500 }], hash: 'same' });
    writeReport('other', { seconds: 1.5, hash: 'of the tree' });
    writeReport('new', { seconds: 1.5 });
    build();

    const seen = await withBaseTree(repository, 'HEAD', async ({ folder, commit }) => {
      expect(commit).toBe(head);
      expect(readdirSync(join(folder, 'node_modules'))).toEqual(['a-package']);
      expect(git('worktree', 'list')).toContain(folder);
      const base = { base: folder, rounds: 6 };
      return {
        folder,
        time: await againstBase(comparison('job'), base),
        figures: await againstBase({ ...comparison('latency'), kind: 'figures' }, { ...base, rounds: 1 }),
        different: await againstBase(comparison('other'), { ...base, rounds: 1 }),
        absent: await againstBase(comparison('new'), base),
        wrong: await againstBase(comparison('other'), {
          ...base,
          rounds: 1,
          hashes: { [join(repository, 'dist/other.json')]: 'recorded' },
        }).catch(String),
      };
    });

    // Measured again, as it was worse.
    expect(seen.time.judged).toMatchObject([{ what: 'time', outcome: 'worse', pairs: 12, ratio: { median: 1.5 } }]);
    expect(seen.figures.judged).toMatchObject([{ what: 'p99', outcome: 'too few pairs', pairs: 1, ratio: { median: 1.5 } }]);
    expect(seen.different).toMatchObject({
      judged: [],
      missing: expect.stringContaining('hash is of the base of the base, but of the tree of the working tree'),
    });
    expect(seen.absent).toMatchObject({ judged: [], missing: 'there is no dist/new.json in the base' });
    expect(seen.wrong).toContain('the hash of the result is of the tree, but recorded is expected');
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
    expect(readdirSync(tmpdir())).not.toContain(seen.folder.split(/[/\\]/).at(-1));
    expect(readdirSync(join(repository, 'node_modules'))).toEqual(['a-package']);
  });

  test('a base that cannot be built leaves nothing behind, and an unknown one is a mistake', async () => {
    await expect(withBaseTree(repository, 'no-such-branch', async () => {})).rejects.toThrow(
      "'no-such-branch' is no commit of this repository",
    );
    rmSync(join(repository, 'package.json'));
    git('commit', '--quiet', '--all', '-m', 'no build');
    await expect(withBaseTree(repository, 'HEAD', async () => {})).rejects.toThrow(/npm run build in the base ended with exit code/);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  });
});
