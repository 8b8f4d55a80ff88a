#!/usr/bin/env node
/**
 * The command line: `millrace run`, `explain`, `logs` and `checkpoints`. This file knows the words; what they do is loaded when it is asked for,
 * so that `--help` and mistakes answer at once.
 */

import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { JobOptions } from './load-job.ts';
import type { LogsOptions } from './logs/logs-command.ts';
import { exit, outputClosed, watchOutput } from './output.ts';
import { errorReport } from './report.ts';

const examples = `
Examples:
  millrace run wordcount.ts                      run a job to its end, or until Ctrl-C
  millrace run wordcount.ts -p 2                 with parallelism 2 where the job names none
  millrace run wordcount.ts -- access.log 10     with arguments: env.args is ['access.log', '10']
  cat access.log | millrace run top-urls.ts      a job that reads env.stdin()
  millrace explain wordcount.ts                  show stages, exchanges, types, and the fields that functions read
  millrace explain wordcount.ts --code           with the code that is generated for the stages
  millrace logs access.log --by url --top 10     the ten most frequent URLs of an access log
  millrace logs 'app*.log' --where 'level == "error"' --window 1m --follow   errors a minute, as they come
  millrace checkpoints state/wordcount           list what is in a directory of checkpoints, and verify it
  millrace checkpoints check state/wordcount wordcount.ts   see whether the job, as it is now, could go on from there

A job that takes checkpoints resumes by itself from the newest one when it is run again. Ctrl-C takes a last checkpoint and ends the
job; of a job without checkpoints it ends the sources and lets what they have read run through. A second one cancels the job at once,
a third one kills it.
A job that fails exits with 1, after Ctrl-C with 130. MILLRACE_DEBUG=1 shows internal stack traces.`;

/** What stands behind `--` belongs to the job, whatever it looks like. */
const [own, jobArguments] = splitArguments(process.argv.slice(2));

const program = new Command('millrace')
  .description('Runs jobs of Millrace, the stream processor.')
  .version(packageVersion(), '-V, --version', 'show the version')
  .helpOption('-h, --help', 'show this help')
  .addHelpText('after', examples)
  .showHelpAfterError(errorHint(own));

jobCommand('run', 'run a job')
  .option('--state-dir <directory>', "where checkpoints and savepoints are kept; default: the job's stateDir, ./millrace-state/<name>")
  .option('--from <directory>', 'start from a savepoint, or from a checkpoint, instead of the newest checkpoint of the job')
  .option('--fresh', 'start over; checkpoints that the job has left are removed')
  .option('--allow-non-restored-state', 'leave state behind that no operator of the job takes, instead of failing')
  .action(async (file: string, { stateDir, from, fresh = false, allowNonRestoredState = false, ...options }: RunFlags) => {
    const run = { ...jobOptions(options), stateDir, from, fresh, allowNonRestoredState };
    await exit(await exitCodeOf(async () => (await import('./run-command.ts')).runCommand(file, run)));
  });

jobCommand('explain', 'show the plan of a job without running it')
  .option('--code', 'show the code that is generated for each stage, too, as far as the types of its records are known')
  .action(async (file: string, { code = false, ...options }: OwnOptions & { code?: boolean }) => {
    await exit(await exitCodeOf(async () => (await import('./explain-command.ts')).explainCommand(file, { ...jobOptions(options), code })));
  });

program
  .command('logs')
  .description('ask questions about log files: filter, group, aggregate; the first lines tell the format')
  .usage('<files…|-> [options]')
  .argument('<files...>', "files or globs, compressed or not; '-' for standard input")
  .option('-f, --format <name>', 'auto, text, json, csv, tsv, logfmt, ltsv, common, combined, syslog, elb, cloudfront', 'auto')
  .option('--pattern <pattern>', "lines that look like this: '%{ip:client} %{number:ms}'")
  .option('--where <condition>', 'records to take, in JavaScript over the fields: \'status >= 500 && method == "POST"\'')
  .option('--by <fields>', "what to group by, such as 'url,status' or 'class=Math.floor(status / 100)'")
  .option('--agg <aggregates>', "such as 'count(), sum(bytes), p99(request_time)'; default: count()")
  .option('--select <fields>', 'what to show of records, where nothing is grouped: \'ip,path=url.split("?")[0]\'')
  .option('--window <duration>', 'group by time as well: 10s, 1m, 1h')
  .option('--slide <duration>', 'let windows overlap: one begins every so often')
  .option('--delay <duration>', 'how much older than others a record may be; default: 5s')
  .option('--time <field>', 'the field that tells the time of a record; default: timestamp, time, ts, date …')
  .option('--top <n>', 'only the largest n groups, of each window where there are any; or the first n records', wholeNumber)
  .option('--order <column>', 'the aggregate that --top goes by; default: the first')
  .option('--follow', 'read on as files grow, through rotations, until Ctrl-C')
  .addOption(
    new Option('--out <kind>', 'how rows are shown; default: table on a terminal, csv elsewhere').choices(['json', 'csv', 'table']),
  )
  .addOption(new Option('--on-error <what>', 'what becomes of lines that are not of the format').choices(['skip', 'fail']).default('skip'))
  .option('-p, --parallelism <n>', 'subtasks; default: the cores of the machine', wholeNumber)
  .option('--explain', 'print the job that would run, as code to start from')
  .action(async (files: string[], options: LogsFlags) => {
    const { explain = false, pattern, time, out, parallelism, ...query } = options;
    const logs = { ...query, explain, pattern, time, out, parallelism };
    await exit(await exitCodeOf(async () => (await import('./logs/logs-command.ts')).logsCommand(files, logs)));
  });

const checkpoints = program
  .command('checkpoints')
  .description('list, verify and describe the checkpoints and savepoints in a directory')
  .usage('<directory> [options]\n       millrace checkpoints check <directory> <job> [options] [-- arguments…]')
  .argument('<directory>', "a job's directory of checkpoints, or that of a savepoint")
  .option('--quick', 'read the manifests only, not the state that they name')
  .action(async (directory: string, { quick = false }: { quick?: boolean }) => {
    const list = async () => (await import('./checkpoints-command.ts')).checkpointsCommand(directory, { verify: !quick });
    await exit(await exitCodeOf(list));
  });

jobCommand(
  'check',
  'see whether a job, as it is now, could go on from a checkpoint or savepoint; nothing runs',
  checkpoints,
  '<directory> ',
)
  .option('--allow-non-restored-state', 'as of run: state that no operator of the job takes is left behind')
  .action(async (directory: string, file: string, { allowNonRestoredState = false, ...options }: RunFlags) => {
    const check = { ...jobOptions(options), allowNonRestoredState };
    await exit(await exitCodeOf(async () => (await import('./check-command.ts')).checkCommand(directory, file, check)));
  });

watchOutput();
void program.parseAsync(own, { from: 'user' });

/** What follows the message about a wrong command line. A job without a command is the likeliest mistake of all. */
function errorHint([first = '']: readonly string[]): string {
  return /\.m?[jt]s$/.test(first)
    ? `(to run a job: millrace run ${first})`
    : "(see 'millrace --help'; arguments of the job itself go behind --)";
}

interface OwnOptions {
  readonly parallelism?: number;
}

interface RunFlags extends OwnOptions {
  readonly stateDir?: string;
  readonly from?: string;
  readonly fresh?: boolean;
  readonly allowNonRestoredState?: boolean;
}

type LogsFlags = Omit<LogsOptions, 'explain' | 'pattern' | 'time' | 'out' | 'parallelism'> &
  OwnOptions & { readonly explain?: boolean; readonly pattern?: string; readonly time?: string; readonly out?: LogsOptions['out'] };

function jobOptions({ parallelism }: OwnOptions): JobOptions {
  return { parallelism, args: jobArguments };
}

/** A command that takes a job's file. What it does says with which code the process ends. */
function jobCommand(name: string, description: string, parent = program, before = ''): Command {
  const command = parent.command(name).description(description).usage(`${before}<job> [options] [-- arguments…]`);
  if (before !== '') command.argument(before.trim());
  return command
    .argument('<job>', 'a module that ends with `await env.execute(name)`: .ts, .mts, .js or .mjs')
    .option(
      '-p, --parallelism <n>',
      'subtasks of each operator where the job names no number; default: the cores of the machine',
      wholeNumber,
    );
}

async function exitCodeOf(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!outputClosed()) process.stderr.write(errorReport(error, { debug: process.env.MILLRACE_DEBUG === '1' }));
    return 1;
  }
}

function splitArguments(all: readonly string[]): [own: readonly string[], jobArguments: readonly string[]] {
  const at = all.indexOf('--');
  return at === -1 ? [all, []] : [all.slice(0, at), all.slice(at + 1)];
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('Expected a whole number from 1.');
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
