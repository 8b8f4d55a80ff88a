// Counts what the host feeds in, by key, and fails where it is told to, as often as it is told to.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileStorage, restart, StreamEnvironment, valueState } from '../../../dist/index.js';

// What the test says comes with the environment, which is made of it.
const { args } = new StreamEnvironment();
const { failAt, failures = 0, ledger, attempts, brokenWrites = 0, brokenManifests = 0, ...options } = args;

const env = new StreamEnvironment({
  parallelism: 2,
  bufferTimeout: 0,
  limits: { checkpointPercentMax: 100 },
  ...options,
  ...(attempts === undefined ? {} : { restart: restart.fixedDelay({ attempts, delay: 1 }) }),
  ...(brokenWrites + brokenManifests === 0 ? {} : { checkpointStorage: brokenStorage() }),
});

env
  .fromHost('in')
  .keyBy((n) => n % 7)
  .process({
    state: { seen: valueState() },
    processElement(n, { key, state: { seen } }, out) {
      if (n === failAt && triesSoFar() < failures) {
        appendFileSync(ledger, '.');
        throw new Error(`broken at ${n}`);
      }
      const before = seen.value ?? [];
      if (before.includes(n)) out(`${n} counts twice`);
      seen.update([...before, n]);
      out(`${key}: ${before.length + 1}`);
    },
  })
  .uid('seen')
  .name('seen')
  .toHost('counts');

await env.execute('recovering');

/** Counted in a file: nothing else outlives an attempt. */
function triesSoFar() {
  return existsSync(ledger) ? readFileSync(ledger).length : 0;
}

/** Real files, whose first checkpoints cannot be stored: by the workers, or by the host. */
function brokenStorage() {
  const real = fileStorage();
  const broken = (what) => Promise.reject(new Error(`${what} is broken`));
  return {
    ...real,
    openState(place) {
      const state = real.openState(place);
      return {
        read: (handle) => state.read(handle),
        write(name) {
          const writer = state.write(name);
          if (Number(name.slice(0, 6)) > brokenWrites) return writer;
          return {
            write: (bytes) => writer.write(bytes),
            endPiece: () => writer.endPiece(),
            get bytes() {
              return writer.bytes;
            },
            close: () => broken('the disk'),
            abort: () => writer.abort(),
          };
        },
      };
    },
    openManifests(place) {
      const manifests = real.openManifests(place);
      return {
        place: manifests.place,
        lock: () => manifests.lock(),
        unlock: () => manifests.unlock(),
        list: () => manifests.list(),
        readManifest: (entry) => manifests.readManifest(entry),
        files: () => manifests.files(),
        remove: (paths) => manifests.remove(paths),
        writeManifest: (manifest) => (manifest.id > brokenManifests ? manifests.writeManifest(manifest) : broken('the directory')),
      };
    },
  };
}
