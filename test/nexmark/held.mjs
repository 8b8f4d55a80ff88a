/** A source that stops in its middle, so that what a test does there does not depend on how fast anything is. */
import { existsSync } from 'node:fs';

/** How often a reader that waits looks whether it is to go on. */
const lookMs = 5;

/**
 * The same events, but the readers of a subtask wait when they have read `events` of them, until the file `until` is there. One that has waited then
 * fails, as if it had crashed; those of the next attempt do not wait.
 *
 * @template T
 * @template {import('millrace').Split} S
 * @param {import('millrace').Source<T, S>} source
 * @param {{ events: number, until: string }} hold
 * @returns {import('millrace').Source<T, S>}
 */
export function held(source, hold) {
  const { project } = source;
  return {
    ...source,
    ...(project === undefined ? {} : { project: (fields, keys) => held(project.call(source, fields, keys), hold) }),
    createReader: (context) => holdReader(source.createReader(context), context, hold),
  };
}

/**
 * @template T
 * @template {import('millrace').Split} S
 * @param {import('millrace').SourceReader<T, S>} reader
 * @param {import('millrace').SourceReaderContext} context
 * @param {{ events: number, until: string }} hold
 * @returns {import('millrace').SourceReader<T, S>}
 */
function holdReader(reader, { system, wake }, { events, until }) {
  let left = existsSync(until) ? Number.POSITIVE_INFINITY : events;
  let waits = false;
  const poll = () => {
    if (left <= 0 && !existsSync(until)) {
      waits = true;
      system.timers.after(lookMs, wake);
      return 'pending';
    }
    if (waits) throw new Error('a crash in the middle');
    const polled = reader.poll();
    if (typeof polled !== 'string') left -= 'rowCount' in polled ? polled.rowCount : polled.length;
    return polled;
  };
  return new Proxy(reader, {
    get: (target, name) => {
      if (name === 'poll') return poll;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
