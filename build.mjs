/**
 * Builds `src/` into `dist/`: `npm run build`.
 *
 * The engine with all of its entry points becomes one script, for two reasons. Every worker thread loads the package anew, and one
 * file is read faster than two hundred. And Node 20 can keep what V8 has compiled of a script, but not of modules: see
 * src/platform/engine-loader.ts. The files that programs import hand on what the script exports. Nothing is minified, so that
 * stack traces name what the sources name; source maps lead back to them. Packages that every thread needs become part of the
 * script; the others stay outside.
 *
 * `dist/modules/` holds the same, file by file, for benchmarks that reach into the engine; it is not published.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
/** Imported by programs, started as threads, and run. */
const entries = ['index', 'testing/index', 'runtime/worker', 'cli/main'];
/** One folder deep, as the files of which it is made: see src/runtime/worker-file.ts. */
const engineFolder = 'dist/engine';
const outside = ['esbuild', 'pino', 'piscina', 'tinyglobby'];

/** @type {import('esbuild').BuildOptions} */
const common = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

compileModules();
const engine = await bundleEngine();
await bundleLoader(engine);
for (const entry of entries) writeEntry(entry, engine);
removeOldFiles(engine);
keepCompiledCode();

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

/** @returns {Promise<string>} the file, relative to the root; its name holds a hash of its content */
async function bundleEngine() {
  const parts = entries.map((entry) => `${JSON.stringify(entry)}: () => require('./src/${entry}.ts')`);
  const { metafile } = await build({
    ...common,
    stdin: { contents: `module.exports = { ${parts.join(', ')} };`, resolveDir: root, sourcefile: 'engine.js' },
    outdir: engineFolder,
    entryNames: 'engine-[hash]',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    external: outside,
    define: { 'import.meta.url': 'engineUrl' },
    banner: { js: "const engineUrl = require('node:url').pathToFileURL(__filename).href;" },
    sourcemap: true,
    metafile: true,
  });
  const [file, { inputs }] = /** @type {[string, { inputs: object }]} */ (
    Object.entries(metafile.outputs).find(([name]) => name.endsWith('.cjs'))
  );
  writeLicenses(Object.keys(inputs));
  return file;
}

/**
 * The licenses of packages that became part of the script ask to be handed on with it.
 *
 * @param {string[]} inputs
 */
function writeLicenses(inputs) {
  const folders = inputs.flatMap((input) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const license = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (license === undefined) throw new Error(`${folder} has no license to hand on`);
    return `${folder.replace(/.*node_modules\//, '')}\n\n${readFileSync(join(root, folder, license), 'utf8').trim()}\n`;
  });
  writeFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** @param {string} engine */
async function bundleLoader(engine) {
  await build({
    ...common,
    entryPoints: ['src/platform/engine-loader.ts'],
    outfile: 'dist/engine-loader.js',
    format: 'esm',
    define: { engineFile: JSON.stringify(engine.replace('dist/', './')) },
  });
}

/**
 * A module that hands on what a part of the engine exports.
 *
 * @param {string} entry
 * @param {string} engine
 */
function writeEntry(entry, engine) {
  const exported = exportsOf(entry, engine);
  const file = join(root, `dist/${entry}.js`);
  const isProgram = entry.startsWith('cli/');
  const names = exported.filter((name) => name !== 'default');
  const text = [
    ...(isProgram ? ['#!/usr/bin/env node'] : []),
    `import { parts } from '${entry.includes('/') ? '..' : '.'}/engine-loader.js';`,
    `const part = parts['${entry}']();`,
    ...(exported.includes('default') ? ['export default part.default;'] : []),
    ...(names.length > 0 ? [`export const { ${names.join(', ')} } = part;`] : []),
  ];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${text.join('\n')}\n`);
  if (isProgram) chmodSync(file, 0o755);
}

/**
 * @param {string} entry
 * @param {string} engine
 * @returns {string[]}
 */
function exportsOf(entry, engine) {
  // It would do what it is for.
  if (entry.startsWith('cli/')) return [];
  return Object.keys(createRequire(import.meta.url)(join(root, engine))[entry]());
}

/**
 * Of earlier builds.
 *
 * @param {string} engine
 */
function removeOldFiles(engine) {
  rmSync(join(root, 'dist/chunks'), { recursive: true, force: true });
  for (const folder of [engineFolder, `${engineFolder}/compiled`].filter((name) => existsSync(join(root, name)))) {
    for (const name of readdirSync(join(root, folder))) {
      const isOfThis = name === 'compiled' || name.startsWith(engine.slice(`${engineFolder}/`.length, -'.cjs'.length));
      if (!isOfThis) rmSync(join(root, folder, name));
    }
  }
}

/** Runs a job for what V8 compiles of the engine, which it leaves for further processes. */
function keepCompiledCode() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-build-'));
  const lines = Array.from(
    { length: 4_000 },
    (_, i) =>
      `10.0.${i % 9}.${i % 250} - - [01/Jan/2024:00:${String(Math.floor(i / 500)).padStart(2, '0')}:00 +0000] "GET /pages/${(i * 7919) % 900} HTTP/1.1" ${i % 11 === 0 ? 500 : 200} ${i} "-" "curl/8.0"`,
  );
  writeFileSync(join(folder, 'access.log'), `${lines.join('\n')}\n`);
  const run = [join(root, 'dist/cli/main.js'), 'run', join(root, 'build.job.mjs'), '-p', '2', '--', join(folder, 'access.log')];
  const { status } = spawnSync(process.execPath, run, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  rmSync(folder, { recursive: true });
  if (status !== 0) process.exitCode = status ?? 1;
}
