/** Why a connection could not be opened, for those who do not know the system's words for it. */

import { reasonOf } from '../failed-operation.ts';

interface Refusal {
  readonly reason: string;
  /** What may be done about it. */
  readonly wayOut: string;
}

const noAnswer: Refusal = {
  reason: 'the host does not answer',
  wayOut: 'is it the right one, and does a firewall let the connection through?',
};
const noHost: Refusal = { reason: 'there is no host of this name', wayOut: 'correct it' };

const refusals: Readonly<Record<string, Refusal>> = {
  ECONNREFUSED: { reason: 'nobody listens at this port', wayOut: 'start the server first, or correct host and port' },
  ENOTFOUND: noHost,
  EAI_AGAIN: noHost,
  ETIMEDOUT: noAnswer,
  EHOSTUNREACH: noAnswer,
  ENETUNREACH: noAnswer,
};

/** What a failed attempt to connect says: `nobody listens at this port (ECONNREFUSED)`, and the way out where one is known. */
export function refusalOf(error: unknown): { readonly reason: string; readonly wayOut: string | undefined } {
  const { code } = error as { readonly code?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(refusals, code) ? refusals[code] : undefined;
  if (known === undefined) return { reason: reasonOf(error), wayOut: undefined };
  return { reason: `${known.reason} (${String(code)})`, wayOut: known.wayOut };
}
