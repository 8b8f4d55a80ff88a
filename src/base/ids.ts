/** Branded types for ids and units, so that one cannot be passed for another. */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Index of an operator in the logical graph. */
export type OperatorId = Branded<number, 'OperatorId'>;
/** Index of a stage in the job graph. */
export type StageId = Branded<number, 'StageId'>;
/** Index of an exchange in the job graph. */
export type ExchangeId = Branded<number, 'ExchangeId'>;
/** Index of a subtask within its stage, from 0 to the stage's parallelism − 1. */
export type SubtaskIndex = Branded<number, 'SubtaskIndex'>;
/** Index of a worker slot within the job. */
export type SlotIndex = Branded<number, 'SlotIndex'>;
/** Milliseconds since 1970 in UTC. */
export type EpochMs = Branded<number, 'EpochMs'>;
/** A running job, unique within its cluster. */
export type JobId = Branded<string, 'JobId'>;
