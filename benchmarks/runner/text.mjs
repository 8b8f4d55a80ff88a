/** Numbers and tables for people. Pure. */

/**
 * @param {number} value
 * @returns {string} at least three digits, and a unit for what is long: `18.2 M`, `950 k`, `1360`, `0.345`
 */
export function quantity(value) {
  if (value >= 1e9) return `${threeDigits(value / 1e9)} G`;
  if (value >= 1e6) return `${threeDigits(value / 1e6)} M`;
  if (value >= 1e4) return `${threeDigits(value / 1e3)} k`;
  return threeDigits(value);
}

/**
 * @param {number} value
 * @returns {string} without digits that say nothing: `2 M`, `0.5`
 */
export function shortQuantity(value) {
  return value === 0 ? '0' : quantity(value).replace(/\.(\d*?)0+(?!\d)/, (_, digits) => (digits === '' ? '' : `.${digits}`));
}

/** @param {number} value */
function threeDigits(value) {
  if (value < 0.1) return value.toPrecision(2);
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

/**
 * @param {readonly (readonly string[])[]} rows the first one is the head
 * @returns {string} the first column aligned to the left, the others to the right
 */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => pad(cell, widths[column], column)).join('  ')}`.trimEnd()).join('\n');
}

/**
 * @param {string} cell
 * @param {number} width
 * @param {number} column
 */
function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
