/**
 * The host's ends of a job: inputs that the embedding program feeds, outputs that it reads. They are subtasks of a kind: the
 * pump steps them when something moves and sleeps on the host's doorbell otherwise.
 */

import { printEndpoint } from '../api/data-stream.ts';
import type { JobInput } from '../api/job-client.ts';
import { type RowGroup, RowIterator } from '../api/row-iterator.ts';
import { MillraceError } from '../base/errors.ts';
import { callable, checkArgument } from '../base/options.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { Doorbell } from '../channel/doorbell.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { Exchange } from '../graph/job.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { Pump } from '../runtime/pump.ts';
import type { RowsInFlight } from '../runtime/rows-in-flight.ts';
import { exchangeWriter, type Wiring } from '../runtime/slot.ts';
import { HostInput, type HostInputOptions } from './host-input.ts';
import { HostOutput } from './host-output.ts';

export interface HostEndpointsOptions extends HostInputOptions {
  readonly plan: PhysicalPlan;
  /** The ends of the channels of the first attempt. */
  readonly wiring: Wiring;
}

export class HostEndpoints {
  readonly #options: HostEndpointsOptions;
  readonly #inputs = new Map<string, HostInput>();
  readonly #outputs = new Map<string, HostOutput>();
  readonly #taken = new Set<string>();
  #pump: Pump | null = null;
  #closed = false;

  constructor(options: HostEndpointsOptions) {
    this.#options = options;
    const { wiring, limits } = options;
    for (const [name, writers] of this.#writers(wiring)) this.#inputs.set(name, new HostInput(writers, options));
    for (const name of this.#namesOf('output')) this.#outputs.set(name, new HostOutput(this.#readersOf(name, wiring), limits));
  }

  /**
   * Looks whether the inputs can be gone on with by a job whose state has taken in so many records of each.
   *
   * @param from what the state is that of, for the message
   * @throws MillraceError INPUT_LOST where records behind that are not kept any more
   */
  checkReplay(sent: Readonly<Record<string, number>>, from: string): void {
    for (const [name, input] of this.#inputs) {
      const lost = input.lostBehind(sent[name] ?? 0);
      if (lost > 0) throw lostInput({ name, sent: sent[name] ?? 0, lost, from });
    }
  }

  /** Goes on with another attempt at the job. @param sent records of each input that its state has taken in */
  rewire(wiring: Wiring, sent: Readonly<Record<string, number>>): void {
    for (const [name, writers] of this.#writers(wiring)) this.#inputs.get(name)?.rewire(writers, sent[name] ?? 0);
    for (const [name, output] of this.#outputs) output.rewire(this.#readersOf(name, wiring));
  }

  /** The job is started from state that has taken in so many records of each input. */
  startFrom(positions: Readonly<Record<string, number>>): void {
    for (const [name, input] of this.#inputs) input.startFrom(positions[name] ?? 0);
  }

  /** By input: an exchange for each consumer. */
  #writers(wiring: Wiring): ReadonlyMap<string, ExchangeWriter[]> {
    const writers = new Map<string, ExchangeWriter[]>();
    for (const exchange of this.#options.plan.job.exchanges) {
      const { endpoint } = exchange.from.operator.spec;
      if (endpoint === undefined) continue;
      writers.set(endpoint.name, [...(writers.get(endpoint.name) ?? []), exchangeWriter({ ...this.#options, wiring }, exchange, 0)]);
    }
    return writers;
  }

  #namesOf(direction: 'input' | 'output'): string[] {
    const endpoints = this.#options.plan.job.exchanges.flatMap(({ from, to }) => [from.operator.spec.endpoint, to.operator.spec.endpoint]);
    return [...new Set(endpoints.flatMap((endpoint) => (endpoint?.direction === direction ? [endpoint.name] : [])))];
  }

  /** Puts the barrier of a checkpoint into all inputs. Returns how many records of each are before it. */
  barrier(checkpoint: number): Record<string, number> {
    const sent = Object.fromEntries([...this.#inputs].map(([name, input]) => [name, input.barrier(checkpoint)]));
    this.#pump?.wake();
    return sent;
  }

  /** Lets the barriers of a checkpoint overtake rows. Returns those that inputs had no room for. @throws MillraceError UNSUPPORTED_VALUE */
  overtake(checkpoint: number): readonly RowsInFlight[] {
    for (const output of this.#outputs.values()) output.overtake(checkpoint);
    this.#pump?.wake();
    return [...this.#inputs.values()].flatMap((input) => input.overtake(checkpoint));
  }

  /** A checkpoint is given up. */
  aborted(checkpoint: number): void {
    for (const output of this.#outputs.values()) output.aborted(checkpoint);
  }

  /** A checkpoint is complete. */
  checkpointed(checkpoint: number): void {
    for (const input of this.#inputs.values()) input.checkpointed(checkpoint);
    this.#pump?.wake();
  }

  /** Whether all rows that were sent before the barrier of a checkpoint have come. */
  hasPassed(checkpoint: number): boolean {
    return [...this.#outputs.values()].every((output) => output.hasPassed(checkpoint));
  }

  /** Called whenever something has moved. */
  onMoved: () => void = () => {};

  #readersOf(name: string, wiring: Wiring): ChannelReader[] {
    const { plan } = this.#options;
    return plan.channels.flatMap((channel, index) => {
      const exchange = plan.job.exchanges[channel.exchange] as Exchange;
      return exchange.to.operator.spec.endpoint?.name === name ? [wiring.reader(index)] : [];
    });
  }

  get inputNames(): string[] {
    return [...this.#inputs.keys()];
  }

  get outputNames(): string[] {
    return [...this.#outputs.keys()];
  }

  /** Steps every endpoint once; true when something moved. */
  step(): boolean {
    let moved = false;
    for (const output of this.#outputs.values()) if (output.step()) moved = true;
    for (const input of this.#inputs.values()) if (input.step()) moved = true;
    if (moved) this.onMoved();
    return moved;
  }

  /** Steps the endpoints until `close`, and sleeps while nothing moves. */
  async pump(doorbell: Doorbell): Promise<void> {
    if (this.#closed || this.#outputs.size + this.#inputs.size === 0) return;
    const { system, limits } = this.#options;
    this.#pump = new Pump({
      round: () => this.step(),
      deadline: () => Math.min(...[...this.#inputs.values()].map((input) => input.flushAt)),
      clock: system.clock,
      timers: system.timers,
      doorbell,
      limits,
    });
    await this.#pump.run();
  }

  /** The attempt at the job has ended. What it has sent already is taken out of its channels before they go. */
  async stopPump(): Promise<void> {
    this.#pump?.stop();
    this.#pump = null;
    for (const output of this.#outputs.values()) output.takeAll();
  }

  /** Writes what the job prints, until all of it is written. */
  async print(write: (text: string) => void | Promise<void>): Promise<void> {
    const names = this.outputNames.filter((name) => name.startsWith(printEndpoint));
    await Promise.all(
      names.map(async (name) => {
        for await (const lines of this.batches(name)) await write(`${lines.join('\n')}\n`);
      }),
    );
  }

  input<T>(name: string): JobInput<T> {
    const input = endpointOf('input', name, this.#inputs);
    this.#take(`input '${name}'`);
    return {
      get position() {
        return input.position;
      },
      onCheckpoint: (listener) => {
        checkArgument(listener, callable, `input('${name}').onCheckpoint: the listener`);
        input.onCheckpoint(listener);
      },
      write: (records) => {
        if (!Array.isArray(records))
          return Promise.reject(new MillraceError('ENDPOINT', `input('${name}').write: expected an array of records`));
        const written = input.add(records, false);
        this.#pump?.wake();
        return written;
      },
      end: () => {
        const ended = input.add([], true);
        this.#pump?.wake();
        return ended;
      },
    };
  }

  /** The rows of an output. A reader that stops early leaves the rest to the next. */
  rows<T>(name: string): RowIterator<T> {
    return new RowIterator(this.#groups(name, endpointOf('output', name, this.#outputs)) as AsyncGenerator<RowGroup<T>, undefined>);
  }

  async *#groups(name: string, output: HostOutput): AsyncGenerator<RowGroup<unknown>, undefined> {
    const { system, limits } = this.#options;
    this.#take(`output '${name}'`);
    try {
      let until = system.clock.monotonic() + limits.eventLoopMs;
      while (await output.ready()) {
        yield output.group;
        if (system.clock.monotonic() < until) continue;
        // Rows that are there already wait for nothing: whoever reads them would keep the job from all that it has to do on this thread.
        await new Promise<void>((resolve) => system.timers.soon(resolve));
        until = system.clock.monotonic() + limits.eventLoopMs;
      }
    } finally {
      this.#taken.delete(`output '${name}'`);
    }
  }

  /** The rows of an output, some at a time. */
  async *batches(name: string): AsyncGenerator<unknown[]> {
    const output = endpointOf('output', name, this.#outputs);
    this.#take(`output '${name}'`);
    while (await output.ready()) yield output.takeRows();
  }

  /** Ends all inputs. */
  async end(): Promise<void> {
    const ends = [...this.#inputs.values()].map((input) => input.add([], true));
    this.#pump?.wake();
    await Promise.all(ends);
  }

  #take(endpoint: string): void {
    if (this.#taken.has(endpoint)) throw new MillraceError('ENDPOINT', `the ${endpoint} is in use already`);
    this.#taken.add(endpoint);
  }

  /** The job has ended. What its workers sent before can still be read, unless it failed. */
  close(failure: unknown): void {
    this.#closed = true;
    for (const input of this.#inputs.values()) {
      if (failure === undefined) input.finish();
      else input.fail(failure);
    }
    for (const output of this.#outputs.values()) {
      if (failure === undefined) output.finish();
      else output.fail(failure);
    }
    this.#pump?.stop();
  }
}

function lostInput({ name, sent, lost, from }: { name: string; sent: number; lost: number; from: string }): MillraceError {
  const records = lost === 1 ? 'that record is' : `the ${lost} records from there on are`;
  return new MillraceError(
    'INPUT_LOST',
    `the job has to go on from ${from}, where its input '${name}' stands at record ${sent}, and ${records} not kept any more: a newer checkpoint held what ` +
      `came of them; start the job again from that one (from: the path of its manifest) and write from record ${sent} on, as job.input('${name}').position says`,
  );
}

function endpointOf<E>(direction: 'input' | 'output', name: string, endpoints: ReadonlyMap<string, E>): E {
  const endpoint = endpoints.get(name);
  if (endpoint !== undefined) return endpoint;
  const known = [...endpoints.keys()].filter((each) => !each.startsWith('$')).map((each) => `'${each}'`);
  const where = direction === 'input' ? 'env.fromHost' : 'stream.toHost';
  throw new MillraceError(
    'ENDPOINT',
    `the job has no ${direction} '${name}'; ${known.length === 0 ? `add one with ${where}('${name}')` : `it has ${known.join(', ')}`}`,
  );
}
