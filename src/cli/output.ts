/** Standard output and error of the process: written in full before it ends, and given up quietly when nobody reads. */

/** What a shell reports of a program that wrote to a closed pipe: 128 + SIGPIPE. The job has not finished, so it is not 0. */
const closedOutputExitCode = 141;

/** Milliseconds that the end of the process waits for the reader of output that no longer matters. */
const abandonAfterMs = 500;

let closed = false;
let abandoned = false;
const closedListeners: (() => void)[] = [];

/** Keeps a closed pipe from crashing the process. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' || closed) return;
    closed = true;
    for (const listener of closedListeners) listener();
  });
  // Nobody is left to tell.
  process.stderr.on('error', () => {});
}

/** Whether the reader of standard output has gone, as `head` does. */
export function outputClosed(): boolean {
  return closed;
}

export function onOutputClosed(listener: () => void): void {
  closedListeners.push(listener);
}

/** The job was called off: the end of the process no longer waits for its reader, which may have stopped reading. */
export function abandonOutput(): void {
  abandoned = true;
}

/**
 * Ends the process once everything is written. The job's module may have left timers or connections on this thread, which would
 * keep it alive.
 */
export async function exit(code: number): Promise<never> {
  const written = Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  await (abandoned ? Promise.race([written, new Promise((resolve) => setTimeout(resolve, abandonAfterMs))]) : written);
  process.exit(closed ? closedOutputExitCode : code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
