/** Numbers as people read them. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** 1,234,567 records */
export function recordsText(count: number): string {
  return `${whole.format(count)} record${count === 1 ? '' : 's'}`;
}

/** 1,230,000: more digits of a rate would only flicker. */
export function rateText(rate: number): string {
  return rough.format(rate);
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 52.1 MB, in powers of 1000. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // 999.5 would be shown as 1,000.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${rough.format(value)} ${units[unit]}`;
}

/** 0:07, 3:20 or 1:03:20. */
export function clockText(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

/** 3.42 s; beyond a minute as `clockText` has it. */
export function secondsText(milliseconds: number): string {
  return milliseconds < 60_000 ? `${rough.format(milliseconds / 1000)} s` : clockText(milliseconds);
}

/** 45 ms; from a second on as `secondsText` has it. */
export function durationText(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : secondsText(milliseconds);
}

const ages: readonly (readonly [milliseconds: number, unit: string])[] = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'min'],
];

/** How old something is, roughly: 12 s, 5 min, 3 hours, 40 days. */
export function ageText(milliseconds: number): string {
  // Two of the smaller unit rather than one of the larger.
  const [length, unit] = ages.find(([each]) => milliseconds >= 2 * each) ?? [1000, 's'];
  return `${whole.format(Math.max(0, Math.floor(milliseconds / length)))} ${unit}`;
}

/** 1,234 entries, 1 entry. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}
