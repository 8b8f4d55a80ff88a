/**
 * A process of the engine on virtual threads: the real host side on one, the real worker side on one for each slot. The calling thread.
 */

import { StreamEnvironment } from '../../api/environment.ts';
import type { Execution } from '../../api/execution.ts';
import type { EnvironmentConfig } from '../../api/options.ts';
import type { JobId } from '../../base/ids.ts';
import { seededRandom } from '../../base/random.ts';
import type { SpawnedTask, Spawner, Storage, System } from '../../base/system.ts';
import { JobCoordinator } from '../../cluster/job-coordinator.ts';
import type { JobDescription } from '../../graph/job-description.ts';
import { planDescription } from '../../runtime/plan.ts';
import { runWorker } from '../../runtime/worker-run.ts';
import type { WorkerTask } from '../../wire/messages.ts';
import type { VirtualDisk } from './virtual-disk.ts';
import { VirtualPort } from './virtual-port.ts';
import { VirtualThread, type VirtualWorld } from './virtual-world.ts';

/** A date that is none of those that programs take for none. */
const epochMs = Date.UTC(2026, 0, 1);

/** What the simulator's own tests do to the engine, to see whether it is noticed. */
export interface Tampering {
  /** Returns what is to be delivered instead of a message between host and worker. */
  readonly message?: (message: { readonly type: string }) => unknown;
  /** Returns the disk that a thread is to have instead of its own. */
  readonly storage?: (storage: Storage) => Storage;
}

export interface VirtualProcessOptions {
  readonly tamper: Tampering;
  readonly world: VirtualWorld;
  readonly disk: VirtualDisk;
  readonly name: string;
  readonly config: EnvironmentConfig;
  /** Builds the job, on the thread that it is given. */
  readonly build: (env: StreamEnvironment, thread: VirtualThread) => void;
  readonly warn: (message: string) => void;
  /** The directory of a savepoint to start from. */
  readonly from: string | undefined;
  /** The job has begun: whoever started it may use it. */
  readonly begun: (job: JobCoordinator) => void;
}

const jobName = 'simulated';

export class VirtualProcess {
  readonly #options: VirtualProcessOptions;
  readonly host: VirtualThread;
  readonly workers: VirtualThread[] = [];
  readonly job: JobCoordinator;
  #spawned = 0;

  constructor(options: VirtualProcessOptions) {
    this.#options = options;
    const { world, name, config, warn, from } = options;
    this.host = new VirtualThread(world, `${name} host`, epochMs);
    const job = this.#load(this.host);
    const plan = planDescription(job);
    this.job = new JobCoordinator({
      id: 'job-1' as JobId,
      module: 'simulation:job',
      args: undefined,
      job,
      plan,
      parallelism: config.parallelism ?? 1,
      from,
      spawner: this.#spawner(plan.slots),
      system: this.#system(this.host),
      print: () => {},
      warn: (message) => {
        if (this.host.alive) warn(message);
      },
      released: () => {},
    });
  }

  start(): void {
    this.host.world.put(this.host, 'start', () => {
      this.job.start();
      this.#options.begun(this.job);
    });
  }

  /** All of its threads that are alive. */
  get threads(): VirtualThread[] {
    return [this.host, ...this.workers].filter(({ alive }) => alive);
  }

  die(): void {
    for (const thread of this.threads) thread.die();
  }

  #system(thread: VirtualThread): System {
    const { disk, tamper } = this.#options;
    const random = seededRandom(Math.floor(thread.world.random.next() * 2 ** 32));
    const storage = tamper.storage?.(disk.of(thread)) ?? disk.of(thread);
    return { clock: thread, timers: thread, random, storage, waits: thread };
  }

  #load(thread: VirtualThread): JobDescription {
    const { config, build } = this.#options;
    const execution: Execution = {
      args: undefined,
      parallelism: config.parallelism ?? 1,
      submit: () => Promise.reject(new Error('the simulation runs the job: build it, and leave execute() out')),
    };
    const env = new StreamEnvironment(config, execution);
    build(env, thread);
    return env.describe(jobName);
  }

  #spawner(slots: number): Spawner {
    return { slots, spawn: (task) => this.#spawn(task as WorkerTask), close: async () => {} };
  }

  #spawn(task: WorkerTask): SpawnedTask {
    const { world, name } = this.#options;
    const { host } = this;
    const thread = new VirtualThread(world, `${name}.${1 + Math.floor(this.#spawned++ / task.slots)} worker ${task.slot}`, epochMs);
    this.workers.push(thread);
    const [port, workerPort] = VirtualPort.pair(host, thread, this.#options.tamper.message);
    const done = new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => world.put(host, `${thread.name} is lost`, () => reject(error));
      thread.onDeath.push(() => fail(new Error('worker exited with code: 1')));
      const run = async (): Promise<void> => {
        await runWorker(task, { system: this.#system(thread), port: workerPort, loadJob: async () => this.#load(thread) });
      };
      world.put(thread, 'start', () => {
        run().then(
          () => world.put(thread, 'end', () => world.put(host, `${thread.name} is done`, resolve)),
          (error) => {
            if (thread.alive) fail(error as Error);
          },
        );
      });
    });
    done.catch(() => {});
    return { port, done, kill: () => thread.die() };
  }
}
