/**
 * What is in a directory of checkpoints, for people: read and verified as a restore would. Returns data; the command line shows it.
 */

import { join } from 'node:path';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { Storage } from '../base/system.ts';
import type { Distribution, SegmentHandle, StateHandle, StoredPart } from '../wire/state-handles.ts';
import type { ManifestEntry } from './checkpoint-storage.ts';
import { manifestOf, stateDirectory } from './layout.ts';
import { type CheckpointKind, type CheckpointManifest, filesOf, handlesOf, type OperatorManifest } from './manifest.ts';
import { decodeManifest } from './manifest-codec.ts';
import { checkFile, fileSize, readInline, readPiece, readWhole } from './read-piece.ts';

export interface CheckpointDirectory {
  readonly directory: string;
  /** Newest first. */
  readonly checkpoints: readonly CheckpointReport[];
  /** Files of state that no manifest names: of a checkpoint on its way, or left behind by a crash. */
  readonly unnamed: readonly FoundFile[];
}

export interface FoundFile {
  /** Relative to the directory. */
  readonly path: string;
  readonly bytes: number;
}

export interface CheckpointReport {
  readonly id: number;
  readonly kind: CheckpointKind;
  /** Of the manifest, relative to the directory. */
  readonly path: string;
  /** What is wrong with the manifest or with pieces that it names; empty for a checkpoint that can be restored. */
  readonly problems: readonly string[];
  /** Undefined where the manifest cannot be read. */
  readonly contents: CheckpointContents | undefined;
}

export interface CheckpointContents {
  readonly jobName: string;
  /** Milliseconds since 1970, UTC. */
  readonly triggeredAt: number;
  /** Of all that it names. */
  readonly bytes: number;
  /** Files that it names. */
  readonly files: readonly string[];
  readonly operators: readonly OperatorReport[];
  readonly hostInputs: Readonly<Record<string, number>>;
  readonly graph: readonly string[];
}

export interface OperatorReport {
  readonly stateId: string;
  readonly name: string;
  readonly kind: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly bytes: number;
  /** States by key. */
  readonly keyed: readonly { readonly name: string; readonly entries: number; readonly segments: number; readonly bytes: number }[];
  /** States of subtasks. */
  readonly parts: readonly { readonly name: string; readonly distribution: Distribution; readonly items: number; readonly bytes: number }[];
  /** Rows that the barrier had overtaken. */
  readonly rowsInFlight: number;
  /** Of a source: what was left to read, with positions. */
  readonly splits: readonly unknown[] | undefined;
}

export interface InspectOptions {
  /** Absolute path. */
  readonly directory: string;
  readonly storage: Storage;
  /** Whether the checksum of every piece is computed: reads all state. */
  readonly verify: boolean;
}

/** @throws MillraceError STATE_DIR when there is no such directory, or it cannot be read */
export function inspectCheckpoints({ directory, storage, verify }: InspectOptions): CheckpointDirectory {
  const names = namesIn(storage, directory);
  const verifier = new Verifier(storage, directory, verify);
  const entries = names.flatMap((name) => manifestOf(name) ?? []).sort((a, b) => b.id - a.id);
  const checkpoints = entries.map((entry) => reportOf(entry, verifier));
  const named = new Set(checkpoints.flatMap(({ contents }) => contents?.files ?? []));
  const files = names.includes(stateDirectory) ? namesIn(storage, join(directory, stateDirectory)) : [];
  const unnamed = files.map((name) => `${stateDirectory}/${name}`).filter((path) => !named.has(path));
  return { directory, checkpoints, unnamed: unnamed.flatMap((path) => found(storage, directory, path)) };
}

/** Nothing where it was removed meanwhile: a job may be running. */
function found(storage: Storage, directory: string, path: string): readonly FoundFile[] {
  try {
    return [{ path, bytes: fileSize(storage, join(directory, path)) }];
  } catch {
    return [];
  }
}

function namesIn(storage: Storage, directory: string): readonly string[] {
  try {
    const names = storage.entries(directory);
    // A directory that is not there has no entries; one that cannot be opened says why.
    if (names.length === 0) storage.open(directory).close();
    return names;
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === 'ENOENT';
    const what = isMissing
      ? `there is no directory '${directory}'; a job that has finished leaves none, and one that has not begun to take checkpoints has none yet`
      : `the state directory '${directory}' cannot be read: ${thrownText(error)}`;
    throw new MillraceError('STATE_DIR', what, { cause: error });
  }
}

function reportOf(entry: ManifestEntry, verifier: Verifier): CheckpointReport {
  try {
    const manifest = verifier.manifest(entry);
    return { ...entry, problems: verifier.problemsOf(manifest), contents: contentsOf(manifest) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { ...entry, problems: [error.message], contents: undefined };
  }
}

/** Reads each piece once, however many manifests name it. */
class Verifier {
  readonly #storage: Storage;
  readonly #directory: string;
  readonly #readsPieces: boolean;
  /** By place of a piece: what is wrong with it. */
  readonly #found = new Map<string, string | undefined>();

  constructor(storage: Storage, directory: string, readsPieces: boolean) {
    this.#storage = storage;
    this.#directory = directory;
    this.#readsPieces = readsPieces;
  }

  manifest({ path }: ManifestEntry): CheckpointManifest {
    const absolute = join(this.#directory, path);
    return decodeManifest(readWhole(this.#storage, absolute), absolute);
  }

  problemsOf(manifest: CheckpointManifest): readonly string[] {
    const problems = new Set<string>();
    for (const [path, bytes] of filesOf(manifest)) {
      const problem = this.#problem(`${path} ${bytes}`, () => checkFile(this.#storage, this.#directory, path, bytes));
      if (problem !== undefined) problems.add(problem);
    }
    // A file that is not there is one problem, not one for each piece of it.
    if (!this.#readsPieces || problems.size > 0) return [...problems];
    for (const { subtasks } of manifest.operators) {
      for (const handle of subtasks.flatMap((state) => [...handlesOf(state)])) {
        const problem = this.#pieceProblem(handle);
        if (problem !== undefined) problems.add(problem);
      }
    }
    return [...problems];
  }

  #pieceProblem(handle: StateHandle): string | undefined {
    if (handle.kind === 'inline') return problemOf(() => readInline(handle));
    const { path, offset, length, checksum } = handle;
    return this.#problem(`${path} ${offset} ${length} ${checksum}`, () => readPiece(this.#storage, this.#directory, handle));
  }

  #problem(key: string, check: () => unknown): string | undefined {
    if (!this.#found.has(key)) this.#found.set(key, problemOf(check));
    return this.#found.get(key);
  }
}

function problemOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof MillraceError) return error.message;
    throw error;
  }
}

function contentsOf(manifest: CheckpointManifest): CheckpointContents {
  const { jobName, triggeredAt, hostInputs, graph } = manifest;
  const operators = manifest.operators.map(operatorReport);
  return {
    jobName,
    triggeredAt,
    bytes: sum(operators, ({ bytes }) => bytes),
    files: [...filesOf(manifest).keys()],
    operators,
    hostInputs,
    graph,
  };
}

function operatorReport({ stateId, name, kind, parallelism, maxParallelism, subtasks, splits }: OperatorManifest): OperatorReport {
  return {
    stateId,
    name,
    kind,
    parallelism,
    maxParallelism,
    bytes: sum(
      subtasks.flatMap((state) => [...handlesOf(state)]),
      lengthOf,
    ),
    keyed: [...grouped(subtasks.flatMap(({ keyed }) => Object.entries(keyed)))].map(([state, lists]) => keyedReport(state, lists.flat())),
    parts: [...grouped(subtasks.flatMap(({ parts }) => Object.entries(parts)))].map(([state, parts]) => ({
      name: state,
      distribution: (parts[0] as StoredPart).distribution,
      items: sum(parts, ({ count }) => count),
      bytes: sum(parts, ({ items }) => lengthOf(items)),
    })),
    rowsInFlight: sum(
      subtasks.flatMap(({ inFlight = [] }) => inFlight),
      ({ count }) => count,
    ),
    splits,
  };
}

function keyedReport(name: string, segments: readonly SegmentHandle[]): OperatorReport['keyed'][number] {
  const stale = (segment: SegmentHandle): number => sum(segment.stale, lengthOf);
  return {
    name,
    entries: sum(segments, (segment) => segment.entries - stale(segment) / staleBytes),
    segments: segments.length,
    bytes: sum(segments, (segment) => lengthOf(segment.bytes) + stale(segment)),
  };
}

/** Bytes of an ordinal in a list of stale entries. */
const staleBytes = 4;

function lengthOf(handle: StateHandle): number {
  return handle.kind === 'file' ? handle.length : handle.bytes.length;
}

function grouped<V>(entries: readonly (readonly [string, V])[]): ReadonlyMap<string, readonly V[]> {
  const groups = new Map<string, V[]>();
  for (const [name, value] of entries) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return groups;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
