import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, because tests start worker threads of their own and some wait with Atomics, which a thread pool feels.
    pool: 'forks',
    // All cores: by itself vitest leaves one of them to others, which is half of a small machine.
    maxWorkers: '100%',
    // Node itself loads the built package and the job modules that it imports, as it does for programs.
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default'],
  },
});
