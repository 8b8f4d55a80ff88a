/** `millrace run` and `explain`, as a shell sees them. */

import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { main, millrace, project } from './harness.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A job that prints the squares of some numbers. */
const squares = `
import { StreamEnvironment } from 'millrace';
const env = new StreamEnvironment({ parallelism: 1 });
env.fromData([1, 2, 3]).map((n) => n * n).print();
await env.execute('squares');
`;

function lines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

describe('run', () => {
  test('a JavaScript job, away from any copy of the package: its output, and nothing else', async () => {
    const directory = project({ 'squares.js': squares });
    expect(await millrace(directory, ['run', 'squares.js'])).toEqual({ code: 0, stdout: '1\n4\n9\n', stderr: '' });
  });

  test('a TypeScript job with files of its own, packages, and its place in import.meta', async () => {
    const directory = project({
      'package.json': '{ "type": "commonjs" }',
      'tsconfig.json': '{ "compilerOptions": { "paths": { "#shared/*": ["./shared/*"] } } }',
      'shared/suffix.ts': `export const suffix: string = '!';`,
      'jobs/greet.ts': `
        import { readFileSync } from 'node:fs';
        import { StreamEnvironment, type DataStream } from 'millrace';
        import { suffix } from '#shared/suffix.ts';
        import { shout } from 'shouting';
        import { greeting, place } from './lib/greeting.ts';
        import common from './lib/common.cjs';
        import { platform } from './lib/legacy.js';
        const env = new StreamEnvironment({ parallelism: 1 });
        const names: DataStream<string> = env.fromData(readFileSync(new URL('names.txt', import.meta.url), 'utf8').trim().split(' '));
        names.map((name: string): string => shout(greeting(name)) + suffix).print();
        env.fromData([place, import.meta.dirname, common.answer, platform]).print('place');
        await env.execute('greet');
      `,
      'jobs/names.txt': 'Ada Bob\n',
      'jobs/lib/greeting.ts':
        'export const greeting = (name: string): string => "hello ".concat(name);\nexport const place = import.meta.filename;',
      'jobs/lib/common.cjs': 'exports.answer = 42;',
      'jobs/lib/legacy.js': `const { platform } = require('node:os'); exports.platform = platform() + __dirname;`,
      'node_modules/shouting/package.json': '{ "name": "shouting", "type": "module", "exports": { "import": "./shout.js" } }',
      'node_modules/shouting/shout.js': 'export const shout = (text) => text.toUpperCase();',
    });
    const { code, stdout, stderr } = await millrace(directory, ['run', 'jobs/greet.ts']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const jobs = join(directory, 'jobs');
    expect(lines(stdout).sort()).toEqual(
      [
        'HELLO ADA!',
        'HELLO BOB!',
        `place> ${jobs}/lib/greeting.ts`,
        `place> ${jobs}`,
        'place> 42',
        `place> ${process.platform}${jobs}/lib`,
      ].sort(),
    );
  });

  test('arguments behind -- and the default parallelism', async () => {
    const job = `
      import { StreamEnvironment } from 'millrace';
      const env = new StreamEnvironment();
      env.fromData([{ args: env.args, argv: process.argv.slice(2), parallelism: env.parallelism }]).map((row) => JSON.stringify(row)).setParallelism(1).print();
      await env.execute('arguments');
    `;
    const args = ['--parallelism', '7', '-x', '', '--', 'ü'];
    const { code, stdout, stderr } = await millrace(project({ 'job.mjs': job }), ['run', 'job.mjs', '-p', '2', '--', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout.replace(/^.*?> /, ''))).toEqual({ args, argv: args, parallelism: 2 });
  });

  test('what stands behind execute() runs once the job has finished, as with node', async () => {
    const job = `
      import { StreamEnvironment } from 'millrace';
      const env = new StreamEnvironment({ parallelism: 1 });
      env.fromData([1]).print();
      const result = await env.execute('first');
      await new Promise((resolve) => setTimeout(resolve, 10));
      console.log('behind', result.name);
    `;
    expect(await millrace(project({ 'job.mjs': job }), ['run', 'job.mjs'])).toEqual({ code: 0, stdout: '1\nbehind first\n', stderr: '' });
  });

  test('a second job in the module is an error, not silence', async () => {
    const job = `
      import { StreamEnvironment } from 'millrace';
      for (const n of [1, 2]) {
        const env = new StreamEnvironment({ parallelism: 1 });
        env.fromData([n]).print();
        await env.execute('job ' + n);
      }
    `;
    const { code, stdout, stderr } = await millrace(project({ 'job.mjs': job }), ['run', 'job.mjs']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '1\n' });
    expect(stderr).toContain('error[INVALID_JOB]: this program has executed a job already');
    expect(stderr).toMatch(/job\.mjs:6/);
  });

  test('an error behind execute() is told with its place', async () => {
    const job = `
      import { StreamEnvironment } from 'millrace';
      const env = new StreamEnvironment({ parallelism: 1 });
      env.fromData([1]).print();
      await env.execute('job');
      throw new RangeError('too late');
    `;
    const { code, stderr } = await millrace(project({ 'job.mjs': job }), ['run', 'job.mjs']);
    expect(code).toBe(1);
    expect(stderr).toContain('error[JOB_MODULE]: job.mjs failed behind its execute(): RangeError: too late');
    expect(stderr).toMatch(/job\.mjs:6/);
  });

  test('a module that awaits for ever behind execute() ends with its job', async () => {
    const job = `
      import { StreamEnvironment } from 'millrace';
      const env = new StreamEnvironment({ parallelism: 1 });
      env.fromData([1]).print();
      await env.execute('job');
      await new Promise(() => {});
    `;
    expect(await millrace(project({ 'job.mjs': job }), ['run', 'job.mjs'])).toEqual({ code: 0, stdout: '1\n', stderr: '' });
  });

  test('leaves no bundle behind, and ends although the module keeps a timer', async () => {
    const directory = project({ 'squares.mts': `setInterval(() => {}, 1000);${squares}` });
    const scratch = project({});
    expect((await millrace(directory, ['run', 'squares.mts'], { TMPDIR: scratch })).code).toBe(0);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test('a job next to another copy of the package runs on the copy of the command line', async () => {
    const directory = project({
      'job.js': squares,
      'node_modules/millrace/package.json': '{ "name": "millrace", "type": "module", "exports": "./index.js" }',
      'node_modules/millrace/index.js': `throw new Error('the other copy');`,
    });
    expect(await millrace(directory, ['run', 'job.js'])).toEqual({ code: 0, stdout: '1\n4\n9\n', stderr: '' });
  });

  test('a package that builds the job with a copy of its own is told so', async () => {
    const directory = project({
      'job.js': `await import('company-jobs');`,
      'node_modules/company-jobs/package.json': '{ "name": "company-jobs", "type": "module", "exports": "./index.js" }',
      'node_modules/company-jobs/index.js': squares,
    });
    copyOfPackage(join(directory, 'node_modules'));
    const { code, stdout, stderr } = await millrace(directory, ['run', 'job.js']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error\[JOB_MODULE\]: job\.js cannot be loaded: .*another copy of millrace \(file:\S+\/node_modules\/millrace\/dist\/\)/,
    );
    expect(stderr).toContain('company-jobs/index.js:3:');
  });

  function copyOfPackage(modules: string): void {
    mkdirSync(join(modules, 'millrace'));
    // The engine file by file is not published.
    const filter = (path: string): boolean => path !== join(root, 'dist/modules');
    for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(modules, 'millrace', part), { recursive: true, filter });
    symlinkSync(join(root, 'node_modules'), join(modules, 'millrace/node_modules'));
  }
});

describe('a job that fails', () => {
  test('exits with 1, the code, the message, and the lines of the TypeScript files', async () => {
    const directory = project({
      'job.ts': `import { StreamEnvironment } from 'millrace';
import { half } from './half.ts';

interface Row { readonly n: number }

const env = new StreamEnvironment({ parallelism: 1 });
env.fromData<Row>([{ n: 2 }, { n: 3 }]).map(({ n }: Row): number => half(n)).print();
await env.execute('halves');
`,
      'half.ts': `type Whole = number;

export function half(n: Whole): Whole {
  if (n % 2 === 0) return n / 2;
  throw new RangeError(\`\${n} is odd\`, { cause: new Error('nature') });
}
`,
    });
    const { code, stderr } = await millrace(directory, ['run', 'job.ts']);
    expect(code).toBe(1);
    const [headline, record, header, ...stack] = lines(stderr);
    expect(headline).toBe("error[USER_FUNCTION]: 'map' failed with RangeError: 3 is odd");
    expect(record).toMatch(/^ {2}at the record .*3/);
    expect(header).toBe('RangeError: 3 is odd');
    expect(stack[0]).toBe(`    at half (${directory}/half.ts:5:9)`);
    expect(stack[1]).toContain(`${directory}/job.ts:7:69`);
    expect(stack.slice(2)).toEqual(['caused by Error: nature', `    at half (${directory}/half.ts:5:48)`, stack[1]]);
  });

  test('shows internal frames with MILLRACE_DEBUG=1', async () => {
    const directory = project({ 'job.js': squares.replace('n * n', 'n.nothing.at') });
    const { code, stderr } = await millrace(directory, ['run', 'job.js'], { MILLRACE_DEBUG: '1' });
    expect(code).toBe(1);
    expect(stderr).toContain('at Subtask.step');
    expect(stderr).toContain('caused by TypeError');
  });

  test('says where the job was built wrong', async () => {
    const directory = project({ 'job.ts': squares.replace('fromData([1, 2, 3])', "readTextFile('x', { paralelism: 2 } as object)") });
    const { code, stderr } = await millrace(directory, ['run', 'job.ts']);
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/^error\[INVALID_OPTION\]: .*paralelism/),
      expect.stringContaining(`${directory}/job.ts:4:5`),
    ]);
  });

  test('names input that is not there', async () => {
    const directory = project({ 'job.js': squares.replace('fromData([1, 2, 3])', "readTextFile('missing.txt')") });
    const { code, stderr } = await millrace(directory, ['run', 'job.js']);
    expect(code).toBe(1);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^error\[SOURCE_MISSING\]: .*'missing\.txt'/)]);
  });

  test.each([
    ['env.fromHost("orders").print()', "fromHost('orders')"],
    ['env.fromData([1]).toHost("alerts")', "toHost('alerts')"],
    ['for await (const row of env.fromData([1]).executeAndCollect()) console.log(row)', 'executeAndCollect()'],
  ])('cannot wait for a host program: %s', async (call, name) => {
    const directory = project({
      'job.js': `import { StreamEnvironment } from 'millrace';\nconst env = new StreamEnvironment();\n${call};\nawait env.execute();`,
    });
    const { code, stderr } = await millrace(directory, ['run', 'job.js']);
    expect(code).toBe(1);
    expect(stderr).toContain(`error[INVALID_JOB]: the job uses ${name}`);
  });
});

describe('explain', () => {
  test('prints the plan and runs nothing', async () => {
    const directory = project({ 'job.ts': squares.replace('n * n', "{ throw new Error('ran'); }").replace('{ parallelism: 1 }', '') });
    const { code, stdout, stderr } = await millrace(directory, ['explain', 'job.ts', '--parallelism', '3']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^mode: batch\n\nstage 0 × 1\n {2}fromData/);
    expect(stdout).toContain('stage 1 × 3\n  map');
    expect(stdout).toContain('exchanges:');
  });

  test('prints the code of the stages as far as types are known, and still runs nothing', async () => {
    const typed = `
import { StreamEnvironment, t, count } from 'millrace';
const env = new StreamEnvironment();
env
  .readTextFile('words.txt')
  .map((line) => { if (line === '') throw new Error('ran'); return { word: line, length: line.length }; })
  .returns(t.object({ word: t.string, length: t.int32 }))
  .rebalance()
  .filter(({ length }) => length > 3)
  .keyBy('word')
  .aggregate({ n: count() })
  .print();
await env.execute('typed');
`;
    const directory = project({ 'job.ts': typed });
    const { code, stdout, stderr } = await millrace(directory, ['explain', 'job.ts', '-p', '2', '--code']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('words.txt : string');
    const stages = stdout.split('\ncode of stage ').slice(1);
    expect(stages).toHaveLength(3);
    // Of a source, and behind an exchange whose records have a declared type: the loop, and what it writes to.
    for (const stage of stages.slice(0, 2)) {
      expect(stage).toMatch(/\/\/ millrace:stage-\d\/.*\/run\.js\n/);
      expect(stage).toContain('return function run(batch');
      expect(stage).toMatch(/\/\/ millrace:exchange\/.*\.js\n/);
    }
    expect(stages[1]).toContain('finish');
    // Behind one that is not.
    expect(stages[2]).toContain("// for records of 'aggregate (local)': compiled at run time, when their type is inferred");
    expect(stages[2]).not.toContain('function run(batch');
  });
});

describe('what cannot be run', () => {
  test.each<[string, string[], RegExp]>([
    [
      'no such file',
      ['run', 'jobs/wordcuont.ts'],
      /^error\[JOB_MODULE\]: there is no file 'jobs\/wordcuont\.ts'; did you mean 'jobs\/wordcount\.ts'\?\n$/,
    ],
    ['another extension', ['explain', 'jobs/wordcount.js'], /'jobs\/wordcount\.js'; did you mean 'jobs\/wordcount\.ts'\?\n$/],
    ['nothing like it', ['run', 'elsewhere/x.ts'], /^error\[JOB_MODULE\]: there is no file 'elsewhere\/x\.ts'\n$/],
    ['a directory', ['run', 'jobs'], /^error\[JOB_MODULE\]: 'jobs' is a directory/],
    [
      'not a module',
      ['run', 'data.json'],
      /^error\[JOB_MODULE\]: cannot run 'data\.json': a job is an ES module in a \.ts, \.mts, \.js or \.mjs file\n$/,
    ],
    ['no job', ['run', 'idle.js'], /^error\[JOB_MODULE\]: idle\.js was loaded, but executed no job;/],
    ['never gets there', ['explain', 'stuck.js'], /^error\[JOB_MODULE\]: stuck\.js did not come to its env\.execute\(\)/],
    ['a syntax error', ['run', 'syntax.ts'], /^error\[JOB_MODULE\]: syntax\.ts:2:11: Unexpected ";"\n {2}2 \| const b = ;\n {16}\^\n$/],
    ['a missing file', ['run', 'imports.ts'], /^error\[JOB_MODULE\]: imports\.ts:1:8: Could not resolve "\.\/nowhere\.ts"\n/],
    ['a missing package', ['run', 'imports.ts'], /\nimports\.ts:2:8: Could not resolve "no-such-package"\n/],
    [
      'a module that throws',
      ['run', 'throws.ts'],
      /^error\[JOB_MODULE\]: throws\.ts cannot be loaded: TypeError: no\nTypeError: no\n {4}at .*throws\.ts:3:7\)?\n$/,
    ],
    [
      'parallelism 0',
      ['run', 'idle.js', '--parallelism', '0'],
      /^error: option '-p, --parallelism <n>' argument '0' is invalid\. Expected a whole number from 1\./,
    ],
    [
      'an unknown option',
      ['run', 'idle.js', '--paralelism', '2'],
      /^error: unknown option '--paralelism'\n\(Did you mean --parallelism\?\)/,
    ],
    ['arguments without --', ['run', 'idle.js', 'a'], /^error: too many arguments .*\n.*arguments of the job itself go behind --/],
    ['no command', ['idle.js'], /^error: unknown command 'idle\.js'\n\(to run a job: millrace run idle\.js\)\n$/],
    ['an unknown command', ['rum', 'idle.js'], /^error: unknown command 'rum'\n\(Did you mean run\?\)/],
  ])('%s', async (_, args, message) => {
    const directory = project({
      'jobs/wordcount.ts': '',
      'data.json': '{}',
      'idle.js': '1;',
      'stuck.js': 'await new Promise(() => {});',
      'syntax.ts': 'const a: number = 1;\nconst b = ;\n',
      'imports.ts': `import './nowhere.ts';\nimport 'no-such-package';\n`,
      'throws.ts': `interface A { a: 1 }\n\nthrow new TypeError('no');`,
    });
    const { code, stdout, stderr } = await millrace(directory, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('the program', () => {
  test('starts with node, for npm to link it', () => {
    expect(readFileSync(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await millrace(tmpdir(), ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('helps when asked, and when told nothing', async () => {
    const help = await millrace(tmpdir(), ['--help']);
    expect(help).toEqual({ code: 0, stdout: expect.stringContaining('millrace run wordcount.ts'), stderr: '' });
    expect(await millrace(tmpdir(), [])).toEqual({ code: 1, stdout: '', stderr: help.stdout });
  });
});
