/**
 * Runs the blocks of one document, in a process and a directory of its own. Steps come as one message, programs as JavaScript;
 * what each of them printed goes back. A program that throws has printed its error.
 */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const directory = process.cwd();

process.once('message', async (steps) => {
  const outputs = [];
  for (const step of steps) outputs.push(await run(step));
  process.send(outputs, () => process.exit(0));
});

async function run({ kind, name, text }) {
  if (kind === 'file') return writeFileSync(join(directory, name), text) ?? '';
  const output = kind === 'shell' ? await shell(text) : await program(name, text);
  // Where the directory lies is nobody's business.
  return output
    .replaceAll(`${pathToFileURL(directory).href}/`, '')
    .replaceAll(`${directory}/`, '')
    .replaceAll(directory, '.');
}

/** Whatever the block writes to standard output. */
async function program(name, text) {
  const file = join(directory, name);
  writeFileSync(file, text);
  const { write } = process.stdout;
  let output = '';
  process.stdout.write = (chunk) => {
    output += chunk;
    return true;
  };
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    output += `${error?.stack ?? error}\n`;
  } finally {
    process.stdout.write = write;
  }
  return output;
}

function shell(text) {
  const command = text.replaceAll('npx millrace ', `node '${main}' `);
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, NO_COLOR: '1' };
  const child = spawn('sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => child.on('close', () => resolve(output)));
}
