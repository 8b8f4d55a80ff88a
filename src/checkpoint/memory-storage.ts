/**
 * Checkpoints in the memory of the host: they survive what happens to workers, not the end of the process. State travels in
 * acknowledgements.
 */

import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.ts';
import { MillraceError } from '../base/errors.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import type { StateHandle } from '../wire/state-handles.ts';
import type { CheckpointStorage, ManifestEntry, ManifestStore, StateStorage, StateWriter } from './checkpoint-storage.ts';
import { manifestPath } from './layout.ts';
import type { CheckpointManifest } from './manifest.ts';
import { readInline } from './read-piece.ts';

/**
 * Checkpoints in memory: for tests, and for jobs that are to survive failures of their own functions and workers only. A restart
 * goes on from the last one; the end of the process loses them.
 *
 * @example
 * const env = new StreamEnvironment({ checkpoint: { interval: '1s' }, checkpointStorage: memoryStorage() });
 */
export function memoryStorage(): CheckpointStorage {
  return {
    describe: () => place,
    openState: () => memoryState,
    openManifests: () => new ManifestMemory(),
  };
}

const place = 'the memory of the host';

const memoryState: StateStorage = {
  write: () => new MemoryWriter(),
  read: (handle) => {
    if (handle.kind === 'inline') return readInline(handle);
    throw new MillraceError('CHECKPOINT_CORRUPT', `'${handle.path}' cannot be read: checkpoints are kept in ${place}, which has no files`);
  },
};

class MemoryWriter implements StateWriter {
  bytes = 0;
  readonly #piece = new ByteSink();
  #checksum = 0;
  #ended = false;

  write(bytes: Uint8Array): void {
    assert(!this.#ended, 'pieces are written before the end');
    this.bytes += bytes.length;
    this.#checksum = crc32(bytes, this.#checksum);
    this.#piece.copy(bytes);
  }

  endPiece(): StateHandle {
    const bytes = new Uint8Array(this.#piece.bytes.subarray(0, this.#piece.length));
    const checksum = this.#checksum;
    this.#piece.reset();
    this.#checksum = 0;
    return { kind: 'inline', bytes, checksum };
  }

  async close(): Promise<void> {
    assert(!this.#ended && this.#piece.length === 0, 'pieces end before their writer does');
    this.#ended = true;
  }

  abort(): void {
    this.#ended = true;
    this.#piece.reset();
  }
}

class ManifestMemory implements ManifestStore {
  readonly place = place;
  readonly #manifests = new Map<string, CheckpointManifest>();

  lock(): void {}

  unlock(): void {}

  async secure(): Promise<void> {}

  async writeManifest(manifest: CheckpointManifest): Promise<ManifestEntry> {
    const entry = entryOf(manifest);
    this.#manifests.set(entry.path, manifest);
    return entry;
  }

  list(): readonly ManifestEntry[] {
    return [...this.#manifests.values()].map(entryOf).sort((a, b) => b.id - a.id);
  }

  readManifest({ path }: ManifestEntry): CheckpointManifest {
    const manifest = this.#manifests.get(path);
    if (manifest === undefined) throw new MillraceError('CHECKPOINT_CORRUPT', `'${path}' cannot be read: it is not in ${place}`);
    return manifest;
  }

  files(): readonly string[] {
    return [];
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#manifests.delete(path);
  }
}

function entryOf({ id, kind }: CheckpointManifest): ManifestEntry {
  return { id, kind, path: manifestPath({ id, kind }) };
}
