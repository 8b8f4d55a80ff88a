/**
 * The report of `examples/access-log.ts` without Millrace: its own functions, `readline` and a `Map`.
 *
 *   node benchmarks/baselines/access-log-readline.mjs <file>
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { parseHit } = await importTypeScript('hit.ts');
const { report } = await importTypeScript('report.ts');

/** @type {Map<string | null, { key: string | null, hits: number, bytes: number, errors: number }>} */
const rows = new Map();
const lines = createInterface({ input: createReadStream(process.argv[2]), crlfDelay: Number.POSITIVE_INFINITY });
lines.on('line', (line) => {
  const { url, bytes, errors } = parseHit(line);
  let row = rows.get(url);
  if (row === undefined) {
    row = { key: url, hits: 0, bytes: 0, errors: 0 };
    rows.set(url, row);
  }
  row.hits += 1;
  row.bytes += bytes;
  row.errors += errors;
});
await once(lines, 'close');
console.log(report([...rows.values()]));

/**
 * Node 20 does not read TypeScript.
 *
 * @param {string} name of a file of the example
 */
async function importTypeScript(name) {
  const path = fileURLToPath(new URL(`../../examples/access-log/${name}`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, format: 'esm', platform: 'node', write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}
