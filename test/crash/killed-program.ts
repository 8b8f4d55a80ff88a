/**
 * Runs a program again and again and kills it each time, until it has been killed often enough and comes to its end by itself. What
 * it has committed then is compared with what a run gives that nobody disturbs. Only processes that were started here are killed,
 * by their ids.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/system.ts';
import { committedLines, difference } from './committed-lines.ts';

export interface KilledProgram {
  /** A program in `jobs/`. */
  readonly program: string;
  /** Directories of sinks that it writes. */
  readonly outputs: readonly string[];
  /** Lines of each input. */
  readonly lines: number;
  /** Parallelism of the runs, one after the other, and again from the front. */
  readonly parallelisms: readonly number[];
  /** After so many kills the program is left alone. */
  readonly kills: number;
  readonly seed: number;
}

export interface Survived {
  /** How often it was killed while its job was running, and before. */
  readonly running: number;
  readonly starting: number;
}

/** Longer than a run takes on a loaded machine. */
const runMsMax = 120_000;
/** A kill comes within so many milliseconds after the start of the program, or of its job. */
const killMsMax = 700;
/** Kills of 4 that come while the program starts. */
const earlyShare = 0.25;

/** @throws Error with the seed, and with where everything lies, when the output differs. */
export async function surviveKills(test: KilledProgram): Promise<Survived> {
  const random = seededRandom(test.seed);
  const root = mkdtempSync(join(tmpdir(), 'millrace-crash-'));
  writeInput(join(root, 'input'), test.lines, random);
  const undisturbed = await commit(test, join(root, 'undisturbed'));
  const killed = join(root, 'killed');
  mkdirSync(killed);
  try {
    const survived = await killAgainAndAgain(test, killed, random);
    compare(test, undisturbed, outputOf(test, killed));
    checkClean(test, killed);
    rmSync(root, { recursive: true });
    return survived;
  } catch (error) {
    throw new Error(`seed ${test.seed}, in ${root}: ${(error as Error).message}`, { cause: error });
  }
}

/** The output of a run that nobody disturbs. */
async function commit(test: KilledProgram, directory: string): Promise<Outputs> {
  mkdirSync(directory);
  const { status, errors } = await new Run(test, { directory, parallelism: test.parallelisms[0] as number }).ended;
  if (status !== 0) throw new Error(`the program ended with ${status}: ${errors}`);
  return outputOf(test, directory);
}

async function killAgainAndAgain(test: KilledProgram, directory: string, random: Random): Promise<Survived> {
  const survived = { running: 0, starting: 0 };
  for (let runs = 0; ; runs++) {
    const parallelism = test.parallelisms[runs % test.parallelisms.length] as number;
    const isToBeKilled = survived.running + survived.starting < test.kills;
    const run = new Run(test, { directory, parallelism, isToBeKilled });
    if (isToBeKilled) {
      if (random.next() >= earlyShare) await run.running;
      await Promise.race([run.ended, new Promise((resolve) => setTimeout(resolve, random.next() * killMsMax))]);
      run.kill();
    }
    const { status, errors } = await run.ended;
    if (status === 0) return survived;
    if (status !== 'SIGKILL') throw new Error(`run ${runs} ended with ${status}: ${errors}`);
    survived[run.isRunning ? 'running' : 'starting']++;
  }
}

interface Ended {
  /** The exit code, or the signal. */
  readonly status: number | string;
  readonly errors: string;
}

class Run {
  readonly ended: Promise<Ended>;
  /** Resolves when the job is up, or the program over. */
  readonly running: Promise<void>;
  isRunning = false;
  readonly #process: ChildProcess;

  constructor(
    { program }: KilledProgram,
    settings: { readonly directory: string; readonly parallelism: number; readonly isToBeKilled?: boolean },
  ) {
    const file = fileURLToPath(new URL(`./jobs/${program}.mjs`, import.meta.url));
    this.#process = spawn(process.execPath, [file, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: runMsMax,
      killSignal: 'SIGABRT',
    });
    let errors = '';
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => resolve({ status: signal ?? code ?? 'nothing', errors }));
    });
    this.running = new Promise((resolve) => {
      this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
        this.isRunning ||= text.includes('running');
        if (this.isRunning) resolve();
      });
      this.ended.then(() => resolve());
    });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Lines of a time, a key and a value, in three files: in order but for half a second. The last line of all is no such line. */
function writeInput(directory: string, lines: number, random: Random): void {
  mkdirSync(directory);
  for (const name of ['events', 'payments']) {
    for (const file of [0, 1, 2]) {
      const share = Math.floor(lines / 3);
      const texts = Array.from({ length: share }, (_, i) => {
        const at = (file * share + i) * 4 + Math.floor(random.next() * 400);
        const key = `key-${Math.floor(random.next() ** 2 * 150)}`;
        return `${at} ${key} ${Math.floor(random.next() * 100)}\n`;
      });
      if (file === 2) texts.push('end\n');
      writeFileSync(join(directory, `${name}-${file}.txt`), texts.join(''));
    }
  }
}

type Outputs = ReadonlyMap<string, readonly string[]>;

/** What is committed, by directory. */
function outputOf({ outputs }: KilledProgram, directory: string): Outputs {
  return new Map(outputs.map((output) => [output, committedLines(join(directory, output))]));
}

function compare({ outputs }: KilledProgram, expected: Outputs, found: Outputs): void {
  for (const output of outputs) {
    const differs = difference(expected.get(output) ?? [], found.get(output) ?? []);
    if (differs !== '') throw new Error(`'${output}' differs: ${differs}`);
  }
}

/** A job that has finished leaves neither checkpoints nor parts that are not committed, nor its lock. */
function checkClean({ outputs }: KilledProgram, directory: string): void {
  const hidden = outputs.flatMap((output) => readdirSync(join(directory, output)).filter((name) => name.startsWith('.')));
  const stateDir = join(directory, 'state');
  const state = existsSync(stateDir) ? readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'state') : [];
  const left = [...hidden, ...state];
  if (left.length > 0) throw new Error(`files are left: ${left.join(', ')}`);
}
