/** Who listens to a job. */

import type { JobEvents } from '../api/job-client.ts';
import { MillraceError, thrownText } from '../base/errors.ts';
import { callable, checkArgument } from '../base/options.ts';

export class JobListeners {
  readonly #warn: (message: string) => void;
  readonly #listeners: { readonly [E in keyof JobEvents]: JobEvents[E][] } = {
    status: [],
    failure: [],
    restore: [],
    checkpoint: [],
  };

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** @throws MillraceError INVALID_OPTION */
  add<E extends keyof JobEvents>(event: E, listener: JobEvents[E]): void {
    if (!Object.hasOwn(this.#listeners, event)) {
      const names = Object.keys(this.#listeners).map((name) => `'${name}'`);
      throw new MillraceError('INVALID_OPTION', `on: there is no event '${event}'; there are ${names.join(', ')}`);
    }
    checkArgument(listener, callable, `on('${event}'): the listener`);
    this.#listeners[event].push(listener);
  }

  /** What a listener throws is its own affair, not the job's. */
  tell<E extends keyof JobEvents>(event: E, value: Parameters<JobEvents[E]>[0]): void {
    for (const listener of this.#listeners[event] as ((value: unknown) => void)[]) {
      try {
        listener(value);
      } catch (error) {
        this.#warn(`a listener of '${event}' threw ${error instanceof Error ? error.stack : thrownText(error)}`);
      }
    }
  }
}
