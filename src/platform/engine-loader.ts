/**
 * Loads the engine, which the build makes one script of, together with what V8 made of it in an earlier process: reading that takes a
 * fifth of the time of compiling. What is compiled is kept beside the script by the first job that finds none. Where it cannot be
 * written, or not be used, the script is compiled as ever.
 *
 * Any thread; each loads the engine for itself. Nothing in the engine imports this file.
 */

import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { isMainThread, threadId } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { EngineScript } from '../base/engine-script.ts';

/** From the place of this file in the package; the build fills it in. Its name changes with its content. */
declare const engineFile: string;

/** The entries of the engine: each runs when it is first asked for, and returns what it exports. */
type EngineParts = Readonly<Record<string, () => Readonly<Record<string, unknown>>>>;

/** What is compiled of functions that have not run for long is thrown away: that of the start is kept before. */
const startMsMax = 2_000;

const checksumBytes = 4;

/** Files that are kept for versions and options of V8, some of which nobody uses any more: more than these are begun anew. */
const keptFilesMax = 16;

const file = fileURLToPath(new URL(engineFile, import.meta.url));
const require = createRequire(file);
/**
 * Hosts and workers run different parts of the engine. The tag stands for V8's version, its options, and the processor; and where the script
 * lies is in what was compiled of it: a package that was copied or moved would tell of errors in files that are not there any more.
 */
const keptFile = join(
  dirname(file),
  'compiled',
  `${basename(file, '.cjs')}-${isMainThread ? 'host' : 'worker'}-${[cachedDataVersionTag(), crc32(file)].map((n) => n.toString(16)).join('-')}.bin`,
);

// Source maps of scripts are not known to Node: who wants to see the lines of the sources takes the way of all modules.
export const parts: EngineParts = process.sourceMapsEnabled === true ? require(file) : load();

function load(): EngineParts {
  const kept = keptCode();
  const text = readFileSync(file, 'latin1');
  const options = { filename: file, ...(kept === undefined ? {} : { cachedData: kept }) };
  const script = new Script(`(function (exports, require, module, __filename, engineScript) {${text}\n})`, options);
  let isKept = kept !== undefined && script.cachedDataRejected === false;
  const keep = (): void => {
    if (!isKept) writeCode(script);
    isKept = true;
  };
  const engineScript: EngineScript = {
    importModule: (url) => import(url),
    keepCompiledCode(job) {
      if (isKept) return;
      const timer = setTimeout(keep, startMsMax);
      timer.unref();
      const over = (): void => {
        clearTimeout(timer);
        keep();
      };
      job.then(over, over);
    },
  };
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, file, engineScript);
  return module.exports;
}

/** V8 looks at its version, its options and the length of the script alone, and breaks down on damaged data. */
function keptCode(): Buffer | undefined {
  try {
    const bytes = readFileSync(keptFile);
    const end = bytes.length - checksumBytes;
    const code = bytes.subarray(0, end);
    return crc32(code) === bytes.readUInt32LE(end) ? code : undefined;
  } catch {
    // None, or a part of one.
    return undefined;
  }
}

/** Several threads may do so at once: each writes a file of its own, and one of them stays. */
function writeCode(script: Script): void {
  const own = `${keptFile}.${process.pid}-${threadId}`;
  try {
    mkdirSync(dirname(keptFile), { recursive: true });
    makeRoom(dirname(keptFile));
    const code = script.createCachedData();
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(code));
    writeFileSync(own, Buffer.concat([code, checksum]));
    renameSync(own, keptFile);
  } catch {
    // The package may be installed where nobody may write: then each process compiles for itself.
    removeIfThere(own);
  }
}

function makeRoom(directory: string): void {
  const names = readdirSync(directory);
  if (names.length >= keptFilesMax) for (const name of names) removeIfThere(join(directory, name));
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not written, or the disk takes nothing any more.
  }
}
