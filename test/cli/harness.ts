/** Starts the built command line in a directory of its own. Every wait has a bound, and only what was started here is ended. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

// Several processes of a test may each take long on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** Milliseconds after which a process that was started here counts as hung. The machine may be busy. */
const boundMs = 60_000;

/** Milliseconds in which signals count as one, and more: see src/cli/signals.ts. */
const apartMs = 200;

/** At the top of a job: it tells of each Ctrl-C on standard error. */
export const hears = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGINT', () => process.stderr.write('heard\\n'));
`;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary directory with files in it. */
export function project(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-cli-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

/** `millrace …`, to its end. */
export function millrace(directory: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Running(directory, [process.execPath, main, ...args], env).ended();
}

/** `millrace …`, running. */
export function start(directory: string, args: readonly string[]): Running {
  return new Running(directory, [process.execPath, main, ...args]);
}

/** `millrace …` on a terminal of its own, 200 columns wide; what it writes comes as standard output. */
export function startOnTerminal(directory: string, args: string, terminal = 'xterm'): Running {
  return new Running(directory, ['script', '-qec', `stty cols 200; exec '${process.execPath}' '${main}' ${args}`, '/dev/null'], {
    TERM: terminal,
  });
}

/** Why there is no terminal to run on; undefined when there is one. */
export function terminalMissing(): string | undefined {
  const { stdout, error } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return error === undefined && stdout.includes('util-linux') ? undefined : "needs util-linux's script";
}

export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<Ended>;
  readonly #closed: Promise<void>;

  constructor(directory: string, [command, ...args]: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // Whatever other tests of this process have asked for: it is to say what it says by itself.
    const environment = { ...process.env, MILLRACE_LOG: undefined, ...env };
    this.child = spawn(command as string, args, { cwd: directory, env: environment, stdio: 'pipe' });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#closed = new Promise((resolve) => this.child.once('close', () => resolve()));
    this.#ended = this.#closed.then(() => ({ code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr }));
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  /** Resolves at the end of the process, with what it had written by then. */
  ended(): Promise<Ended> {
    return bounded(this.#ended, () => `did not end; wrote:\n${this.stdout.slice(-1000)}\n${this.stderr}`);
  }

  /** Resolves when the process is over, although its output may not be read to the end. */
  exited(): Promise<void> {
    const exited = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    return bounded(this.child.exitCode === null ? exited : Promise.resolve(), () => `did not exit; wrote:\n${this.stderr}`);
  }

  /** Sends Ctrl-C to a job that `hears`. Resolves when it has been heard, and another one is not taken for the same. */
  async interrupt(): Promise<void> {
    const times = this.stderr.split('heard').length;
    this.child.kill('SIGINT');
    await this.wrote(new RegExp(`(heard[^]*){${times}}`));
    await delay(apartMs);
  }

  /** Resolves once it has written this to either stream. */
  async wrote(text: string | RegExp): Promise<void> {
    const found = new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (this.stdout.search(text) >= 0 || this.stderr.search(text) >= 0) resolve();
      };
      look();
      this.child.stdout?.on('data', look);
      this.child.stderr?.on('data', look);
      void this.#closed.then(() => reject(new Error(`ended without ${String(text)}:\n${this.stdout.slice(-1000)}\n${this.stderr}`)));
    });
    await bounded(found, () => `did not write ${String(text)}:\n${this.stdout.slice(-1000)}\n${this.stderr}`);
  }
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function bounded<T>(promise: Promise<T>, problem: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(problem())), boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
