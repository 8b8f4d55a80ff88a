/** Bundles `run.ts` with the sources as they are, and runs it. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outfile = `${root}node_modules/.cache/millrace-sim-${process.pid}.mjs`;
await build({
  absWorkingDir: root,
  entryPoints: ['test/simulation/run.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const { rmSync } = await import('node:fs');
process.on('exit', () => rmSync(outfile, { force: true }));
process.setSourceMapsEnabled(true);
await import(outfile);
