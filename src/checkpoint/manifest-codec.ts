/**
 * Manifests as bytes: a line with the format's version, the length of what follows and its CRC-32, and then JSON. A manifest can be
 * read by people; what is changed by hand is found out.
 *
 *     millrace-manifest 1 5120 9a0b1c2d
 *     { "id": 7, … }
 *
 * Bytes of inline handles are base64; splits are values of any kind, encoded by the value codec, in base64.
 */

import { crc32 } from 'node:zlib';
import { MillraceError, thrownText } from '../base/errors.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { decodeValue, encodeValue, valueCodecVersion } from '../batch/value-codec.ts';
import type { OperatorState, StateHandle } from '../wire/state-handles.ts';
import type { CheckpointManifest, InFlightRows, OperatorManifest, OperatorSubtaskState } from './manifest.ts';

/** Goes up when the layout changes: an older version then is either read, or refused by its number. */
const manifestVersion = 1;

const header = /^millrace-manifest (\d+) (\d+) ([0-9a-f]{8})\n/;
/** Bytes in which a header ends, if it is one. */
const headerBytesMax = 64;

/** A handle as JSON. */
type HandleText = Exclude<StateHandle, { kind: 'inline' }> | { readonly kind: 'inline'; readonly bytes: string; readonly checksum: number };

interface ManifestText extends Omit<CheckpointManifest, 'operators'> {
  /** Of encoded splits. */
  readonly valueCodec: number;
  readonly operators: readonly OperatorText[];
}

interface OperatorText extends Omit<OperatorManifest, 'subtasks' | 'splits'> {
  readonly subtasks: readonly SubtaskStateOf<HandleText>[];
  readonly splits?: readonly string[];
}

/** The state of a subtask with another form of handles. */
interface SubtaskStateOf<H> {
  readonly keyed: RecordOf<readonly WithHandles<Segment, H>[]>;
  readonly parts: RecordOf<Omit<Part, 'items'> & { readonly items: H }>;
  readonly inFlight?: readonly (Omit<InFlightRows, 'rows'> & { readonly rows: H })[];
}

type RecordOf<V> = Readonly<Record<string, V>>;
type Segment = OperatorState['keyed'][string][number];
type Part = OperatorState['parts'][string];
type WithHandles<S, H> = Omit<S, 'bytes' | 'stale'> & { readonly bytes: H; readonly stale: readonly H[] };

export function encodeManifest(manifest: CheckpointManifest): Uint8Array {
  const text: ManifestText = {
    ...manifest,
    valueCodec: valueCodecVersion,
    operators: manifest.operators.map(({ subtasks, splits, ...facts }) => ({
      ...facts,
      ...(splits === undefined ? {} : { splits: splits.map(splitText) }),
      subtasks: subtasks.map((state) => mapHandles(state, handleText)),
    })),
  };
  const body = Buffer.from(`${JSON.stringify(text, null, 1)}\n`);
  const checksum = crc32(body).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`millrace-manifest ${manifestVersion} ${body.length} ${checksum}\n`), body]);
}

/** @param file for messages @throws MillraceError CHECKPOINT_CORRUPT when the bytes are not those of a manifest */
export function decodeManifest(bytes: Uint8Array, file: string): CheckpointManifest {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const match = header.exec(buffer.subarray(0, headerBytesMax).toString('latin1'));
  if (match === null) throw corrupt(file, 'it does not begin with the first line of a manifest');
  const [line, version = '', length = '', checksum = ''] = match;
  const body = buffer.subarray(line.length);
  // Before anything else: another version may count its bytes in another way.
  if (Number(version) !== manifestVersion) {
    throw corrupt(
      file,
      `its format is ${version}, this version of Millrace reads format ${manifestVersion}; run the version that wrote it`,
    );
  }
  if (body.length !== Number(length)) throw corrupt(file, `it should have ${length} bytes behind its first line, but has ${body.length}`);
  const found = crc32(body).toString(16).padStart(8, '0');
  if (found !== checksum) throw corrupt(file, `its checksum is ${found}, not ${checksum}: bytes of it have changed`);
  try {
    return manifestFrom(JSON.parse(body.toString()) as ManifestText);
  } catch (error) {
    throw corrupt(file, thrownText(error), error);
  }
}

function corrupt(file: string, problem: string, cause?: unknown): MillraceError {
  return new MillraceError('CHECKPOINT_CORRUPT', `manifest '${file}' cannot be read: ${problem}`, { cause });
}

function manifestFrom({ valueCodec, operators, ...facts }: ManifestText): CheckpointManifest {
  if (valueCodec !== valueCodecVersion) throw new RangeError(`its values are encoded by version ${valueCodec}, not ${valueCodecVersion}`);
  return {
    ...facts,
    operators: operators.map(({ subtasks, splits, ...rest }) => ({
      ...rest,
      ...(splits === undefined ? {} : { splits: splits.map(splitFrom) }),
      subtasks: subtasks.map((state): OperatorSubtaskState => mapHandles(state, handleFrom)),
    })),
  };
}

function mapHandles<A, B>({ keyed, parts, inFlight }: SubtaskStateOf<A>, map: (handle: A) => B): SubtaskStateOf<B> {
  return {
    keyed: mapValues(keyed, (segments) => segments.map((each) => ({ ...each, bytes: map(each.bytes), stale: each.stale.map(map) }))),
    parts: mapValues(parts, (part) => ({ ...part, items: map(part.items) })),
    ...(inFlight === undefined ? {} : { inFlight: inFlight.map((rows) => ({ ...rows, rows: map(rows.rows) })) }),
  };
}

/** By entries, so that a state may have any name, `__proto__` too. */
function mapValues<A, B>(record: RecordOf<A>, map: (value: A) => B): RecordOf<B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

function handleText(handle: StateHandle): HandleText {
  return handle.kind === 'file' ? handle : { ...handle, bytes: base64(handle.bytes) };
}

function handleFrom(text: HandleText): StateHandle {
  return text.kind === 'file' ? text : { ...text, bytes: new Uint8Array(Buffer.from(text.bytes, 'base64')) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function splitText(split: unknown): string {
  const sink = new ByteSink();
  encodeValue(sink, split);
  return base64(sink.bytes.subarray(0, sink.length));
}

function splitFrom(text: string): unknown {
  const source = new ByteSource();
  const bytes = Buffer.from(text, 'base64');
  source.reset(bytes, 0, bytes.length);
  return decodeValue(source);
}
