/** The queries of Nexmark with all events, parallelisms and interruptions: `npm run test:nexmark`. */

import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import usual from '../../vitest.config.ts';

export default mergeConfig(
  usual,
  defineConfig({
    test: {
      root: fileURLToPath(new URL('../..', import.meta.url)),
      env: { MILLRACE_NEXMARK: 'long' },
      // The host keeps rows of whole jobs in memory, and each job uses all cores.
      fileParallelism: false,
      testTimeout: 60_000,
    },
  }),
);
