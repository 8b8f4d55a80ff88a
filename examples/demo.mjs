/**
 * `npm run demo`: makes a sample access log, once, and runs the example `access-log.ts` on it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accessLogChunks, writeChunks } from './generate.mjs';

const lines = 200_000;
const log = fileURLToPath(new URL('data/access.log', import.meta.url));
const job = fileURLToPath(new URL('access-log.ts', import.meta.url));
const millrace = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

if (!existsSync(log)) {
  // Under another name until it is complete: a demo that was interrupted must not leave half of a log.
  writeChunks(`${log}.part`, accessLogChunks({ lines, seed: 1 }));
  renameSync(`${log}.part`, log);
}
console.log(`An access log of ${Math.round(statSync(log).size / 1e6)} MB: ${log}\n`);
const { status } = spawnSync(process.execPath, [millrace, 'run', job, '--', log], { stdio: 'inherit' });
process.exitCode = status ?? 1;
