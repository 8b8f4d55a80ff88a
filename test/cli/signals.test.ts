/** How a running job is ended from outside: signals, and a reader that goes away. */

import { describe, expect, test } from 'vitest';
import { hears, project, start } from './harness.ts';

/** Counts until it is stopped. As a batch job it prints the count at the end of the input only. */
const counter = `
import { isMainThread } from 'node:worker_threads';
import { StreamEnvironment } from 'millrace';
const interruptTwice = () => { for (let i = 0; i < 2; i++) process.kill(process.pid, 'SIGINT'); };
if (isMainThread) process.on('SIGUSR2', interruptTwice);
const env = new StreamEnvironment({ parallelism: 1, runtimeMode: 'batch' });
const ticks = env.generate({ ratePerSecond: 1000, create: (index: number) => ({ key: 'all', index, one: 1 }) });
ticks.map(({ index }) => index).print('tick');
ticks.keyBy('key').sum('one').map(({ one }) => one).print('total');
await env.execute('counter');
`;

/** Prints as fast as it can. */
const torrent = `
import { StreamEnvironment } from 'millrace';
const env = new StreamEnvironment({ parallelism: 1 });
env.generate({ create: (index) => 'line ' + index }).print();
await env.execute('torrent');
`;

/** Prints so much that hardly any of it finds room where nobody takes it. */
const flood = `${hears}
import { StreamEnvironment } from 'millrace';
const env = new StreamEnvironment({ parallelism: 1 });
env.generate({ create: (index) => 'line ' + index + 'x'.repeat(10_000) }).print();
await env.execute('flood');
`;

/** Has a sink that never says that it is done. */
const unfinished = `${hears}
import { writeSync } from 'node:fs';
import { StreamEnvironment } from 'millrace';
const env = new StreamEnvironment({ parallelism: 1 });
const writer = { write() { writeSync(1, '.'); }, finish() { writeSync(1, 'finishing'); return new Promise(() => {}); } };
env.generate({ ratePerSecond: 50, create: (index) => index }).sinkTo({ name: 'unfinished', createWriter: () => writer });
await env.execute('unfinished');
`;

/** Never comes back from its first record. */
const stuck = `${hears}
import { writeSync } from 'node:fs';
import { StreamEnvironment } from 'millrace';
const env = new StreamEnvironment({ parallelism: 1 });
env.fromData([1]).map((n) => { writeSync(2, 'stuck'); for (;;) n++; }).print();
await env.execute('stuck');
`;

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the sources and lets everything run through', async (signal, code) => {
    const running = start(project({ 'counter.ts': counter }), ['run', 'counter.ts']);
    await running.wrote(/tick> 20\n/);
    running.child.kill(signal);
    const ended = await running.ended();
    expect(ended).toMatchObject({ code, stderr: '' });
    const lines = ended.stdout.split('\n');
    expect(lines.pop()).toBe('');
    const ticks = lines.filter((line) => line.startsWith('tick> '));
    expect(ticks).toEqual(ticks.map((_, i) => `tick> ${i}`));
    expect(lines.filter((line) => !line.startsWith('tick> '))).toEqual([`total> ${ticks.length}`]);
  });

  test('a second one, a little later, cancels a job that does not run through', async () => {
    const running = start(project({ 'job.js': unfinished }), ['run', 'job.js']);
    await running.wrote('.');
    await running.interrupt();
    await running.wrote('finishing');
    expect(running.child.exitCode).toBe(null);
    running.child.kill('SIGINT');
    expect(await running.ended()).toMatchObject({ code: 130, stderr: 'heard\nheard\n' });
  });

  test('a second one cancels a job whose output nobody takes', async () => {
    const running = start(project({ 'flood.js': flood }), ['run', 'flood.js']);
    await running.wrote('line 50');
    running.child.stdout?.pause();
    await running.interrupt();
    running.child.kill('SIGINT');
    await running.exited();
    running.child.stdout?.resume();
    expect(await running.ended()).toMatchObject({ code: 130, stderr: 'heard\nheard\n' });
  });

  test('the same one twice at once, as npx sends it, counts once', async () => {
    const running = start(project({ 'counter.ts': counter }), ['run', 'counter.ts']);
    await running.wrote('tick> 5');
    // It sends them to itself: this process could be held up in between.
    running.child.kill('SIGUSR2');
    const ended = await running.ended();
    expect(ended).toMatchObject({ code: 130, stderr: '' });
    expect(ended.stdout).toContain('total> ');
  });

  test('a third one ends a job that does not even let itself be cancelled', async () => {
    const running = start(project({ 'stuck.js': stuck }), ['run', 'stuck.js']);
    await running.wrote('stuck');
    await running.interrupt();
    await running.interrupt();
    running.child.kill('SIGINT');
    expect(await running.ended()).toMatchObject({ code: 130, stdout: '' });
  });

  test('ends a module that is still being loaded', async () => {
    const directory = project({ 'slow.js': `console.log('loading');setInterval(() => {}, 1000); await new Promise(() => {});` });
    const running = start(directory, ['run', 'slow.js']);
    await running.wrote('loading');
    running.child.kill('SIGINT');
    expect(await running.ended()).toMatchObject({ code: 130, stderr: '' });
  });
});

test('a reader that goes away ends the job without a word', async () => {
  const running = start(project({ 'torrent.js': torrent }), ['run', 'torrent.js']);
  await running.wrote('line 0');
  running.child.stdout?.destroy();
  expect(await running.ended()).toMatchObject({ code: 141, stderr: '' });
});
