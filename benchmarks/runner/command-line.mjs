/** What the user has typed, and which benchmarks it names. Pure. */
import { parseArgs } from 'node:util';
import { nearestName } from '../../dist/modules/base/nearest-name.js';
import { pairsMin } from './verdict.mjs';

/**
 * @typedef {object} Named of all that the catalogue lists
 * @property {string} name of the group
 * @property {string} [member] its own name in the group
 * @property {boolean} [byName] whether it runs only where its group is named
 */

/**
 * @typedef {object} CommandLine
 * @property {readonly string[]} names
 * @property {number} rounds
 * @property {boolean} smoke
 * @property {boolean} json
 * @property {boolean} profile
 * @property {boolean} write
 * @property {boolean} record
 * @property {boolean} help
 * @property {string} [compare] a commit
 */

export const usage = `usage: npm run bench -- [group [members…]]… [options]
  nexmark              a group of benchmarks; where none is named all but those that take too long for that
  nexmark q5 q7        some members of a group
  --rounds <n>         runs of each program: 1 by default where everything runs, 3 where groups are named, ${pairsMin} with --compare
  --smoke              one round on tiny data: whether the benchmarks work, not how fast anything is
  --json               the results as JSON, at the end
  --profile            CPU profiles of all threads of Millrace, in benchmarks/data/profiles; one round by default
  --compare <commit>   the working tree against that commit, in pairs of fresh processes; exit code 1 where it is slower
  --write              results into benchmarks/RESULTS.md and benchmarks/charts, for the groups that ran
  --record             take the hashes of the results as those to expect from now on, in benchmarks/expected.json
  --help               this, and the groups with their members`;

/** A mistake on the command line; the message is for the user. */
export class UsageError extends Error {}

const options = /** @type {const} */ ({
  rounds: { type: 'string' },
  smoke: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  compare: { type: 'string' },
  write: { type: 'boolean', default: false },
  record: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
});

/**
 * @param {string[]} args
 * @returns {CommandLine}
 * @throws UsageError
 */
export function parseCommandLine(args) {
  const { values, positionals: names } = parsed(args);
  if (values.smoke && values.write) throw new UsageError('--smoke does not go with --write: its numbers say nothing');
  if (values.profile && values.write) throw new UsageError('--profile does not go with --write: profiling takes time itself');
  for (const option of /** @type {const} */ (['write', 'record', 'profile']))
    if (values[option] && values.compare !== undefined) throw new UsageError(`--${option} does not go with --compare`);
  const rounds = Number(values.rounds ?? roundsOf(values, names));
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError(`--rounds must be a whole number from 1, not '${values.rounds}'`);
  return { ...values, names, rounds };
}

/** @param {string[]} args */
function parsed(args) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/**
 * @param {{ smoke: boolean, profile: boolean, compare?: string | undefined }} values
 * @param {readonly string[]} names
 */
function roundsOf({ smoke, profile, compare }, names) {
  if (compare !== undefined) return pairsMin;
  if (smoke || profile) return 1;
  return names.length === 0 ? 1 : 3;
}

/**
 * The benchmarks that were named: groups, and after each group members of it, where not all of them are meant.
 *
 * @template {Named} T
 * @param {readonly T[]} all
 * @param {readonly string[]} names when empty all of them but those that are only run by name
 * @returns {readonly T[]} in the order of the catalogue
 * @throws UsageError where a name is not known
 */
export function choose(all, names) {
  if (names.length === 0) return all.filter(({ byName }) => byName !== true);
  /** @type {Map<string, Set<string>>} */
  const members = new Map();
  let group = '';
  for (const name of names) {
    if (all.some((each) => each.name === name)) {
      group = name;
      if (!members.has(group)) members.set(group, new Set());
    } else if (all.some((each) => each.name === group && each.member === name)) {
      members.get(group)?.add(name);
    } else throw unknown(name, group, all);
  }
  return all.filter(({ name, member }) => {
    const wanted = members.get(name);
    return wanted !== undefined && (wanted.size === 0 || wanted.has(member ?? ''));
  });
}

/**
 * @param {string} name
 * @param {string} group the last one that was named
 * @param {readonly Named[]} all
 */
function unknown(name, group, all) {
  const home = all.find(({ member }) => member === name)?.name;
  if (home !== undefined) return new UsageError(`'${name}' is a member of ${home}: npm run bench -- ${home} ${name}`);
  const groups = [...new Set(all.map((each) => each.name))];
  const ofGroup = all.filter((each) => each.name === group).flatMap(({ member }) => member ?? []);
  const nearest = nearestName(name, [...ofGroup, ...groups]);
  const hint = nearest === undefined ? '.' : `; did you mean '${nearest}'?`;
  const inGroup = ofGroup.length === 0 ? '' : `, and ${group} has ${ofGroup.join(', ')}`;
  return new UsageError(`there is no benchmark '${name}'${hint} There are ${groups.join(', ')}${inGroup}`);
}

/**
 * @param {readonly Named[]} all
 * @returns {string} a line for each group, with its members, and whether it must be named
 */
export function listing(all) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const { name, member } of all) groups.set(name, [...(groups.get(name) ?? []), ...(member === undefined ? [] : [member])]);
  for (const name of new Set(all.filter(({ byName }) => byName === true).map((each) => each.name)))
    groups.get(name)?.push('(only by name)');
  const width = Math.max(...[...groups.keys()].map((name) => name.length));
  return [...groups].map(([name, members]) => `  ${name.padEnd(width)}  ${members.join(' ')}`.trimEnd()).join('\n');
}
