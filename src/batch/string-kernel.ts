/**
 * The WebAssembly module of `assembly/kernels.ts`, and memory for an instance of it: laid out once, at its largest size, since memory that
 * grows would move away from everything that points into it. What is not used is never touched, so it costs addresses only. One thread
 * uses an instance.
 */

import { assert } from '../base/assert.ts';
import { stringKernel } from './generated/string-kernel.ts';

/** Takes lines apart; the number of rows that there are then. */
export type TakeLines = (
  bytes: number,
  from: number,
  to: number,
  row: number,
  rowsMax: number,
  steps: number,
  stepsEnd: number,
  classes: number,
  ends: number,
) => number;

/** What the module can do; see `assembly/strings.ts` and `assembly/lines.ts`. Addresses and lengths are bytes. */
export interface StringKernel {
  take(state: number, bytes: number, from: number, to: number, validity: number): number;
  mark(bytes: number, length: number, bits: number, low: number, high: number): void;
  markGaps(bits: number, offsets: number, rows: number, base: number, gap: number): void;
  words(bits: number, from: number, to: number, pieces: number, piecesMax: number): number;
  wordsEnd(): number;
  lines: TakeLines;
  separate: TakeLines;
  nulls(bytes: number, offsets: number, row: number, rows: number, validity: number, byte: number): number;
  numbers(bytes: number, offsets: number, rows: number, values: number, powers: number): number;
}

/** As much of it as is used here: the types of Node's version have none. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Memory: new (options: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** What makes instances; null where WebAssembly, or what it has for vectors, is not there. */
interface Compiled {
  readonly api: WebAssemblyApi;
  readonly module: object;
}

const pageBytes = 1 << 16;
/** Everything begins at a line of the cache. */
const alignment = 64;

let compiled: Compiled | null | undefined;

function compiledKernel(): Compiled | null {
  if (compiled === undefined) {
    const bytes = Buffer.from(stringKernel, 'base64');
    const api = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
    compiled = api?.validate(bytes) === true ? { api, module: new api.Module(bytes) } : null;
  }
  return compiled;
}

/** Memory with a kernel; undefined where there can be none, or no more: then loops in JavaScript do the same. @param size as of `KernelMemory` */
export function createKernelMemory(size: number): KernelMemory | undefined {
  if (compiledKernel() === null) return undefined;
  try {
    return new KernelMemory(size);
  } catch (error) {
    // Each takes more addresses than it has bytes, of which a process has some thousand times as many.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export class KernelMemory {
  readonly kernel: StringKernel;
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  /** Address 0 stands for nothing. */
  #end = alignment;

  /** @param size bytes of all that will be allocated, and `alignment` for each piece */
  constructor(size: number) {
    const found = compiledKernel();
    assert(found !== null, 'kernels are asked for where there are some');
    const { api, module } = found;
    const pages = Math.ceil((size + alignment) / pageBytes);
    const memory = new api.Memory({ initial: pages, maximum: pages });
    this.kernel = new api.Instance(module, { env: { memory } }).exports as StringKernel;
    this.bytes = Buffer.from(memory.buffer);
    this.ints = new Int32Array(memory.buffer);
  }

  /** Takes memory, all of it 0, and returns its address. */
  allocate(length: number): number {
    const address = this.#end;
    this.#end = Math.ceil((address + length) / alignment) * alignment;
    assert(this.#end <= this.bytes.length, 'memory is made for all that goes into it');
    return address;
  }

  /** The same, as bytes. */
  allocateBytes(length: number): Buffer {
    const address = this.allocate(length);
    return this.bytes.subarray(address, address + length);
  }

  /** The same, as numbers. */
  allocateInts(length: number): Int32Array {
    const address = this.allocate(length * Int32Array.BYTES_PER_ELEMENT);
    return this.ints.subarray(address / Int32Array.BYTES_PER_ELEMENT, address / Int32Array.BYTES_PER_ELEMENT + length);
  }

  /** The same, as fractions. */
  allocateFloats(length: number): Float64Array {
    return new Float64Array(this.bytes.buffer, this.allocate(length * Float64Array.BYTES_PER_ELEMENT), length);
  }

  /** Where some bytes lie in this memory; −1 where they are elsewhere. */
  addressOf(bytes: Uint8Array): number {
    return bytes.buffer === this.bytes.buffer ? bytes.byteOffset : -1;
  }
}
