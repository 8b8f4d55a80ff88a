/** The module that the package carries. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createKernelMemory } from '../../src/batch/string-kernel.ts';

const { generate } = (await import(new URL('../../assembly/generate.mjs', import.meta.url).href)) as { generate(): Promise<string> };

it('is what its source compiles to; npm run kernels:generate writes it', async () => {
  expect(readFileSync('src/batch/generated/string-kernel.ts', 'utf8')).toBe(await generate());
});

it('runs here', () => {
  expect(createKernelMemory(1)).toBeDefined();
});
