// Regenerates `generated/` from `frame.fbs` with flatc (Debian's flatbuffers-compiler will do), and gives the imports the
// endings that Node's module resolution asks for.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = `${here}generated`;
rmSync(target, { recursive: true, force: true });
execFileSync('flatc', ['--ts', '--gen-mutable', '-o', target, `${here}frame.fbs`], { stdio: 'inherit' });
for (const name of readdirSync(target, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.ts')) continue;
  const path = `${target}/${name}`;
  const text = readFileSync(path, 'utf8').replace(/from '(\.[^']*)'/g, "from '$1.ts'");
  writeFileSync(path, `// @ts-nocheck generated from frame.fbs by generate.mjs\n${text}`);
}
