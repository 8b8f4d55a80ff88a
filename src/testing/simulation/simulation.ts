/**
 * One simulation: starts the job's process on the virtual machine, lets things happen, makes things go wrong, starts the process again,
 * and checks all the while what must hold. The calling thread.
 */

import type { DataStream } from '../../api/data-stream.ts';
import type { StreamEnvironment } from '../../api/environment.ts';
import { MillraceError } from '../../base/errors.ts';
import type { Random } from '../../base/system.ts';
import { fileSink } from '../../connectors/files/file-sink.ts';
import type { Sink } from '../../graph/sink.ts';
import { type BytesOfFile, CheckpointFiles } from './checkpoint-files.ts';
import { HostProgram } from './host-program.ts';
import { Ledger } from './ledger.ts';
import { Savepoints } from './savepoints.ts';
import type { SimulatedJob, SimulationReport } from './simulate.ts';
import { noFaults, type SimulatedFaults, type SimulationPlan } from './simulation-plan.ts';
import { SteadyProgress } from './steady-progress.ts';
import { VirtualDisk } from './virtual-disk.ts';
import { type Tampering, VirtualProcess } from './virtual-process.ts';
import { VirtualThread, VirtualWorld } from './virtual-world.ts';
import { VisibleRows } from './visible-rows.ts';

export interface SimulationParts<T> {
  readonly job: SimulatedJob<T>;
  readonly plan: SimulationPlan;
  readonly random: Random;
  readonly expected: readonly T[];
  readonly trace: ((line: string) => void) | undefined;
  readonly tamper: Tampering;
}

const stateDir = '/state';
const savepointDir = '/savepoints';
const output = '/out';

/** Things that may happen until the job has ended, once nothing goes wrong any more. */
const livenessSteps = 30_000;
/** How often it may fail until then, of what went wrong before. */
const livenessFailures = 20;
/** Between two looks at the job's metrics. */
const lookSteps = 100;
/** Milliseconds that a promise of the job takes at most. */
const laterMs = 15;

export class Simulation<T> {
  readonly #parts: SimulationParts<T>;
  readonly #world: VirtualWorld;
  readonly #disk = new VirtualDisk();
  /** What does not die: the ledger, and whoever checks. */
  readonly #outside: VirtualThread;
  readonly #ledger: Ledger;
  readonly #visible: VisibleRows<T>;
  readonly #files: CheckpointFiles;
  readonly #program: HostProgram;
  readonly #savepoints: Savepoints;
  #progress = new SteadyProgress();
  #process: VirtualProcess | null = null;
  #faults: SimulatedFaults;
  /** What is wrong. */
  #violation: Error | undefined;
  #finished = false;
  /** Whether the job had the time and the disk to clear up behind itself. */
  #isTidy = false;
  /** Whether the process has said that something could not be removed. */
  #hasLeft = false;
  /** Whether nothing goes wrong any more. */
  #isSafe = false;
  #failure: Error | undefined;
  /** The checkpoint that the next process is to be started from, until one was taken: input that a newer, damaged one held is gone. */
  #goOnFrom: string | undefined;
  /** Of the job, since nothing goes wrong any more. */
  #failures = 0;
  readonly #counts = { processes: 0, workerDeaths: 0, restarts: 0, checkpoints: 0, failedCheckpoints: 0 };

  constructor(parts: SimulationParts<T>) {
    this.#parts = parts;
    const { plan, random, expected, job, trace } = parts;
    this.#faults = plan.faults;
    this.#world = new VirtualWorld({ random, readingMs: plan.readingMs, trace });
    this.#outside = new VirtualThread(this.#world, 'outside', 0);
    this.#outside.uncaught = (error) => this.#violated(error);
    this.#visible = new VisibleRows({
      expected,
      keyOf: plan.sink === 'ledger' ? job.keyOf : undefined,
      exactlyOnce: plan.checkpoint.mode !== 'at-least-once',
      repeats: plan.faults.damage > 0,
    });
    this.#ledger = new Ledger({
      world: this.#world,
      outside: this.#outside,
      requestMs: plan.requestMs,
      onVisible: (row) => this.#see(row as T),
    });
    const storage = this.#disk.reliable(this.#outside);
    const violated = (error: unknown): void => this.#violated(error);
    this.#files = new CheckpointFiles(stateDir, storage);
    this.#program = new HostProgram({ world: this.#world, inputs: job.inputs ?? {}, repeats: plan.faults.damage > 0, violated });
    this.#savepoints = new Savepoints({
      world: this.#world,
      rates: plan.savepoints,
      storage,
      directory: savepointDir,
      visible: () => this.#visible.count,
      backup: () => this.#backup(),
      violated,
    });
    for (const [path, text] of Object.entries(job.files ?? {})) this.#disk.put(path, text);
    this.#world.onReading = (thread) => {
      // The host reads its clock where a real one cannot fail: it dies at calls of the disk, and between two steps.
      if (thread !== this.#process?.host) this.#mayDie(thread, 'in the middle of a step');
    };
    this.#disk.onCall = (thread, call, path) => this.#mayDie(thread, `at ${call} of ${path}`);
  }

  async run(): Promise<Omit<SimulationReport, 'seed'>> {
    const { safetySteps } = this.#parts.plan;
    this.#apply(this.#parts.plan.faults);
    while (!this.#finished && this.#world.steps < safetySteps) await this.#step();
    this.#world.trace(() => 'from here on nothing goes wrong any more');
    this.#apply(noFaults);
    this.#isSafe = true;
    // Checkpoints may never come through in the time that they were given.
    if (this.#parts.plan.checkpoint.timeout !== undefined) this.#process?.die();
    const last = this.#world.steps + livenessSteps;
    while (!this.#finished) {
      if (this.#world.steps >= last)
        throw new Error(`the job did not come to its end, although nothing went wrong any more: ${this.#where()}`);
      await this.#step();
    }
    await this.#atEnd();
    return {
      steps: this.#world.steps,
      virtualMs: Math.round(this.#world.now),
      rows: this.#visible.count,
      ...this.#counts,
      ...this.#savepoints.counts,
    };
  }

  #apply(faults: SimulatedFaults): void {
    this.#faults = faults;
    this.#ledger.failure = faults.ledgerFailure;
    Object.assign(this.#disk.faults, { failure: faults.diskFailure, full: false, syncMs: this.#parts.plan.syncMs });
  }

  async #step(): Promise<void> {
    if (this.#process?.host.alive !== true) this.#start();
    const happened = await this.#world.step();
    if (this.#violation !== undefined) throw this.#violation;
    if (this.#finished) return;
    if (this.#failure !== undefined) this.#end(this.#failure);
    if (!happened && this.#process?.host.alive === true) throw new Error(`nothing will ever happen any more: ${this.#where()}`);
    this.#interfere();
    if (this.#world.steps % lookSteps === 0 && this.#process?.host.alive === true) this.#progress.look(this.#process.job);
  }

  #where(): string {
    const process = this.#process;
    return process === null ? 'no process' : `the job is ${process.job.status()}, ${JSON.stringify(process.job.metrics())}`;
  }

  #start(): void {
    const { plan, job } = this.#parts;
    this.#failure = undefined;
    const parallelism = plan.parallelisms[this.#counts.processes % plan.parallelisms.length] as number;
    const name = `p${++this.#counts.processes}`;
    this.#world.trace(() => `${name} starts with parallelism ${parallelism}`);
    this.#savepoints.starting();
    const from = this.#savepoints.from ?? this.#goOnFrom;
    if (this.#savepoints.from !== undefined) this.#files.startElsewhere();
    this.#files.checkDurable();
    this.#world.trace(() => this.#files.describe());
    if (this.#files.isGone && this.#isComplete()) {
      // It had finished and cleared up, when it was killed.
      this.#finished = true;
      return;
    }
    this.#process = null;
    this.#hasLeft = false;
    const process = new VirtualProcess({
      tamper: this.#parts.tamper,
      world: this.#world,
      disk: this.#disk,
      name,
      config: {
        ...plan.config,
        parallelism,
        checkpoint: this.#isSafe ? { ...plan.checkpoint, timeout: '10m' } : plan.checkpoint,
        stateDir,
      },
      build: (env, thread) => this.#build(job, env, thread),
      warn: (message) => {
        if (message.includes('could not be removed')) this.#hasLeft = true;
        this.#world.trace(() => `${name} warns: ${message}`);
      },
      from,
      begun: (job) => this.#program.feed(job, process.host),
    });
    this.#process = process;
    this.#listen(process);
    process.start();
  }

  #build(job: SimulatedJob<T>, env: StreamEnvironment, thread: VirtualThread): void {
    const { plan } = this.#parts;
    thread.slowness = this.#world.chance(plan.slowThreads) ? 0.9 : 0;
    thread.uncaught = (error) => this.#violated(error);
    const mayFail = <V>(value: V): V => {
      if (this.#world.chance(this.#faults.userFunction)) throw new Error('as it happens');
      return value;
    };
    const later = <V>(value: V): Promise<V> =>
      new Promise((resolve) => this.#world.after(thread, this.#world.random.next() * laterMs, 'answer', () => resolve(value)));
    const rows = job.build(env, mayFail, later) as DataStream<unknown>;
    const sink = plan.sink === 'ledger' ? this.#ledger.sink(thread) : fileSink(output, { format: 'json', rolling: { size: 200 } });
    rows.sinkTo(sink as Sink<unknown>);
  }

  #listen(process: VirtualProcess): void {
    const { job, host } = process;
    job.on('checkpoint', ({ id, status, reason, savepoint }) => {
      if (!host.alive || savepoint !== undefined) return;
      this.#world.trace(() => `checkpoint ${id} ${status}${reason === undefined ? '' : `: ${reason}`}`);
      if (status === 'failed') this.#counts.failedCheckpoints++;
      else {
        this.#counts.checkpoints++;
        this.#files.completed(id);
        this.#goOnFrom = undefined;
        this.#savepoints.checkpointed(id);
        this.#world.trace(() => this.#files.describe());
      }
    });
    job.on('restore', ({ id, kind }) => {
      if (!host.alive || kind !== 'checkpoint') return;
      // Also of one of which it was not known in time that it is complete: what is gone on from stays.
      this.#files.completed(id);
      this.#savepoints.checkpointed(id);
    });
    let ran = false;
    job.on('status', (status) => {
      if (!host.alive) return;
      this.#world.trace(() => `the job is ${status}`);
      if (status === 'restarting') this.#counts.restarts++;
      if (status !== 'running') return;
      this.#progress = new SteadyProgress();
      if (!ran && this.#parts.plan.faults.diskFailure === 0) this.#files.checkReachable();
      ran = true;
    });
    job.on('failure', (error) => {
      if (!host.alive) return;
      this.#world.trace(() => `the job failed: ${error.message}`);
      if (this.#isSafe && ++this.#failures > livenessFailures)
        this.#violated(new Error(`the job fails again and again, although nothing goes wrong any more: ${error.message}`));
    });
    job.result().then(
      () =>
        // Behind the word of a savepoint that it has ended with.
        this.#world.put(host, 'the result is there', () => {
          if (this.#savepoints.isStopping) return;
          this.#finished = true;
          // What could not be removed is told of in a warning.
          this.#isTidy = (this.#isSafe || this.#parts.plan.faults.diskFailure === 0) && !this.#hasLeft;
        }),
      (error) => {
        if (host.alive) this.#failure = error as Error;
      },
    );
  }

  /** The job has failed for good: somebody starts it again, if that was to be expected. */
  #end(error: Error): void {
    const isStateDir = error instanceof MillraceError && error.code === 'STATE_DIR' && this.#parts.plan.faults.diskFailure > 0;
    if (this.#isInputLost(error)) this.#goOnFrom = this.#files.newestWhole;
    else if (!(error instanceof MillraceError) || !(error.retryable || isStateDir)) throw error;
    this.#world.trace(() => `the process ends: ${error.message}`);
    this.#process?.die();
  }

  /** Records that were acknowledged are gone with the checkpoint that held what came of them. */
  #isInputLost(error: Error): boolean {
    return error instanceof MillraceError && error.code === 'INPUT_LOST' && this.#parts.plan.faults.damage > 0;
  }

  #mayDie(thread: VirtualThread, where: string): void {
    const { workerDeath, processDeath } = this.#faults;
    const process = this.#process;
    if (process === null || !thread.alive) return;
    // There are many such moments in a step.
    if (this.#world.chance(processDeath / 10)) this.#crash(process, where);
    else if (thread !== process.host && this.#world.chance(workerDeath / 10)) this.#kill(thread, where);
  }

  #kill(thread: VirtualThread, where: string): void {
    this.#world.trace(() => `${thread.name} dies ${where}`);
    this.#counts.workerDeaths++;
    thread.die();
  }

  #crash(process: VirtualProcess, where: string): void {
    process.die();
    const isMachine = this.#world.chance(this.#faults.machineCrash);
    this.#world.trace(() => `the ${isMachine ? 'machine' : 'process'} crashes ${where}`);
    if (isMachine) this.#disk.crash(this.#world.random);
    if (this.#world.chance(this.#faults.damage)) this.#damage();
  }

  /** Flips a bit of the newest checkpoint, unless it is the only one. */
  #damage(): void {
    const places = this.#files.damageable();
    if (places.length === 0) return;
    // As often in its manifest as in what that names.
    const place = places[this.#world.between(Math.min(1, places.length - 1), places.length - 1) * this.#world.between(0, 1)] as BytesOfFile;
    this.#world.trace(() => `a bit of ${place.path} is flipped`);
    this.#disk.flip(place.path, this.#world.random, place);
  }

  /** Keeps what the job has put out, and what it has taken in. Returns what puts it back. */
  #backup(): () => void {
    const parts = [this.#visible.backup(), this.#ledger.backup(), this.#program.backup()];
    return () => {
      for (const putBack of parts) putBack();
    };
  }

  /** Something goes wrong between two things that happen. */
  #interfere(): void {
    const { workerDeath, processDeath, diskFull } = this.#faults;
    const process = this.#process;
    if (process === null || !process.host.alive) return;
    if (this.#world.chance(processDeath)) {
      this.#crash(process, 'between two steps');
      return;
    }
    if (!this.#isSafe && this.#savepoints.interfere(process)) {
      process.die();
      this.#savepoints.goBack();
      return;
    }
    const workers = process.workers.filter(({ alive }) => alive);
    if (workers.length > 0 && this.#world.chance(workerDeath)) {
      this.#kill(workers[this.#world.between(0, workers.length - 1)] as VirtualThread, 'between two steps');
    }
    if (this.#world.chance(diskFull)) {
      this.#disk.faults.full = !this.#disk.faults.full;
      this.#world.trace(() => (this.#disk.faults.full ? 'the disk is full' : 'the disk has room again'));
    }
  }

  #see(row: T): void {
    const wrong = this.#visible.see(row);
    if (wrong !== undefined) this.#violated(new Error(wrong));
  }

  #violated(error: unknown): void {
    this.#violation ??= error as Error;
  }

  #isComplete(): boolean {
    if (this.#parts.plan.sink === 'ledger') return this.#visible.isComplete;
    return this.#fileRows().length >= this.#parts.expected.length;
  }

  #fileRows(): T[] {
    const parts = this.#disk.paths(output).filter((path) => !path.includes('/.'));
    return parts.flatMap((path) =>
      this.#disk
        .text(path)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T),
    );
  }

  async #atEnd(): Promise<void> {
    // What was asked of the ledger takes place.
    this.#process?.die();
    while (await this.#world.step());
    if (this.#parts.plan.sink === 'files') for (const row of this.#fileRows()) this.#see(row);
    if (this.#violation !== undefined) throw this.#violation;
    const wrong = this.#visible.atEnd();
    if (wrong !== undefined) throw new Error(wrong);
    if (this.#isTidy) this.#files.checkRemoved();
  }
}
