/** The soak as a program, in short: it passes, and fails where the job keeps memory. In the long form only: `npm run test:nexmark`. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const isLong = process.env.MILLRACE_NEXMARK === 'long';
const program = fileURLToPath(new URL('../../benchmarks/soak.mjs', import.meta.url));

interface Soaked {
  readonly faults: readonly string[];
  readonly drifts: readonly { readonly name: string; readonly drifts: boolean }[];
}

/** Twelve seconds: the quarter behind which memory is watched is still that of a young process, so only what outweighs that is a leak. */
function soak(...args: string[]): { status: number | null; found: Soaked } {
  const { status, stdout } = spawnSync(process.execPath, [program, '--minutes', '0.2', '--rate', '20000', '--json', ...args], {
    encoding: 'utf8',
  });
  return { status, found: JSON.parse(stdout) as Soaked };
}

describe.runIf(isLong)('a soak of twelve seconds', () => {
  test('loses nothing, has nothing twice, and drifts nowhere', () => {
    const { status, found } = soak();
    expect(found.faults).toEqual([]);
    expect(status).toBe(0);
  });

  test('fails where memory leaks, and names it', () => {
    const { status, found } = soak('--leak', '30');
    expect(status).toBe(1);
    expect(found.faults.join('\n')).toMatch(/memory of the process drifts: it gained \d+ MB, tolerated are 64 MB/);
    expect(found.faults.join('\n')).toMatch(/memory outside of the heaps drifts/);
  });
});
