/** Where records enter or leave on the host's thread. The graph holds them as operators; no stage runs them. */

import { AssertionError } from '../base/assert.ts';
import type { Operator } from '../compiler/operator.ts';

/** @param title for the plan; by default the call that makes the endpoint */
export function endpointOperator(
  direction: 'input' | 'output',
  name: string,
  title = `${direction === 'input' ? 'fromHost' : 'toHost'}(${name})`,
): Operator {
  return {
    kind: `host-${direction}`,
    title,
    functions: {},
    details: { name },
    endpoint: { direction, name },
    ...(direction === 'input' ? { bounded: false } : {}),
    retains: false,
    create: () => {
      throw new AssertionError('an endpoint of the host runs in no stage');
    },
  };
}
