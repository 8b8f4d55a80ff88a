/** `map` and `flatMap` on two connected streams: one function for the records of each. */

import type { Operator, OperatorInstance } from '../compiler/operator.ts';
import type { UserFunction } from '../graph/logical.ts';
import { flatMapOperator } from './flat-map.ts';
import { mapOperator } from './map.ts';

export function coMapOperator(first: UserFunction, second: UserFunction): Operator {
  return eitherOperator('co-map', 'map', [mapOperator(first), mapOperator(second)], [first, second]);
}

export function coFlatMapOperator(first: UserFunction, second: UserFunction): Operator {
  return eitherOperator('co-flat-map', 'flatMap', [flatMapOperator(first), flatMapOperator(second)], [first, second]);
}

/** An operator of two that have no state: each takes the records of its input. */
function eitherOperator(
  kind: string,
  title: string,
  operators: readonly [Operator, Operator],
  functions: readonly [UserFunction, UserFunction],
): Operator {
  return {
    kind,
    title,
    functions: { [`${title}1`]: functions[0], [`${title}2`]: functions[1] },
    retains: operators.some((operator) => operator.retains),
    create: (context): OperatorInstance => {
      const instances = operators.map((operator) => operator.create(context));
      return { generate: (code, row, emit, input) => instances[input]?.generate(code, row, emit, 0) };
    },
  };
}
