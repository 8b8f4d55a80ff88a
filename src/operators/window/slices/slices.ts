/**
 * Where time is cut for windows of a fixed size: at every start and every end of a window. What lies between two cuts is a slice;
 * a record belongs to one slice, and a window is a run of slices. There is one slice for each slide where the slide divides the
 * size, and there are two where it does not ("pairs", Krishnamurthy, Wu and Franklin 2006). Slices and windows are numbered; the
 * window 0 starts at the offset. Immutable; any thread.
 *
 * @hotpath
 */

import { windowStart } from '../../../time/windows/window.ts';

export interface SlicedShape {
  readonly sizeMs: number;
  /** The size for windows that are one behind the other. */
  readonly slideMs: number;
  readonly offsetMs: number;
}

export class Slices {
  readonly shape: SlicedShape;
  readonly #sizeMs: number;
  readonly #slideMs: number;
  readonly #offsetMs: number;
  /** Of a slide, the part that comes before the end of a window; 0 where windows end with slides. */
  readonly #restMs: number;
  readonly #perSlide: 1 | 2;
  /** Whole slides in a window. */
  readonly #slides: number;

  constructor({ sizeMs, slideMs, offsetMs }: SlicedShape) {
    this.shape = { sizeMs, slideMs, offsetMs };
    this.#sizeMs = sizeMs;
    this.#slideMs = slideMs;
    this.#offsetMs = offsetMs;
    this.#restMs = sizeMs % slideMs;
    this.#perSlide = this.#restMs === 0 ? 1 : 2;
    this.#slides = Math.floor(sizeMs / slideMs);
  }

  /** Whether each window is one slice. */
  get areWindows(): boolean {
    return this.endSlice(0) - this.firstSlice(0) === 1;
  }

  /** The slice that a time belongs to. */
  at(time: number): number {
    const start = windowStart(time, this.#offsetMs, this.#slideMs);
    const slide = Math.round((start - this.#offsetMs) / this.#slideMs);
    if (this.#perSlide === 1) return slide;
    return slide * 2 + (time - start >= this.#restMs ? 1 : 0);
  }

  start(slice: number): number {
    if (this.#perSlide === 1) return this.#offsetMs + slice * this.#slideMs;
    const slide = Math.floor(slice / 2);
    return this.#offsetMs + slide * this.#slideMs + (slice - slide * 2) * this.#restMs;
  }

  end(slice: number): number {
    return this.start(slice + 1);
  }

  /** The earliest window that has the slice; behind `lastWindow` for slices between two windows. */
  firstWindow(slice: number): number {
    if (this.#perSlide === 1) return slice - this.#slides + 1;
    return Math.floor((slice - 1) / 2) - this.#slides + 1;
  }

  lastWindow(slice: number): number {
    return Math.floor(slice / this.#perSlide);
  }

  windowStart(window: number): number {
    return this.#offsetMs + window * this.#slideMs;
  }

  windowEnd(window: number): number {
    return this.windowStart(window) + this.#sizeMs;
  }

  firstSlice(window: number): number {
    return window * this.#perSlide;
  }

  /** The first slice behind a window. */
  endSlice(window: number): number {
    return (window + this.#slides) * this.#perSlide + (this.#perSlide - 1);
  }

  /** The first window that a watermark does not complete. */
  firstBehind(watermark: number): number {
    return Math.floor((watermark + 1 - this.#offsetMs - this.#sizeMs) / this.#slideMs) + 1;
  }
}
