/** Where records enter or leave on the host's thread. The graph holds them as operators; no stage runs them. */

import { AssertionError } from '../base/assert.ts';
import type { Operator } from '../compiler/operator.ts';

export function endpointOperator(direction: 'input' | 'output', name: string): Operator {
  return {
    kind: `host-${direction}`,
    title: direction === 'input' ? `fromHost(${name})` : `toHost(${name})`,
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
