// Compiles `kernels.ts` and what it is made of, which is AssemblyScript, to the module that the package carries as text:
// src/batch/generated/string-kernel.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';

const target = fileURLToPath(new URL('../src/batch/generated/string-kernel.ts', import.meta.url));
const files = ['kernels.ts', 'lines.ts', 'strings.ts'];
const sources = new Map(files.map((name) => [name, readFileSync(new URL(name, import.meta.url), 'utf8')]));
const options = ['--runtime', 'stub', '--importMemory', '--enable', 'simd', '-O3', '--noAssert', '--converge'];

/** @returns {Promise<string>} what the file should hold */
export async function generate() {
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main(['kernels.ts', '-o', 'kernels.wasm', ...options], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (_, contents) => {
      binary = /** @type {Uint8Array} */ (contents);
    },
    listFiles: () => [],
  });
  if (error !== null) throw new Error(stderr.toString(), { cause: error });
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,120}/g) ?? [];
  const text = lines.map((line) => `  '${line}',`).join('\n');
  return `/** Generated from assembly/kernels.ts by assembly/generate.mjs. */\nexport const stringKernel: string = [\n${text}\n].join('');\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(target, await generate());
