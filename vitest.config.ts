import { defineConfig } from 'vitest/config';

/** Folders of tests that change nothing of their own process, such as its directory or its environment. */
const units = [
  'api',
  'base',
  'batch',
  'channel',
  'checkpoint',
  'compiler',
  'connectors',
  'formats',
  'graph',
  'metrics',
  'operators',
  'oracle',
  'runtime',
  'schema',
  'state',
  'testing',
  'time',
  'wire',
];
const unitFiles = units.map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    // Processes, because tests start worker threads of their own and some wait with Atomics, which a thread pool feels.
    pool: 'forks',
    // All cores: by itself vitest leaves one of them to others, which is half of a small machine.
    maxWorkers: '100%',
    // Node itself loads the built package and the job modules that it imports, as it does for programs.
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default'],
    projects: [
      // To load the engine anew for each of so many files takes longer than most of them.
      { extends: true, test: { name: 'units', include: unitFiles, isolate: false } },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: unitFiles } },
    ],
  },
});
