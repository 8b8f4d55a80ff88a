/** Numbers and tables for people. Pure. */

/**
 * @param {number} value
 * @returns {string} at least three digits, and a unit for what is long: `18.2 M`, `950 k`, `1360`, `0.345`
 */
export function quantity(value) {
  for (const [unit, size] of Object.entries({ G: 1e9, M: 1e6, k: 1e3 })) {
    if (value >= 10 * size) return `${threeDigits(value / size)} ${unit}`;
  }
  return threeDigits(value);
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
