/** Other processes, and their end. */
import { spawn } from 'node:child_process';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends what runs at the moment. */
export function stopProcesses() {
  for (const child of running) child.kill();
}

/**
 * Runs a process to its end. What it says to stderr is passed on, or becomes part of the error.
 *
 * @param {string} label
 * @param {readonly string[]} command
 * @param {{ cwd: string }} options
 * @returns {Promise<string>} what it printed
 * @throws Error when it ends with another exit code than 0
 */
export function outputOf(label, [file, ...args], { cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const out = collected(child.stdout);
    const errors = collected(child.stderr);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      if (code === 0) {
        process.stderr.write(errors.join(''));
        resolve(out.join(''));
        return;
      }
      const said = errors.join('').trim();
      reject(new Error(`${label} ended with ${signal ?? `exit code ${code}`}${said === '' ? '' : `: ${said}`}`));
    });
  });
}

/** @param {import('node:stream').Readable} stream */
function collected(stream) {
  /** @type {string[]} */
  const chunks = [];
  stream.setEncoding('utf8').on('data', (text) => chunks.push(text));
  return chunks;
}
