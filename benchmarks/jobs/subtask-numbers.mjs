/**
 * Sinks run on worker threads. The numbers that one knows at its end it leaves in a file, where the job's program finds them;
 * all threads of a process agree on its name.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = `millrace-benchmark-${process.pid}-`;

/**
 * @param {number} subtask
 * @param {ArrayLike<number>} numbers
 */
export function leaveNumbers(subtask, numbers) {
  writeFileSync(join(tmpdir(), `${prefix}${subtask}`), new Uint8Array(Float64Array.from(numbers).buffer));
}

/** @returns {Float64Array[]} those of all subtasks */
export function takeNumbers() {
  const files = readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(tmpdir(), name));
  return files.map((file) => {
    const bytes = new Uint8Array(readFileSync(file));
    rmSync(file);
    return new Float64Array(bytes.buffer);
  });
}
