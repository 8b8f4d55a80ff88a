/**
 * Where the file lies that worker threads run. Files that ask for their own place lie one folder deep, as do the chunks that the
 * build makes of them (build.mjs): what is `../x` for the one is `../x` for the other.
 */
export const workerFile = new URL('../runtime/worker.js', import.meta.url);
