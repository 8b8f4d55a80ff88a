/**
 * The host's ends of a job: inputs that the embedding program feeds, outputs that it reads. They are subtasks of a kind: the
 * pump steps them when something moves and sleeps on the host's doorbell otherwise.
 */

import type { JobInput } from '../api/job-client.ts';
import { MillraceError } from '../base/errors.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { Doorbell } from '../channel/doorbell.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { Exchange } from '../graph/job.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { Pump } from '../runtime/pump.ts';
import { exchangeWriter, type Wiring } from '../runtime/slot.ts';
import { HostInput, type HostInputOptions } from './host-input.ts';
import { HostOutput } from './host-output.ts';

export interface HostEndpointsOptions extends HostInputOptions {
  readonly plan: PhysicalPlan;
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
    const { plan, wiring, limits } = options;
    const writers = new Map<string, ExchangeWriter[]>();
    for (const exchange of plan.job.exchanges) {
      const input = exchange.from.operator.spec.endpoint;
      const output = exchange.to.operator.spec.endpoint;
      if (input !== undefined) writers.set(input.name, [...(writers.get(input.name) ?? []), exchangeWriter(options, exchange, 0)]);
      if (output !== undefined) this.#outputs.set(output.name, new HostOutput(this.#readersOf(output.name, wiring), limits));
    }
    for (const [name, exchanges] of writers) this.#inputs.set(name, new HostInput(exchanges, options));
  }

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

  input<T>(name: string): JobInput<T> {
    const input = endpointOf('input', name, this.#inputs);
    this.#take(`input '${name}'`);
    return {
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
  rows<T>(name: string): AsyncGenerator<T> {
    return this.#rows(name, endpointOf('output', name, this.#outputs)) as AsyncGenerator<T>;
  }

  async *#rows(name: string, output: HostOutput): AsyncGenerator<unknown> {
    this.#take(`output '${name}'`);
    try {
      while (await output.ready()) while (output.waiting > 0) yield output.takeRow();
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
