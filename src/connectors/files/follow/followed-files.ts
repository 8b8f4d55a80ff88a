/**
 * All files that a reader follows, and what becomes of them: they grow, get other names, are copied and truncated, compressed, removed.
 *
 * A file is known by its identity, whatever its name. Invariants: content that was read under one name is not read under another; a file
 * is forgotten only when no look at the names would take it for a new one. The reader's thread.
 */

import { dirname, join } from 'node:path';
import type { Clock, Storage } from '../../../base/system.ts';
import { compressionOf, decompressFront } from '../decompression.ts';
import { isOf } from './fingerprint.ts';
import type { Following } from './follow-options.ts';
import { FollowedFile, type FoundFile, frontOf, openIfThere } from './followed-file.ts';
import type { FollowedSplit } from './followed-split.ts';

export interface FollowedFilesOptions {
  readonly following: Following;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** As of a `RecordParser`. */
  readonly completeAfterMs: number | undefined;
}

/** A file that is to have a turn. */
export interface DueFile {
  readonly file: FollowedFile;
  /** Whether nothing is expected to be written to it any more. */
  readonly final: boolean;
  /** Whether its last record has waited long enough for more lines. */
  readonly settled: boolean;
}

/** What rotation puts behind the name of a file: a number or a date. */
const rotatedName = /^[.-]\d[-\d._T:]*(\.gz|\.zst)?$/;

/** Bytes of a compressed file that hold the beginning of its content: more than a block of zstd. */
const compressedFrontBytes = 256 * 1024;

export class FollowedFiles {
  readonly #options: FollowedFilesOptions;
  /** By identity. */
  readonly #files = new Map<string, FollowedFile>();
  /** What the last look has found, by identity. */
  #found = new Map<string, FoundFile>();
  /** What else is in the directories of files, as far as the last look had to know. */
  readonly #entries = new Map<string, readonly FoundFile[]>();

  /** Rotated files that nobody knew when they were seen, by identity: they may just have come, and match at the next look. */
  #unknown = new Map<string, { readonly path: string; readonly rotatedFrom: string }>();

  constructor(options: FollowedFilesOptions, splits: readonly FollowedSplit[]) {
    this.#options = options;
    for (const split of splits) this.#files.set(split.id, new FollowedFile(split, this.#now));
  }

  get splits(): FollowedSplit[] {
    return Array.from(this.#files.values(), ({ split }) => split);
  }

  [Symbol.iterator](): IterableIterator<FollowedFile> {
    return this.#files.values();
  }

  get #now(): number {
    return this.#options.clock.monotonic();
  }

  /**
   * Takes note of the files that there are now.
   *
   * @param busy the one that is being read: what was read of it before it was truncated is read, whoever reads it sees what became of it
   */
  look(found: readonly FoundFile[], busy: FollowedFile | undefined): void {
    this.#found = new Map(found.map((each) => [each.identity, each]));
    this.#entries.clear();
    const unknown = this.#unknown;
    this.#unknown = new Map();
    const replaced = [...this.#files.values()].filter((file) => this.#lookAt(file));
    for (const file of replaced) if (file !== busy) this.replaced(file);
    for (const each of found) {
      if (each.size > 0 && !this.#files.has(each.identity) && !this.#isCopy(each))
        this.#add({ id: each.identity, path: each.path, offset: 0 }, each);
    }
    for (const file of this.#files.values()) if (file.gone && !file.isOpen && file !== busy) this.#lost(file);
    this.#warnOf(unknown);
  }

  /** The files that have something to read, those first that were changed the longest ago. @param busy the one that is being read: it is left alone */
  due(busy: FollowedFile | undefined): DueFile[] {
    return [...this.#files.values()]
      .filter((file) => file !== busy)
      .sort((a, b) => a.modifiedMs - b.modifiedMs || Number(b.rotated) - Number(a.rotated))
      .map((file) => ({ file, due: this.#dueOf(file) }))
      .filter(({ due }) => due !== undefined)
      .map(({ file, due }) => ({ file, final: due === 'final', settled: due === 'settled' }));
  }

  /** Files that were rotated, of which all was read, and to which nothing was written since for a while: identities. Nobody waits for more of them. */
  get atRest(): string[] {
    const isAtRest = (file: FollowedFile): boolean =>
      file.rotated && file.size !== undefined && file.offset >= file.size && this.#isQuiet(file);
    return [...this.#files.values()].filter(isAtRest).map(({ identity }) => identity);
  }

  /**
   * A file was truncated, and perhaps written to again. Where it was copied before, what was not read of it is read in the copy; then it
   * begins anew.
   */
  replaced(file: FollowedFile): void {
    this.#entries.clear();
    const copy = this.#copyOf(file, this.#around(file.path));
    if (copy !== undefined) {
      this.#takeOver(file, copy);
      if (!copy.matches) this.#lookAtOthers(file.path, copy.modifiedMs);
    } else if (file.readTo > file.offset || file.sizeBefore > file.offset)
      this.#options.warn(
        `'${file.path}' was truncated, or overwritten, before all of it was read: what it had behind byte ${file.offset} is lost`,
      );
    file.begin();
  }

  /** Nothing more is read of a file that has no name any more, or none that is asked for. A compressed copy of it has been read with it. */
  drop(file: FollowedFile): void {
    const copy = this.#copyOf(file, [...this.#found.values()]);
    if (copy !== undefined) this.#takeOver(file, copy);
    this.#forget(file);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  /** Whether its content is another one by now. */
  #lookAt(file: FollowedFile): boolean {
    const { path } = file;
    const found = this.#find(file);
    if (found !== undefined && found.path !== path && !found.matches) this.#lookAtOthers(path, found.modifiedMs);
    if (found === undefined) file.missed();
    else file.seen(found, this.#now);
    if (found === undefined || file.compression !== undefined || found.size >= file.offset) return false;
    // It may have been read further since it was found.
    const now = this.#factsOf(found.path);
    return now?.identity === file.identity && now.size < file.offset;
  }

  #find({ identity, path }: FollowedFile): FoundFile | undefined {
    const found = this.#found.get(identity);
    if (found !== undefined) return found;
    const same = this.#factsOf(path);
    return same?.identity === identity ? same : this.#around(path).find((each) => each.identity === identity);
  }

  #factsOf(path: string): FoundFile | undefined {
    const facts = this.#options.storage.facts(path);
    return facts === undefined ? undefined : { path, ...facts, matches: this.#found.has(facts.identity) };
  }

  /** Files that were rotated twice between two looks have never been seen under the name that is asked for. */
  #lookAtOthers(path: string, since: number): void {
    const isRotated = (each: FoundFile): boolean => each.path.startsWith(path) && rotatedName.test(each.path.slice(path.length));
    for (const each of this.#around(path)) {
      if (isRotated(each) && each.modifiedMs > since && !each.matches && !this.#files.has(each.identity))
        this.#unknown.set(each.identity, { path: each.path, rotatedFrom: path });
    }
  }

  #warnOf(unknown: ReadonlyMap<string, { readonly path: string; readonly rotatedFrom: string }>): void {
    for (const [identity, { path, rotatedFrom }] of unknown) {
      if (this.#found.has(identity) || this.#files.has(identity)) continue;
      this.#options.warn(
        `'${path}' was rotated before anybody looked at it, and is not read: say '${rotatedFrom}*' to read such files as well`,
      );
    }
  }

  /** The files in the directory of one. */
  #around(path: string): readonly FoundFile[] {
    const directory = dirname(path);
    const known = this.#entries.get(directory);
    if (known !== undefined) return known;
    const names = this.#options.storage.entries(directory);
    const found = names.map((name) => this.#factsOf(join(directory, name))).filter((each) => each !== undefined);
    this.#entries.set(directory, found);
    return found;
  }

  #add(split: Omit<FollowedSplit, 'compression'>, found: FoundFile): void {
    const front = this.#frontOf(found, 4);
    // It has got another name since, or none.
    if (front === undefined) return;
    const compression = compressionOf(found.path, front);
    const file = new FollowedFile({ ...split, ...(compression === undefined ? {} : { compression }) }, this.#now);
    file.seen(found, this.#now);
    this.#files.set(found.identity, file);
  }

  /** Whether it is a copy of a file that is followed, or may become one. */
  #isCopy(found: FoundFile): boolean {
    return [...this.#files.values()].some(
      (file) => isNamedBehind(found, file) && (this.#isCopyOf(found, file) || this.#isShort(found, file)),
    );
  }

  /** Whether it is being written, and has too little for it to be told from a file that is followed. */
  #isShort({ size, modifiedMs }: FoundFile, { fingerprint }: FollowedFile): boolean {
    return size < (fingerprint?.bytes ?? 0) && !this.#isOld(modifiedMs);
  }

  #isOld(modifiedMs: number): boolean {
    const { clock, following } = this.#options;
    return modifiedMs <= clock.now() - following.closeInactiveMs;
  }

  #copyOf(file: FollowedFile, candidates: readonly FoundFile[]): FoundFile | undefined {
    return candidates.find((each) => !this.#files.has(each.identity) && isNamedBehind(each, file) && this.#isCopyOf(each, file));
  }

  #isCopyOf(found: FoundFile, { fingerprint, compression }: FollowedFile): boolean {
    if (fingerprint === undefined || compression !== undefined) return false;
    const front = this.#contentFrontOf(found, fingerprint.bytes);
    return front !== undefined && isOf(fingerprint, front);
  }

  /** The beginning of a file's content; undefined where it cannot be read. */
  #contentFrontOf(found: FoundFile, bytes: number): Buffer | undefined {
    const compression = compressionOf(found.path, this.#frontOf(found, 4) ?? Buffer.alloc(0));
    if (compression === undefined) return this.#frontOf(found, bytes);
    try {
      return decompressFront(compression, found.path, this.#frontOf(found, compressedFrontBytes) ?? Buffer.alloc(0));
    } catch {
      // Whatever is wrong with it, it is told when the file is read.
      return undefined;
    }
  }

  #frontOf({ path, identity }: FoundFile, bytes: number): Buffer | undefined {
    const file = openIfThere(path, this.#options.storage);
    try {
      return file === undefined || file.identity !== identity ? undefined : frontOf(file, path, bytes);
    } finally {
      file?.close();
    }
  }

  /** What a file has behind its position is read in its copy. */
  #takeOver(file: FollowedFile, copy: FoundFile): void {
    const isCompressed = compressionOf(copy.path, this.#frontOf(copy, 4) ?? Buffer.alloc(0)) !== undefined;
    const { path: _, compression: __, id: ___, offset, ...rest } = file.split;
    this.#add(
      { ...rest, id: copy.identity, path: copy.path, offset: isCompressed ? offset : Math.min(offset, copy.size), rotated: true },
      copy,
    );
  }

  /** A file was removed, or moved away, while it was not open. */
  #lost(file: FollowedFile): void {
    const { path, offset, size, complete } = file;
    const copy = this.#copyOf(file, this.#around(path));
    if (copy !== undefined) this.#takeOver(file, copy);
    else if (!complete && (size === undefined || size > offset)) {
      const left = size === undefined ? 'what it had' : `the ${size - offset} bytes that it had`;
      this.#options.warn(
        `'${path}' is gone, and no file beside it is the same under another name: ${left} behind byte ${offset} cannot be read`,
      );
    }
    this.#forget(file);
  }

  #forget(file: FollowedFile): void {
    file.close();
    this.#files.delete(file.identity);
  }

  /** Whether nothing was written to it for so long that nothing is expected. */
  #isQuiet({ changedAt }: FollowedFile): boolean {
    return this.#now - changedAt >= this.#options.following.closeInactiveMs;
  }

  #dueOf(file: FollowedFile): 'read' | 'final' | 'settled' | undefined {
    const { completeAfterMs = Number.POSITIVE_INFINITY } = this.#options;
    const quietMs = this.#now - file.changedAt;
    const isQuiet = this.#isQuiet(file);
    if (file.compression !== undefined) return !file.complete && (isQuiet || this.#isOld(file.modifiedMs)) ? 'read' : undefined;
    const { gone, matches, rotated, offset, readTo, size = Number.POSITIVE_INFINITY } = file;
    const isLeaving = gone || !matches;
    if (isQuiet && (isLeaving || (rotated && offset < size))) return 'final';
    if (quietMs >= completeAfterMs && offset < readTo && readTo >= size && file.settledTo < readTo) return 'settled';
    if (gone || readTo < size) return 'read';
    if (isQuiet) file.close();
    return undefined;
  }
}

/** Whether a file has the name of another, and more: `app.log.1`, `app.log-20240531.gz`. */
function isNamedBehind({ path }: FoundFile, file: FollowedFile): boolean {
  return path.length > file.path.length && path.startsWith(file.path);
}
