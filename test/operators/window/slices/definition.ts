/** What windows of a fixed size are, by definition: every record looks at every window, one record after the other. */

export interface Timed {
  readonly key: unknown;
  readonly at: number;
  readonly value: number;
  /** The watermark that is said behind the record. */
  readonly watermark: number;
}

export interface Windows {
  readonly size: number;
  readonly slide: number;
  readonly offset: number;
  readonly lateness: number;
}

export interface Fired {
  readonly key: unknown;
  readonly start: number;
  readonly values: readonly number[];
}

interface Content {
  readonly key: unknown;
  readonly start: number;
  readonly values: number[];
  isFired: boolean;
}

/** What fires, in order within a key, and which records are too late. */
export function byDefinition(records: readonly Timed[], { size, slide, offset, lateness }: Windows): { fired: Fired[]; late: Timed[] } {
  const fired: Fired[] = [];
  const late: Timed[] = [];
  const contents = new Map<string, Content>();
  let watermark = Number.NEGATIVE_INFINITY;
  const isPast = (start: number): boolean => start + size - 1 + lateness <= watermark;
  const fire = (content: Content): void => {
    content.isFired = true;
    fired.push({ key: content.key, start: content.start, values: [...content.values] });
  };
  const advance = (to: number): void => {
    watermark = Math.max(watermark, to);
    const ended = [...contents.values()].filter(({ start, isFired }) => !isFired && start + size - 1 <= watermark);
    for (const content of ended.sort((a, b) => a.start - b.start)) fire(content);
    for (const [name, { start }] of contents) if (isPast(start)) contents.delete(name);
  };
  for (const record of records) {
    const starts: number[] = [];
    for (let start = record.at; start > record.at - size; start--) if ((start - offset) % slide === 0) starts.push(start);
    const joined = starts.filter((start) => !isPast(start));
    for (const start of joined) {
      const name = `${JSON.stringify(record.key)} ${typeof record.key} ${start}`;
      const content = contents.get(name) ?? { key: record.key, start, values: [], isFired: false };
      contents.set(name, content);
      content.values.push(record.value);
      if (start + size - 1 <= watermark) fire(content);
    }
    if (joined.length === 0 && (starts.length > 0 || record.at + lateness <= watermark)) late.push(record);
    advance(record.watermark);
  }
  advance(Number.POSITIVE_INFINITY);
  return { fired, late };
}
