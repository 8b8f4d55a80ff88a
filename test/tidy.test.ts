/** Rules that the linter cannot express. Each names what to write instead. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeLines, type SourceFile, sourceFiles } from './source-tree.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Whether comments count too. */
  readonly comments?: boolean;
  /** Files that may do it: they are what the rule points to. */
  readonly except?: RegExp;
}

/** Files that deal with the outside. The linter's bans make the same exceptions; see biome.json. */
const outside = /^src\/((platform|connectors|server|cli)\/|(index|node-execution|runtime\/worker)\.ts$|wire\/generate\.mjs$)/;

const sourceRules: readonly Rule[] = [
  { pattern: /\bDate\.now\b/, instead: 'clock.now() of a Clock that is handed in', except: outside },
  { pattern: /\bnew Date\(\)|\bDate\(\)/, instead: 'new Date(clock.now())', except: outside },
  { pattern: /\bprocess\.(hrtime|uptime)\b/, instead: 'clock.monotonic() of a Clock that is handed in', except: outside },
  { pattern: /\bMath\.random\b/, instead: 'random.next() of a Random that is handed in', except: outside },
  {
    pattern: /^[^'`]*\bprocess\.(env|argv|cwd|exit|stdin|stdout|stderr|on)\b/,
    instead: 'an option that an entry point fills in',
    except: outside,
  },
  {
    pattern: /\bprocess\.nextTick\b/,
    instead: 'timers.soon(…) of Timers that are handed in',
    except: /^src\/testing\/simulation\/after-microtasks\.ts$/,
  },
  {
    pattern: /\bAtomics\.(wait|waitAsync|notify)\b|\bwaitAsync\(/,
    instead: 'a Doorbell (channel/doorbell.ts)',
    except: /^src\/channel\/doorbell\.ts$/,
  },
  { pattern: /\bgenerated\/wire\//, instead: 'the names in wire/frame.ts', except: /^src\/wire\// },
  {
    pattern: /\.(localeCompare|toLocale\w+)\(|\bIntl\./,
    instead: 'a comparison of code units: results must not depend on the machine',
    except: outside,
  },
  { pattern: /@ts-(ignore|nocheck|expect-error)/, instead: 'a type that says what is meant', comments: true, except: outside },
  { pattern: /\bas unknown as\b/, instead: 'a type guard, or a narrower type where the value comes from', except: castingFiles() },
];

const everywhereRules: readonly Rule[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'the work itself, or a page in docs/decisions', comments: true },
  {
    pattern: /(?<![\w.$}])\/(work|root|home|Users)\/(?!me\/)\w|\b[A-Z]:\\\\/,
    instead: 'a path relative to import.meta.url',
    comments: true,
  },
  { pattern: /\bregistry\.\w+\.\w+|\bnpm\.pkg\b|\/artifactory\//, instead: 'nothing: whoever installs has a registry', comments: true },
  { pattern: /\bdebugger\b/, instead: 'a test' },
];

const testRules: readonly Rule[] = [
  { pattern: /\bvi\.(mock|doMock|spyOn|fn|stub\w+|useFakeTimers)\b/, instead: 'real parts, a ManualClock, or an object of the interface' },
];

/** The seams where types end: generated code, shared memory, user functions. */
function castingFiles(): RegExp {
  return /^src\/(compiler|batch|api|operators|channel\/doorbell)/;
}

/** Each place where a file does what a rule forbids. */
function findings(files: readonly SourceFile[], rules: readonly Rule[]): string[] {
  return files.flatMap((file) => {
    const [all, code] = [file.text.split('\n'), codeLines(file.text)];
    return rules
      .filter(({ except }) => except?.test(file.path) !== true)
      .flatMap(({ pattern, instead, comments }) =>
        (comments === true ? all : code).flatMap((line, i) =>
          pattern.test(line) ? [`${file.path}:${i + 1}: ${line.trim()} — write ${instead}`] : [],
        ),
      );
  });
}

const source = sourceFiles('src');
const tests = sourceFiles('test').filter(({ path }) => path !== 'test/tidy.test.ts');
const others = ['examples', 'benchmarks', 'native-bench'].flatMap(sourceFiles);

describe('tidiness', () => {
  test('of the source', () => {
    expect(findings(source, sourceRules)).toEqual([]);
  });

  test('of everything', () => {
    expect(findings([...source, ...tests, ...others], everywhereRules)).toEqual([]);
  });

  test('of the tests', () => {
    expect(findings(tests, testRules)).toEqual([]);
  });

  test('of what is installed: the lock file names no registry', () => {
    const root = new URL('..', import.meta.url);
    expect(readFileSync(new URL('package-lock.json', root), 'utf8')).not.toMatch(/"resolved"|https?:\/\/registry/);
    expect(readFileSync(new URL('.npmrc', root), 'utf8')).not.toMatch(/registry\s*=/);
  });

  test('every source file opens with what it is', () => {
    expect(source.filter(({ text }) => !/^(#!.*\n\s*)?(\/\*\*|\/\/)/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('no file is a drawer for whatever has no place', () => {
    const drawer = /^(utils?|helpers?|misc|common|shared|stuff)\b/;
    expect([...source, ...tests].filter(({ path }) => drawer.test(basename(path))).map(({ path }) => path)).toEqual([]);
  });

  test('rules find what they are for', () => {
    const text = ['const now = Date.now();', '// Date.now() in a comment', 'new Date(0)', 'new Date()', '// TODO later'].join('\n');
    const file = { path: 'src/graph/job.ts', text };
    expect(findings([file], [...sourceRules, ...everywhereRules]).map((finding) => finding.split(' — ')[0])).toEqual([
      'src/graph/job.ts:1: const now = Date.now();',
      'src/graph/job.ts:4: new Date()',
      'src/graph/job.ts:5: // TODO later',
    ]);
    expect(findings([{ ...file, path: 'src/platform/node-system.ts' }], sourceRules)).toEqual([]);
  });
});
