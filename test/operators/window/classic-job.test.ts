/** The job that the documentation begins with, as it stands there, on a real socket. */

import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { project, start } from '../../cli/harness.ts';

const job = (port: number): string => `
import { StreamEnvironment, processingTime } from 'millrace';

const env = new StreamEnvironment({
  parallelism: 4,
  checkpoint: { interval: '5s', mode: 'exactly-once', minPause: '500ms', timeout: '60s', maxConcurrent: 1 },
});

env.socketTextStream('localhost', ${port})
  .flatMap((line) => line.split(/\\s+/))
  .map((word): [string, number] => [word, 1])
  .keyBy(0)
  .window(processingTime.tumbling('5s'))
  .sum(1)
  .map(([word, count]) => \`\${word}: \${count}\`)
  .print();

await env.execute('WordCount');
`;

/** A server that sends its first connection a text. */
function serve(text: string): Promise<{ readonly port: number; readonly connection: Promise<Socket> }> {
  return new Promise((resolve) => {
    const connection = new Promise<Socket>((connected) => {
      const server = createServer((socket) => {
        socket.write(text);
        connected(socket);
      });
      onTestFinished(() => void server.close());
      server.listen(0, 'localhost', () => resolve({ port: (server.address() as { port: number }).port, connection }));
    });
  });
}

function counts(stdout: string): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const line of stdout.trimEnd().split('\n')) {
    const [, word, count] = /^\d> (\w+): (\d+)$/.exec(line) ?? [];
    expect(word, line).toBeDefined();
    totals[word as string] = (totals[word as string] ?? 0) + Number(count);
  }
  return totals;
}

test('counts the words of five seconds, by the clock, and what is left when the connection closes', async () => {
  const { port, connection } = await serve('to be or not\nto be\n');
  const running = start(project({ 'wordcount.ts': job(port) }), ['run', 'wordcount.ts']);
  const socket = await connection;
  // Nothing but the clock brings these.
  await expect.poll(() => running.stdout.split('\n').length, { timeout: 20_000 }).toBeGreaterThanOrEqual(5);
  expect(counts(running.stdout)).toEqual({ to: 2, be: 2, or: 1, not: 1 });
  socket.end('that is\n');
  const { code, stdout, stderr } = await running.ended();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(counts(stdout)).toEqual({ to: 2, be: 2, or: 1, not: 1, that: 1, is: 1 });
});
