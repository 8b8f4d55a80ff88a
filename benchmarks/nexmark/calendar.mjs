/** Days and minutes of event time, in UTC: as numbers to group by, and as texts to show. */

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** @param {number} time milliseconds since 1970 @returns {number} days since 1970 */
export function dayOf(time) {
  return Math.floor(time / dayMs);
}

/** @param {number} time milliseconds since 1970 @returns {number} minutes since midnight */
export function minuteOfDay(time) {
  return Math.floor((time % dayMs) / minuteMs);
}

/** Rows of one day come one after the other: the text of the last one. */
const shown = { day: Number.NaN, text: '' };

/** @param {number} day days since 1970 @returns {string} as in '2024-01-31' */
export function dayText(day) {
  if (day !== shown.day) {
    shown.text = new Date(day * dayMs).toISOString().slice(0, 10);
    shown.day = day;
  }
  return shown.text;
}

const minuteTexts = Array.from({ length: 1440 }, (_, minute) => new Date(minute * minuteMs).toISOString().slice(11, 16));

/** @param {number} minute minutes since midnight @returns {string} as in '23:59' */
export function minuteText(minute) {
  return /** @type {string} */ (minuteTexts[minute]);
}
