/**
 * What an operator of windows holds of a key, as checkpoints see it: all of its windows, and what the function keeps of the key. A
 * unit is a key's slot.
 *
 *     entry    key, states of the key, number of windows, the windows
 *     window   the window itself, contents, state of the trigger, timers of both kinds, states of the window
 *
 * Timers are told with when they were put into the queue, so that those of one time fire in the same order again.
 */

import { OperatorError } from '../../base/operator-error.ts';
import type { ByteSink } from '../../batch/byte-sink.ts';
import type { ByteSource } from '../../batch/byte-source.ts';
import { decodeValue, encodeValue } from '../../batch/value-codec.ts';
import { encodeState, shownKey, writeKey } from '../../state/encode-state.ts';
import type { KeyIndex } from '../../state/key-index.ts';
import type { KeyedContents } from '../../state/keyed-contents.ts';
import type { ReadStates } from '../../state/keyed-states.ts';
import type { StateSchema } from '../../state/state-schema.ts';
import type { Pane } from '../../time/windows/pane.ts';
import type { PaneTimers, StoredTimers } from '../../time/windows/pane-timers.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../time/windows/window.ts';
import type { WindowLogic } from '../../time/windows/window-logic.ts';
import type { ContentsCodec } from './window-contents-codec.ts';
import type { WindowStates } from './window-states.ts';

export interface WindowStateParts {
  readonly index: KeyIndex;
  readonly logic: WindowLogic<unknown, Window, unknown>;
  readonly states: WindowStates;
  readonly contents: ContentsCodec;
  /** What the trigger is, where it is a built-in one. */
  readonly trigger: string | undefined;
  warn(message: string): void;
}

interface WindowSchema {
  readonly contents: unknown;
  readonly trigger: string;
  readonly keyStates: StateSchema;
  readonly windowStates: StateSchema;
}

const ownTrigger = 'one of its own';

const timeWindow = 0;
const globalWindow = 1;
const ownWindow = 2;

/** Of a pane. */
const filledBit = 1;
const eventTimersBit = 2;
const processingTimersBit = 4;

export class WindowState implements KeyedContents {
  readonly schema: WindowSchema;
  readonly #parts: WindowStateParts;

  constructor(parts: WindowStateParts) {
    const { contents, trigger = ownTrigger, states } = parts;
    this.#parts = parts;
    this.schema = { contents: contents.schema, trigger, keyStates: states.keySchema, windowStates: states.windowSchema };
  }

  forEach(visit: (slot: number) => void): void {
    const { index, logic, states } = this.#parts;
    for (let slot = 0; slot < index.size; slot++) if (index.has(slot) && (logic.has(slot) || states.hasKeyState(slot))) visit(slot);
  }

  hash(slot: number): number {
    return this.#parts.index.hash(slot);
  }

  write(slot: number, sink: ByteSink): void {
    const { index, logic, states } = this.#parts;
    const of = (): string => ` of the key ${shownKey(index.key(slot))}`;
    writeKey(sink, index, slot);
    states.writeKeyState(slot, sink, of);
    const panes = logic.panesOf(slot);
    sink.varint(panes.length);
    for (const pane of panes) this.#writePane(pane, sink, of);
  }

  #writePane(pane: Pane<Window>, sink: ByteSink, of: () => string): void {
    const { states, contents } = this.#parts;
    const { window, filled, triggerState, eventTimers, processingTimers } = pane;
    writeWindow(window, sink, of);
    sink.u8(
      (filled ? filledBit : 0) |
        (eventTimers === undefined ? 0 : eventTimersBit) |
        (processingTimers === undefined ? 0 : processingTimersBit),
    );
    if (filled) contents.write(pane.contents, sink, () => `a window${of()}`);
    encodeState(sink, triggerState, () => `the state of the trigger${of()}`);
    writeTimers(eventTimers, sink);
    writeTimers(processingTimers, sink);
    states.writeWindowState(pane, sink, of);
  }

  reader(stored: unknown): ReturnType<KeyedContents['reader']> {
    const schema = stored as WindowSchema;
    const { index, states, contents, warn } = this.#parts;
    this.#checkTrigger(schema.trigger);
    const readContents = contents.reader(schema.contents, warn);
    const keyStates = states.keyReader(schema.keyStates, warn);
    const windowStates = states.windowReader(schema.windowStates, warn);
    return (source, hash) => {
      const key = decodeValue(source);
      const hasState = keyStates.read(source);
      const panes = source.varint();
      if (!hasState && panes === 0) return -1;
      const slot = index.ofValue(hash, key);
      if (hasState) keyStates.giveTo(slot);
      for (let i = 0; i < panes; i++) this.#readPane(slot, source, readContents, windowStates);
      return slot;
    };
  }

  #checkTrigger(was: string): void {
    const is = this.schema.trigger;
    if (was === is) return;
    const message = `the trigger of its windows was ${was}, and is ${is} now; give the operator another uid, or the trigger that it had`;
    throw new OperatorError('STATE_MISMATCH', message);
  }

  #readPane(slot: number, source: ByteSource, readContents: (source: ByteSource) => unknown, windowStates: ReadStates): void {
    const { logic, states } = this.#parts;
    const window = readWindow(source);
    const bits = source.u8();
    const filled = (bits & filledBit) !== 0;
    const contents = filled ? readContents(source) : undefined;
    const triggerState = decodeValue(source);
    const eventTimers = (bits & eventTimersBit) === 0 ? undefined : readTimers(source);
    const processingTimers = (bits & processingTimersBit) === 0 ? undefined : readTimers(source);
    const pane = logic.restorePane({ slot, window, filled, contents, triggerState, eventTimers, processingTimers });
    states.readWindowState(pane, windowStates, source);
  }

  restored(): void {
    this.#parts.logic.restored();
  }
}

function writeWindow(window: Window, sink: ByteSink, of: () => string): void {
  // Those of a class that extends it are more than that, and no plain data.
  if (Object.getPrototypeOf(window) === TimeWindow.prototype) {
    const { start, end } = window as TimeWindow;
    sink.u8(timeWindow);
    sink.f64(start);
    sink.f64(end);
  } else if (window === GlobalWindow.instance) sink.u8(globalWindow);
  else {
    sink.u8(ownWindow);
    encodeState(sink, window, () => `a window${of()}`);
  }
}

function readWindow(source: ByteSource): Window {
  switch (source.u8()) {
    case timeWindow:
      return new TimeWindow(source.f64(), source.f64());
    case globalWindow:
      return GlobalWindow.instance;
    default:
      return decodeValue(source) as Window;
  }
}

function writeTimers(timers: PaneTimers | undefined, sink: ByteSink): void {
  if (timers === undefined) return;
  const times = timers.all();
  sink.varint(times.length);
  for (const time of times) sink.f64(time);
  encodeValue(sink, timers.queued);
  sink.varint(timers.order);
}

function readTimers(source: ByteSource): StoredTimers {
  const times = Array.from({ length: source.varint() }, () => source.f64());
  return { times, queued: decodeValue(source) as number, order: source.varint() };
}
