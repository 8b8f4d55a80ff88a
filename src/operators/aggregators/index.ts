/** The aggregators, as `aggregate({ … })` takes them. */

export type { Aggregator } from './aggregator.ts';
export { avg } from './average.ts';
export { collect } from './collect.ts';
export { count } from './count.ts';
export { type ApproxCountDistinctOptions, approxCountDistinct, countDistinct } from './distinct.ts';
export { first, last } from './ends.ts';
export { max, maxBy, min, minBy, type Ordered } from './extremes.ts';
export { filtered } from './filtered.ts';
export type { AggregateResult, FieldName } from './input.ts';
export { type QuantileOptions, quantile } from './quantile.ts';
export type { TopValue } from './space-saving.ts';
export { sum } from './sum.ts';
export { type TopKOptions, topK } from './top-k.ts';
export { type VarianceOptions, variance } from './variance.ts';
