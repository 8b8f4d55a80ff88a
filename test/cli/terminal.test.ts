/** Progress on a terminal, which `script` provides. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { project, startOnTerminal, terminalMissing } from './harness.ts';

const missing = terminalMissing();

/** How the terminal is told to erase the line that the cursor is on. */
const erase = '\r\x1b[K';

/** What stands on the terminal in the end: enough of one for a line that is redrawn. */
function screen(output: string): string[] {
  return output.split('\r\n').map((line) => line.split(erase).at(-1) as string);
}

/** Waits at two of a hundred lines for a file that tells it to go on, and prints from the workers too. */
const waiting = `
import { existsSync } from 'node:fs';
import { StreamEnvironment } from 'millrace';
const env = new StreamEnvironment({ parallelism: 1 });
const nothing = new Int32Array(new SharedArrayBuffer(4));
const waitAt = (line) => { while (!existsSync('on-from-' + line)) Atomics.wait(nothing, 0, 0, 5); };
env.readTextFile('numbers/*.txt')
  .map((line) => { if (line === '0' || line === '55') waitAt(line); if (line === '7') console.log('seven'); return line; })
  .print('n');
await env.execute('waiting');
`;
const numbers = Array.from({ length: 100 }, (_, i) => i);
const inputs = Object.fromEntries(
  Array.from({ length: 10 }, (_, i) => [`numbers/${i}.txt`, numbers.slice(10 * i, 10 * i + 10).join('\n')]),
);

function goOnFrom(directory: string, line: number): void {
  writeFileSync(join(directory, `on-from-${line}`), '');
}

describe.skipIf(missing !== undefined)(`on a terminal${missing === undefined ? '' : ` (${missing})`}`, () => {
  test('a line is redrawn below the output, and a summary stays', async () => {
    const directory = project({ 'waiting.js': waiting, ...inputs });
    const running = startOnTerminal(directory, 'run waiting.js');
    await running.wrote(/^\d:\d\d · 0 records · ░+ 0 %/);
    goOnFrom(directory, 0);
    await running.wrote(/\d:\d\d · \d{2,3} records · [\d.,]+\/s · [\d.,]+ k?B\/s · █*░+ [1-9]\d %/);
    goOnFrom(directory, 55);
    const { code, stdout } = await running.ended();
    expect(code).toBe(0);
    const lines = screen(stdout);
    expect(lines.pop()).toBe('');
    expect(lines.pop()).toMatch(/^finished: 100 records, 280 B in [\d.]+ s \([\d,.]+ records\/s, [\d.]+ k?B\/s\)$/);
    expect(lines.filter((line) => line === 'seven')).toHaveLength(1);
    expect(lines.filter((line) => line !== 'seven')).toEqual(numbers.map((n) => `n> ${n}`));
  });

  test('Ctrl-C is answered, and the summary says that the job was stopped', async () => {
    const job = `
      import { StreamEnvironment } from 'millrace';
      const env = new StreamEnvironment({ parallelism: 1 });
      env.generate({ ratePerSecond: 1000, create: (index) => index }).print('n');
      await env.execute('endless');
    `;
    const running = startOnTerminal(project({ 'job.ts': job }), 'run job.ts');
    await running.wrote(/n> 30\r\n/);
    running.child.stdin?.write('\x03');
    const { code, stdout } = await running.ended();
    expect(code).toBe(130);
    const said = screen(stdout).filter((line) => !line.startsWith('n> ') && line !== '');
    expect(said.map((line) => line.replace('^C', ''))).toEqual([
      'stopping; Ctrl-C again cancels the job at once',
      expect.stringMatching(/^stopped: \d+ records in [\d.]+ s/),
    ]);
  });

  test('a failure takes the place of the line', async () => {
    const directory = project({
      'waiting.js': waiting.replace('return line;', "if (line === '40') throw new Error('forty'); return line;"),
      ...inputs,
    });
    const running = startOnTerminal(directory, 'run waiting.js > /dev/null');
    await running.wrote('0 records');
    goOnFrom(directory, 0);
    const { code, stdout } = await running.ended();
    expect(code).toBe(1);
    expect(screen(stdout)[0]).toBe("error[USER_FUNCTION]: 'map' failed with Error: forty");
  });

  test('a terminal that cannot redraw is left alone', async () => {
    const directory = project({ 'waiting.js': waiting, 'numbers/0.txt': '1\n2\n' });
    const { code, stdout } = await startOnTerminal(directory, 'run waiting.js', 'dumb').ended();
    expect(code).toBe(0);
    expect(stdout).toBe('n> 1\r\nn> 2\r\n');
  });
});
