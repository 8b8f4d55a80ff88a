/**
 * Every error that Millrace raises on purpose, in one table: its code, whether a restart could help, and what it means.
 * `docs/errors.md` is tested against this table.
 */

import { inspect } from 'node:util';

export type ErrorKind = 'fatal' | 'retryable';

interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly meaning: string;
}

/** The table of codes. `fatal` errors come back after a restart; `retryable` ones may not. */
export const errorTable = {
  INVALID_OPTION: { kind: 'fatal', meaning: 'An option or argument has a value that it cannot have.' },
  INVALID_JOB: { kind: 'fatal', meaning: 'The job cannot run as it is written: no operators, no sinks, a name used twice.' },
  JOB_MODULE: { kind: 'fatal', meaning: 'The job module cannot be loaded, or does not execute exactly one job.' },
  PLAN_MISMATCH: { kind: 'fatal', meaning: 'A worker built another graph than the host from the same module.' },
  TYPE_MISMATCH: {
    kind: 'fatal',
    meaning: 'A record does not have the type that was declared for it, or that its sink needs, or not a field that something goes by.',
  },
  UNSUPPORTED_VALUE: { kind: 'fatal', meaning: 'A record holds a value that cannot leave its thread, or that its sink cannot write.' },
  USER_FUNCTION: { kind: 'retryable', meaning: 'A function of the job threw.' },
  SOURCE_FAILED: { kind: 'retryable', meaning: 'A source cannot be opened or read.' },
  SOURCE_MISSING: { kind: 'fatal', meaning: 'There is nothing where a source is to read.' },
  SOURCE_CHANGED: { kind: 'fatal', meaning: 'What a source reads is no longer what the job has found: positions in it mean nothing.' },
  MALFORMED_RECORD: { kind: 'fatal', meaning: 'A record of an input, or the input itself, is not what its format says.' },
  SINK_FAILED: { kind: 'retryable', meaning: 'A sink cannot be opened or written.' },
  SINK_REFUSED: { kind: 'fatal', meaning: 'What a sink writes to does not take the records, and would not the next time either.' },
  SINK_CORRUPT: { kind: 'fatal', meaning: 'What a checkpoint says that a sink has written is not there, or was changed.' },
  CHECKPOINT_FAILED: {
    kind: 'retryable',
    meaning: 'More checkpoints in a row failed than the job tolerates, or a savepoint could not be taken.',
  },
  CHECKPOINT_CORRUPT: { kind: 'fatal', meaning: 'A checkpoint or savepoint cannot be read, or is not what was written.' },
  INPUT_LOST: {
    kind: 'fatal',
    meaning: 'The job has to go on from a checkpoint behind which records of a host input are not kept any more.',
  },
  STATE_MISMATCH: { kind: 'fatal', meaning: 'The state of a checkpoint or savepoint does not fit the job as it is now.' },
  STATE_DISK: {
    kind: 'retryable',
    meaning: 'State that does not fit into memory cannot be written to the disk, or read from it.',
  },
  STATE_DIR: {
    kind: 'fatal',
    meaning: 'The directory of the state cannot be used: it is not there, not writable, or another run of the job uses it.',
  },
  WORKER_LOST: { kind: 'retryable', meaning: 'A worker thread exited, crashed or ran out of memory.' },
  NO_SLOTS: { kind: 'fatal', meaning: 'The cluster has fewer free slots than the job needs.' },
  CLUSTER_CLOSED: { kind: 'fatal', meaning: 'The cluster is closed and takes no jobs.' },
  JOB_CANCELLED: { kind: 'fatal', meaning: 'The job was cancelled before it finished.' },
  ENDPOINT: { kind: 'fatal', meaning: 'An input or output of the job has no such name, or is used by two at once.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

/** An operating error: it names the thing, the place and the way out. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Whether a restart from the last checkpoint could succeed. */
  get retryable(): boolean {
    return errorTable[this.code].kind === 'retryable';
  }
}

/** An error as plain data, to cross threads without losing its code, its stack or its causes. */
export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly cause: ErrorDescription | undefined;
}

/** Longer chains of causes are cut: they are cyclic or of no use. */
const causeDepthMax = 8;

/** Whatever was thrown, in one line: `RangeError: too large`, or what it is where it is no `Error`. */
export function thrownText(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  return typeof thrown === 'string' ? thrown : inspect(thrown, { breakLength: Number.POSITIVE_INFINITY });
}

/** Describes whatever was thrown, `Error` or not. */
export function describeError(thrown: unknown, depth = 0): ErrorDescription {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: thrownText(thrown), stack: undefined, code: undefined, cause: undefined };
  }
  const { code, cause } = thrown as Error & { code?: unknown };
  return {
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    code: typeof code === 'string' ? code : undefined,
    cause: cause === undefined || depth >= causeDepthMax ? undefined : describeError(cause, depth + 1),
  };
}

/** The language's own classes come back as what they were. */
const builtIn: ReadonlyMap<string, ErrorConstructor> = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((each) => [each.name, each]),
);

/** The error that `describeError` described, on another thread. */
export function reviveError(description: ErrorDescription): Error {
  const { name, message, stack, code } = description;
  const options = description.cause === undefined ? undefined : { cause: reviveError(description.cause) };
  const error =
    name === 'MillraceError' && code !== undefined && code in errorTable
      ? new MillraceError(code as ErrorCode, message, options)
      : Object.assign(new (builtIn.get(name) ?? Error)(message, options), code === undefined ? {} : { code });
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true });
  // Never the stack of this call: it is no place where anything went wrong.
  Object.defineProperty(error, 'stack', { value: stack ?? `${name}: ${message}`, configurable: true, writable: true });
  return error;
}
