/** What a windowed stream says of its windows, before a function is chosen: immutable data, one for all subtasks. */

import type { Evictor } from '../../time/windows/evictor.ts';
import type { Trigger } from '../../time/windows/trigger.ts';
import type { Window } from '../../time/windows/window.ts';
import type { WindowAssigner } from '../../time/windows/window-assigner.ts';

export interface WindowSpec {
  readonly assigner: WindowAssigner<never, Window>;
  /** Undefined for the assigner's own. */
  readonly trigger: Trigger<never, Window> | undefined;
  readonly evictor: Evictor<never, Window> | undefined;
  /** How long a window of event time stays behind the watermark that ends it. */
  readonly allowedLatenessMs: number;
  /** The id of the side output that late records go to; undefined where they are counted and warned of. */
  readonly lateTag: string | undefined;
  /** False behind `windowAll`: all records have the same key, and rows have none. */
  readonly keyed: boolean;
}
