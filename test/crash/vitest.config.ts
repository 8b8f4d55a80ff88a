/** The tests of crashes in their long form: `npm run test:crash`. */

import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import usual from '../../vitest.config.ts';

export default mergeConfig(
  usual,
  defineConfig({
    test: {
      root: fileURLToPath(new URL('../..', import.meta.url)),
      env: { MILLRACE_CRASH: 'long' },
      // Each of them uses all cores.
      fileParallelism: false,
    },
  }),
);
