/** What pads an event to about the average size of its kind: the field `extra`. */
import { upTo } from './letters.mjs';
import { copyLetters, copySlack } from './text-column.mjs';

/**
 * Lengths of what pads an event to its average size: the least one, and how many there are.
 *
 * @param {number} size of the event without it
 * @param {number} averageSize with it
 */
export function paddings(size, averageSize) {
  if (size > averageSize) return { least: 0, count: 0 };
  const delta = Math.round((averageSize - size) * 0.2);
  return { least: averageSize - size - delta, count: 2 * delta };
}

/**
 * Fills the field of events whose size differs from one to the next.
 *
 * @param {object} options
 * @param {import('./letters.mjs').Letters} options.letters
 * @param {import('./chance.mjs').Choice} options.choice
 * @param {(n: number) => number} options.sizeOf an event without the field
 * @param {number} options.averageBytes
 * @returns {import('./generator.mjs').FillOf<import('./text-column.mjs').TextColumn>}
 */
export function padding({ letters, choice, sizeOf, averageBytes }) {
  return (column) => (row, end, n) => {
    for (; row < end; row++, n++) {
      const { least, count } = paddings(sizeOf(n), averageBytes);
      const word = choice.word(n);
      const length = least + upTo(word, count);
      const at = column.reserve(row, length + copySlack);
      copyLetters(letters.view, word >>> 16, length, column.view, at);
      column.offsets[row + 1] = at + length;
    }
  };
}
