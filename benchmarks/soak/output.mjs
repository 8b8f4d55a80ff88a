/** What the job has left in its files, against what must be there: nothing lost, nothing twice. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checksum, totalOf } from '../runner/checksum.mjs';
import { expectedOf, isFiled } from './orders.mjs';

/**
 * @param {string} directory of the job
 * @param {number} count of events, of whole orders
 * @returns {string[]} a sentence for everything that is wrong
 */
export function outputFaults(directory, count) {
  const expected = expectedOf(count);
  return [...windowFaults(join(directory, 'windows'), expected), ...orderFaults(join(directory, 'orders'), expected.filed)];
}

/**
 * Over what windows come to together, as which there are depends on the clock, and over all orders in files.
 *
 * @param {string} directory of the job
 * @returns {string} the same for as many events, whatever their rate
 */
export function hashOfOutput(directory) {
  const { events, checks } = windowTotals(join(directory, 'windows'));
  const sum = new Checksum();
  for (const number of [events, checks]) sum.add(number);
  for (const line of linesOf(join(directory, 'orders'))) sum.add(Number(line));
  return totalOf([sum.parts]).hash;
}

/** @param {string} directory */
function windowTotals(directory) {
  let [events, checks] = [0, 0];
  for (const line of linesOf(directory)) {
    const [counted, summed] = line.split(',').map(Number);
    events += counted;
    checks += summed;
  }
  return { events, checks };
}

/**
 * @param {string} directory
 * @param {ReturnType<typeof expectedOf>} expected
 */
function windowFaults(directory, expected) {
  const { events, checks } = windowTotals(directory);
  const faults = [];
  if (events !== expected.events) faults.push(`windows have counted ${events} events instead of ${expected.events}`);
  if (checks !== expected.checks) faults.push(`windows have summed up ${checks} instead of ${expected.checks}`);
  return faults;
}

/**
 * @param {string} directory
 * @param {number} filed orders that must be there
 */
function orderFaults(directory, filed) {
  const seen = new Set();
  let lines = 0;
  for (const line of linesOf(directory)) {
    const order = Number(line);
    lines++;
    if (isFiled(order)) seen.add(order);
  }
  const faults = [];
  if (seen.size !== filed) faults.push(`${filed - seen.size} of ${filed} orders are missing in ${directory}`);
  if (lines !== seen.size) faults.push(`${lines - seen.size} orders are twice in ${directory}, or do not belong there`);
  return faults;
}

/** @param {string} directory */
function* linesOf(directory) {
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.inprogress')) throw new Error(`${join(directory, name)} was never committed`);
    const text = readFileSync(join(directory, name), 'latin1').trimEnd();
    if (text !== '') yield* text.split('\n');
  }
}
