/**
 * The physical plan: subtasks on worker slots and the channels between them. A pure function of the job graph. Subtask i of
 * every stage runs on slot i, as in Flink's slot sharing.
 */

import type { ExchangeId, SlotIndex, SubtaskIndex } from '../base/ids.ts';
import type { Exchange, ExchangeEnd, JobGraph } from './job.ts';

/** Stands for the host's thread where a slot is meant. */
export const hostSlot = -1 as SlotIndex;

export interface ChannelPlan {
  readonly exchange: ExchangeId;
  readonly from: SubtaskIndex;
  readonly to: SubtaskIndex;
  readonly fromSlot: SlotIndex;
  readonly toSlot: SlotIndex;
}

export interface PhysicalPlan {
  readonly job: JobGraph;
  readonly slots: number;
  /** In the order of exchange, producer, consumer. */
  readonly channels: readonly ChannelPlan[];
}

export function planPhysical(job: JobGraph): PhysicalPlan {
  const slots = Math.max(1, ...job.stages.map((stage) => stage.parallelism));
  return { job, slots, channels: job.exchanges.flatMap(channelsOf) };
}

function channelsOf(exchange: Exchange): ChannelPlan[] {
  const channels: ChannelPlan[] = [];
  for (let from = 0; from < exchange.from.parallelism; from++) {
    for (const to of consumersOf(exchange, from)) {
      channels.push({
        exchange: exchange.id,
        from: from as SubtaskIndex,
        to: to as SubtaskIndex,
        fromSlot: slotOf(exchange.from, from),
        toSlot: slotOf(exchange.to, to),
      });
    }
  }
  return channels;
}

function slotOf(end: ExchangeEnd, subtask: number): SlotIndex {
  return end.stage === undefined ? hostSlot : (subtask as SlotIndex);
}

/** The consumers that a producer has a channel to, in the order of the partitioner's targets. */
function consumersOf(exchange: Exchange, from: number): number[] {
  const producers = exchange.from.parallelism;
  const consumers = exchange.to.parallelism;
  switch (exchange.partitioner.kind) {
    case 'forward':
      return [from];
    case 'rescale':
      return rescaleConsumers(from, producers, consumers);
    case 'global':
      return [0];
    default:
      return Array.from({ length: consumers }, (_, to) => to);
  }
}

/** Neighbouring subtasks form groups, so that each producer feeds as few consumers as an even load allows. */
function rescaleConsumers(from: number, producers: number, consumers: number): number[] {
  if (consumers <= producers) return [Math.floor((from * consumers) / producers)];
  const first = Math.floor((from * consumers) / producers);
  const end = Math.floor(((from + 1) * consumers) / producers);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** The key group of a hash, from 0 to maxParallelism − 1. */
export function keyGroupOf(hash: number, maxParallelism: number): number {
  return (hash >>> 0) % maxParallelism;
}

/** The subtask that owns a key group: consecutive ranges of groups, as in Flink, so that rescaling moves ranges. */
export function subtaskOfKeyGroup(keyGroup: number, maxParallelism: number, parallelism: number): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism);
}
