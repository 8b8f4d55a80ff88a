/**
 * Makes one ES module of a job's file and what it imports from its own project, so that Node and its worker threads can load it.
 * `millrace` in a job is always the package whose command line runs it: host, workers and job share one copy, wherever the job
 * lies. Other packages stay outside and are named by absolute URL, because the bundle lies in a temporary directory.
 */

import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type BuildFailure,
  build,
  type Loader,
  type Message,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
  stop,
} from 'esbuild';
import { MillraceError } from '../base/errors.ts';

const ownModules: ReadonlyMap<string, string> = new Map([
  ['millrace', new URL('../index.js', import.meta.url).href],
  ['millrace/testing', new URL('../testing/index.js', import.meta.url).href],
]);

/**
 * Bundles the job in `file` and returns the URL of the bundle, which is removed when the process ends.
 *
 * @throws MillraceError JOB_MODULE with place and text of each syntax error or import that leads nowhere
 */
export async function bundleJob(file: string): Promise<string> {
  const outfile = join(temporaryDirectory(), `${basename(file, extname(file))}.mjs`);
  try {
    await build({
      entryPoints: [file],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      charset: 'utf8',
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
      // Packages are resolved as Node does it, without the bundlers' own condition 'module'.
      conditions: [],
      // Bundled CommonJS files require Node's modules with it; the bundler keeps the name free.
      banner: {
        js: `import { createRequire as $millraceRequire } from 'node:module'; const require = $millraceRequire(${JSON.stringify(pathToFileURL(file).href)});`,
      },
      define: placeConstants,
      plugins: [outsidePackages, modulePlaces],
    });
  } catch (error) {
    throw bundleFailure(file, error);
  } finally {
    await stop();
  }
  return pathToFileURL(outfile).href;
}

/** By its real path: the source map finds the job's files from there. */
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'millrace-job-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const outsidePackages: Plugin = {
  name: 'outside-packages',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./\\]|\.cjs$/ }, (args) => resolveImport(bundler, args));
  },
};

/** Marks the question that a plugin hands on to the bundler, and gets asked again. */
const handedOn = Symbol('handed on');

async function resolveImport(bundler: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  const { path, kind, importer, resolveDir, namespace } = args;
  if (kind === 'entry-point' || args.pluginData === handedOn) return undefined;
  const own = ownModules.get(path);
  if (own !== undefined) return outside(fileURLToPath(own), kind);
  if (isBuiltin(path) || /^[a-z]{2,}:/.test(path)) return { path, external: true };
  const found = await bundler.resolve(path, { kind, importer, resolveDir, namespace, pluginData: handedOn });
  // Aliases of a tsconfig and linked packages of a workspace lead back into the project; those may be TypeScript.
  return found.errors.length === 0 && staysOutside(found.path) ? outside(found.path, kind) : found;
}

function staysOutside(path: string): boolean {
  return path.endsWith('.cjs') || (/[\\/]node_modules[\\/]/.test(path) && /\.m?js$/.test(path));
}

function outside(path: string, kind: OnResolveArgs['kind']): OnResolveResult {
  return { path: kind === 'require-call' ? path : pathToFileURL(path).href, external: true };
}

/** These would tell where the bundle lies, or be unknown to it. Each file that asks gets constants of its own. */
const placeConstants = {
  'import.meta.url': '$millraceModuleUrl',
  'import.meta.filename': '$millraceModuleFilename',
  'import.meta.dirname': '$millraceModuleDirname',
  __filename: '$millraceModuleFilename',
  __dirname: '$millraceModuleDirname',
};

const asksForPlace = /\bimport\.meta\b|\b__(?:file|dir)name\b/;

const modulePlaces: Plugin = {
  name: 'module-places',
  setup(bundler) {
    bundler.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      return asksForPlace.test(text) ? { contents: withPlace(text, path), loader: 'default' as Loader } : undefined;
    });
  },
};

/** In front of the first line, behind a `#!`: the lines keep their numbers. */
function withPlace(text: string, path: string): string {
  const values = [pathToFileURL(path).href, path, dirname(path)];
  const constants = [...new Set(Object.values(placeConstants))].map((name, i) => `${name} = ${JSON.stringify(values[i])}`);
  return text.replace(/^(#!.*\n)?/, (hashbang) => `${hashbang}const ${constants.join(', ')};`);
}

/** Messages shown of a bundle that failed; the rest are mostly consequences. */
const messagesMax = 5;

function bundleFailure(file: string, error: unknown): MillraceError {
  const errors = (error as Partial<BuildFailure>).errors;
  if (errors === undefined || errors.length === 0)
    return new MillraceError('JOB_MODULE', `${file} cannot be bundled: ${String(error)}`, { cause: error });
  const shown = errors.slice(0, messagesMax).map(messageText);
  const left = errors.length - shown.length;
  return new MillraceError('JOB_MODULE', [...shown, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n'));
}

function messageText({ text, location }: Message): string {
  if (location === null) return text;
  const { file, line, column, lineText } = location;
  const lead = `  ${line} | `;
  return `${file}:${line}:${column + 1}: ${text}\n${lead}${lineText}\n${' '.repeat(lead.length)}${lineText.slice(0, column).replace(/[^\t]/g, ' ')}^`;
}
