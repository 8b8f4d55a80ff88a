/** What V8's CPU profiles say in short: where a thread's time went. The files are for the performance panel of Chrome's developer tools. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * @typedef {object} ProfileNode
 * @property {number} id
 * @property {{ functionName: string, url: string, lineNumber: number }} callFrame
 *
 * @typedef {object} CpuProfile
 * @property {readonly ProfileNode[]} nodes
 * @property {readonly number[]} samples ids of nodes
 * @property {readonly number[]} timeDeltas microseconds before each sample
 */

/**
 * @typedef {object} ProfileSummary
 * @property {string} file
 * @property {number} busyMs
 * @property {readonly { where: string, share: number }[]} hottest functions by the time in themselves, the longest first
 */

const functionsMax = 8;
/** No work of the thread. */
const waiting = new Set(['(idle)', '(root)']);

/**
 * @param {string} folder
 * @returns {ProfileSummary[]} the busiest thread first
 */
export function readProfiles(folder) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const summaries = files.map((name) => ({
    file: join(folder, name),
    ...summaryOf(JSON.parse(readFileSync(join(folder, name), 'utf8'))),
  }));
  return summaries.sort((a, b) => b.busyMs - a.busyMs);
}

/**
 * @param {CpuProfile} profile
 * @returns {Omit<ProfileSummary, 'file'>}
 */
export function summaryOf({ nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '(unknown)';
    if (!waiting.has(name)) times.set(name, (times.get(name) ?? 0) + Math.max(0, timeDeltas[i]));
  }
  const busy = [...times.values()].reduce((all, each) => all + each, 0);
  const hottest = [...times].sort(([, a], [, b]) => b - a).slice(0, functionsMax);
  return { busyMs: busy / 1000, hottest: hottest.map(([where, time]) => ({ where, share: time / busy })) };
}

/** @param {ProfileNode['callFrame']} frame */
function nameOf({ functionName, url, lineNumber }) {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`;
}

/**
 * @param {readonly ProfileSummary[]} profiles the busiest first
 * @returns {string} the files, and where the busiest thread spent its time
 */
export function showProfiles(profiles) {
  const [busiest] = profiles;
  if (busiest === undefined) return '  no profile was left\n';
  const lines = busiest.hottest.map(({ where, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${where}`);
  return [`  ${busiest.busyMs.toFixed(0)} ms of the busiest thread:`, ...lines, ...profiles.map(({ file }) => `  ${file}`), ''].join('\n');
}
