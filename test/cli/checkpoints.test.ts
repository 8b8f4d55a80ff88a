/** Jobs with checkpoints on the command line: how they resume, what is said of it, and what is told of a directory of checkpoints. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyOf, countingJob, expectedLines, goOn, hasCheckpoint, put, writtenLines } from './checkpoint-jobs.ts';
import { delay, hears, main, millrace, project, start, startOnTerminal, terminalMissing } from './harness.ts';

const stateDir = join('millrace-state', 'counting');

/** The lines of standard error, with ids, ages and places as they differ from run to run replaced. */
function said(stderr: string, directory: string): string[] {
  const text = stderr
    .replaceAll(directory, '.')
    .replace(/\d+ s ago/g, 'N s ago')
    .replace(/checkpoint \d+/g, 'checkpoint N');
  return text.split('\n').filter((line) => line !== '');
}

const goesOn = 'the same command goes on from checkpoint N; with --fresh it starts over';
const resuming = `resuming from checkpoint N in ./${stateDir}, taken N s ago`;

/** A job that Ctrl-C has stopped half-way: made once, copied by the tests. */
let stopped: string;
let stoppedSaying: string[];

beforeAll(async () => {
  stopped = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-cli-test-'));
  put(stopped, { 'job.js': countingJob({ until: 450 }) });
  const child = spawn(process.execPath, [main, 'run', 'job.js'], { cwd: stopped, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('at> 400')) child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(130);
  stoppedSaying = said(stderr, stopped);
});

afterAll(() => rmSync(stopped, { recursive: true, force: true }));

describe('Ctrl-C', () => {
  test('takes a last checkpoint, commits what came before it, and says how to go on', () => {
    expect(stoppedSaying).toEqual([goesOn]);
    const written = writtenLines(stopped);
    expect(written.length).toBeGreaterThanOrEqual(400);
    expect(new Set(written).size).toBe(written.length);
  });

  test.each([
    [
      'in memory',
      "checkpoint: { interval: '1h' }, checkpointStorage: memoryStorage()",
      'its checkpoints were in memory and are gone: it starts over next time',
    ],
    [
      'deleted',
      "checkpoint: { interval: '1h', onCancel: 'delete' }",
      "its checkpoints are deleted (checkpoint.onCancel: 'delete'): it starts over next time",
    ],
  ])('says that checkpoints are gone which were %s', async (_, options, message) => {
    const directory = project({ 'job.js': countingJob({ options, until: 150, imports: "import { memoryStorage } from 'millrace';" }) });
    const running = start(directory, ['run', 'job.js']);
    await running.wrote('at> 100');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended();
    expect(said(stderr, directory)).toEqual([message]);
    expect(code).toBe(130);
    expect((await millrace(directory, ['checkpoints', '.'])).code).toBe(1);
  });

  test('a second time cancels a job whose last checkpoint does not come', async () => {
    const stuck = `.map((value) => { if (value.index === 500) { writeSync(1, 'stuck'); for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); } return value.key; })`;
    const directory = project({
      'job.js': countingJob({
        options: "checkpoint: { interval: '1h' }",
        counting: stuck,
        imports: `import { writeSync } from 'node:fs';${hears}`,
      }),
    });
    const running = start(directory, ['run', 'job.js']);
    await running.wrote('stuck');
    await running.interrupt();
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended();
    expect(code).toBe(130);
    expect(said(stderr, directory)).toEqual(['heard', 'heard', 'it has no checkpoint yet: it starts over next time']);
  });
});

describe('a job that is run again', () => {
  test('resumes after Ctrl-C, says so, and writes every line once', async () => {
    const directory = copyOf(stopped);
    goOn(directory);
    const { code, stdout, stderr } = await millrace(directory, ['run', 'job.js']);
    expect(said(stderr, directory)).toEqual([resuming]);
    expect(code).toBe(0);
    expect(stdout).not.toContain('at> 300\n');
    expect(stdout).toContain('at> 1000\n');
    expect(writtenLines(directory)).toEqual(expectedLines());
    const after = await millrace(directory, ['checkpoints', stateDir]);
    expect(after).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('STATE_DIR') });
  });

  test('resumes after it was killed, in the directory that it is given, at another parallelism', async () => {
    const directory = project({ 'job.js': countingJob({ until: 450 }).replace('parallelism: 1, ', '') });
    const args = (parallelism: number) => ['run', 'job.js', '-p', String(parallelism), '--state-dir', 'state'];
    const running = start(directory, args(1));
    await running.wrote('at> 400');
    while (!hasCheckpoint(join(directory, 'state'))) await delay(10);
    running.child.kill('SIGKILL');
    await running.ended();
    expect(readdirSync(join(directory, 'state'))).toContain('lock');
    goOn(directory);
    const { code, stderr } = await millrace(directory, args(2));
    expect(said(stderr, directory)).toEqual(['resuming from checkpoint N in ./state, taken N s ago']);
    expect(code).toBe(0);
    expect(writtenLines(directory)).toEqual(expectedLines());
  });

  test('starts over when it is told to', async () => {
    const directory = copyOf(stopped);
    // What it has written already would be written again.
    rmSync(join(directory, 'out'), { recursive: true });
    goOn(directory);
    const { code, stdout, stderr } = await millrace(directory, ['run', 'job.js', '--fresh']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('at> 100\n');
    expect(writtenLines(directory)).toEqual(expectedLines());
  });

  test('starts from a directory of checkpoints that was moved away', async () => {
    const directory = copyOf(stopped);
    renameSync(join(directory, stateDir), join(directory, 'moved'));
    goOn(directory);
    const { code, stdout, stderr } = await millrace(directory, ['run', 'job.js', '--from', 'moved']);
    expect(said(stderr, directory)).toEqual(['resuming from checkpoint N in ./moved, taken N s ago']);
    expect(code).toBe(0);
    expect(stdout).not.toContain('at> 300\n');
    expect(writtenLines(directory)).toEqual(expectedLines());
  });

  test('says what is wrong with what it is to start from', async () => {
    const directory = copyOf(stopped);
    const run = async (...args: string[]) => {
      const { code, stderr } = await millrace(directory, ['run', 'job.js', ...args]);
      expect(code).toBe(1);
      return stderr.replaceAll(directory, '.');
    };
    expect(await run('--from', 'nothing')).toBe(
      "error[STATE_DIR]: there is no checkpoint or savepoint at './nothing'; name a directory of checkpoints, of a savepoint, or a .manifest file\n",
    );
    expect(await run('--from', stateDir, '--fresh')).toMatch(/^error\[INVALID_OPTION\]: run: --fresh starts over, and --from goes on /);
  });

  test('fails when its state has no operator to go to, and leaves it behind when that is allowed', async () => {
    const directory = copyOf(stopped);
    put(directory, { 'job.js': countingJob({ counting: '.map(({ key }) => key)' }) });
    const refused = await millrace(directory, ['run', 'job.js']);
    expect(refused.code).toBe(1);
    expect(said(refused.stderr, directory)).toEqual([
      `error[STATE_MISMATCH]: the job does not fit the state of checkpoint N in ./${stateDir}:`,
      "  the state of 'counts' (counts, a keyed-process) has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)",
    ]);
    const allowed = await millrace(directory, ['run', 'job.js', '--allow-non-restored-state']);
    expect(said(allowed.stderr, directory)).toEqual([
      resuming,
      "  the state of 'counts' (counts, a keyed-process) is left behind: no operator has this uid",
    ]);
    expect(allowed.code).toBe(0);
  });

  test('does not share its directory with a run that is under way', async () => {
    const directory = project({ 'job.js': countingJob({ until: 150 }) });
    const running = start(directory, ['run', 'job.js']);
    await running.wrote('at> 100');
    const { code, stderr } = await millrace(directory, ['run', 'job.js']);
    expect(code).toBe(1);
    expect(stderr).toContain(`error[STATE_DIR]: the state directory '${join(directory, stateDir)}' is`);
    expect(stderr).toContain(`${running.child.pid}`);
    running.child.kill('SIGKILL');
    expect((await running.ended()).stderr).toBe('');
  });
});

test('a job that fails is restarted, and says from where', async () => {
  const counting = `.map((value) => {
    if (value.index === 600 && !existsSync('failed')) { writeFileSync('failed', ''); throw new Error('once'); }
    return value.key;
  })`;
  const options = "checkpoint: { interval: '50ms' }, restart: restart.fixedDelay({ attempts: 1, delay: '10ms' })";
  const imports = "import { existsSync, readdirSync, writeFileSync } from 'node:fs';\nimport { restart } from 'millrace';";
  // It does not come to the record that fails before it has a checkpoint.
  const holds = `existsSync('${stateDir}') && readdirSync('${stateDir}').some((name) => name.endsWith('.manifest'))`;
  const directory = project({ 'job.js': countingJob({ options, counting, imports, until: 500, holds }) });
  const { code, stderr } = await millrace(directory, ['run', 'job.js']);
  expect(said(stderr, directory)).toEqual([
    "warning: the job 'counting' failed and is restarted in 10 ms: 'map' failed with Error: once",
    "  at the record { index: 600, key: 'k0' }",
    `going on from checkpoint N in ./${stateDir}, taken N s ago`,
  ]);
  expect(code).toBe(0);
  expect(writtenLines(directory)).toHaveLength(1000);
});

describe('millrace checkpoints', () => {
  test('lists and describes', async () => {
    const { code, stdout, stderr } = await millrace(stopped, ['checkpoints', stateDir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const text = stdout
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z, \d+ \w+ ago/, 'TIME')
      .replace(/checkpoint \d+/, 'checkpoint N')
      .replace(/next \d+/, 'next N')
      .replace(/[\d.,]+ k?B/g, 'SIZE')
      .replace(/\d+ segments?/g, 'SEGMENTS')
      .replace(/ in \d+ files?/, '');
    expect(text.split('\n')).toEqual([
      `${stateDir}:`,
      '',
      "checkpoint N of 'counting', TIME: SIZE, sound",
      '  numbers (numbers): source × 1',
      '    to read: every-0: next N, step 1',
      '  counts (counts): keyed-process × 1',
      '    states: 10 entries, SIZE in SEGMENTS',
      '  out (out): sink × 1',
      '    transactions: 1 item (union), SIZE',
      '    writers: 1 item (union), SIZE',
      '',
    ]);
  });

  test('finds what is corrupt, and then ends with 1', async () => {
    const directory = copyOf(stopped);
    const manifest = readdirSync(join(directory, stateDir)).find((name) => name.endsWith('.manifest')) as string;
    const path = join(directory, stateDir, manifest);
    const bytes = readFileSync(path);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    writeFileSync(path, bytes);
    for (const args of [[stateDir], [stateDir, '--quick']]) {
      const { code, stdout } = await millrace(directory, ['checkpoints', ...args]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^checkpoint \d+ \(checkpoint-\d+\.manifest\): CORRUPT\n {2}problem: .*checksum/m);
    }
    const resumed = await millrace(directory, ['run', 'job.js']);
    expect(resumed.code).toBe(1);
    expect(resumed.stderr).toMatch(/^error\[CHECKPOINT_CORRUPT\]: the only checkpoint in .* cannot be used: .*--from.*--fresh/);
  });

  test('says that there is nothing', async () => {
    const directory = project({ 'empty/file.txt': '' });
    expect(await millrace(directory, ['checkpoints', 'empty'])).toMatchObject({
      code: 1,
      stdout: 'empty: no checkpoints and no savepoints; a job that has finished leaves none\n',
    });
    const { code, stderr } = await millrace(directory, ['checkpoints', 'nowhere']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[STATE_DIR\]: there is no directory '.*nowhere'; a job that has finished leaves none/);
  });
});

describe('millrace checkpoints check', () => {
  const check = async (job: string, ...args: string[]) => {
    const directory = copyOf(stopped);
    put(directory, { 'job.js': job });
    const { code, stdout, stderr } = await millrace(directory, ['checkpoints', 'check', stateDir, 'job.js', ...args]);
    expect(stderr).toBe('');
    // Nothing of it runs.
    expect(readdirSync(join(directory, 'out'))).toEqual(readdirSync(join(stopped, 'out')));
    return { code, lines: said(stdout, directory).slice(1) };
  };

  test('says that the job can start, whatever its parallelism', async () => {
    const fits = { code: 0, lines: ["the job 'counting' can start from it"] };
    expect(await check(countingJob())).toEqual(fits);
    expect(await check(countingJob().replace('parallelism: 1, ', ''), '-p', '3')).toEqual(fits);
  });

  test('says what does not fit', async () => {
    const { code, lines } = await check(countingJob({ counting: ".sum('index').uid('sums').map(({ key }) => key)" }));
    expect(code).toBe(1);
    expect(lines).toEqual([
      "  error: the state of 'counts' (counts, a keyed-process) has no operator to go to; give the operator this uid, or leave the state behind with allowNonRestoredState (--allow-non-restored-state)",
      "  note: 'sum' (sums) has no state there: it starts empty",
      "the job 'counting' cannot start from it",
    ]);
    const other = await check(countingJob({ counting: ".sum('index').uid('counts').map(({ key }) => key)" }));
    expect(other.code).toBe(1);
    expect(other.lines[0]).toMatch(/^ {2}error: 'sum' \(counts\) is a sum, but its state is that of a keyed-process, 'counts';/);
  });

  test('lets state be left behind', async () => {
    const { code, lines } = await check(countingJob({ counting: '.map(({ key }) => key)' }), '--allow-non-restored-state');
    expect(lines).toEqual([
      "  note: the state of 'counts' (counts, a keyed-process) is left behind: no operator has this uid",
      "the job 'counting' can start from it",
    ]);
    expect(code).toBe(0);
  });

  test('reads the state as a start would: another kind of state, another version, and migrations', async () => {
    const counting = (state: string) =>
      countingJob({
        imports: "import { listState } from 'millrace';",
        counting: `.process({ state: { n: ${state} }, processElement({ key }, _, out) { out(key); } }).uid('counts')`,
      });
    const list = await check(counting('listState()'));
    expect(list).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/STATE_MISMATCH.*state\.n was stored as a valueState, and is a listState now/), expect.anything()],
    });
    const version = await check(counting('valueState({ version: 2 })'));
    expect(version).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/STATE_MISMATCH.*stored as version \d.*add migrate/), expect.anything()],
    });
    const migrated = await check(counting('valueState({ version: 2, migrate: (n) => ({ n }) })'));
    expect(migrated).toEqual({ code: 0, lines: ["the job 'counting' can start from it"] });
    const failing = await check(counting("valueState({ version: 2, migrate: () => { throw new Error('cannot'); } })"));
    expect(failing).toMatchObject({ code: 1 });
    expect(failing.lines[0]).toMatch(/migrate of state\.n, from version \d, failed with Error: cannot/);
  });
});

const missing = terminalMissing();

test.skipIf(missing !== undefined)(`progress tells of checkpoints${missing === undefined ? '' : ` (${missing})`}`, async () => {
  const directory = project({ 'job.js': countingJob({ until: 500 }) });
  const running = startOnTerminal(directory, 'run job.js');
  await running.wrote(/ · checkpoint \d+, \d+ s ago, [\d.]+ m?s, [\d.]+ k?B/);
  goOn(directory);
  expect((await running.ended()).code).toBe(0);
});
