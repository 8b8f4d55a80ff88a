/**
 * Builds `src/` into `dist/`: `npm run build`.
 *
 * The entry points are bundled, with what they share in chunks: every worker thread loads the package anew, and reading some ten
 * files instead of two hundred halves the time to the first row of a job. Nothing is minified, so that stack traces name what
 * the sources name; source maps lead back to them. Packages stay outside.
 *
 * `dist/modules/` holds the same, file by file, for benchmarks that reach into the engine; it is not published.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const entries = ['index', 'testing/index', 'cli/main', 'runtime/worker'];
/** One folder deep, as the files of which they are made: see src/runtime/worker-file.ts. */
const chunks = 'dist/chunks';

compileModules();
const outputs = await bundleEntries();
removeOldChunks(outputs);

/** Checks the types, and writes modules and declarations. */
function compileModules() {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const { status } = spawnSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  // As the compiler does by itself: what it has found is said, and the modules are written.
  if (status !== 0) process.exitCode = status ?? 1;
}

/** @returns {Promise<Set<string>>} the files written, relative to the root */
async function bundleEntries() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `src/${entry}.ts`),
    outdir: 'dist',
    outbase: 'src',
    chunkNames: `${chunks.slice('dist/'.length)}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    packages: 'external',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  });
  return new Set(Object.keys(metafile.outputs));
}

/** @param {Set<string>} written */
function removeOldChunks(written) {
  const folder = join(root, chunks);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (!written.has(`${chunks}/${name}`)) rmSync(join(folder, name));
}
