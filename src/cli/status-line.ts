/**
 * One line at the bottom of a terminal that is redrawn in place. Whatever else this process writes to the terminal appears above
 * it: the line is erased before and drawn again behind. Nothing is written where a line of somebody else is not complete.
 */

/** The part of a stream of the process that this needs. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(chunk: string | Uint8Array, ...rest: never[]): boolean;
}

const eraseLine = '\r\x1b[K';

export class StatusLine {
  readonly #terminal: Stream;
  readonly #write: (text: string) => void;
  readonly #restore: (() => void)[] = [];
  #text = '';
  /** Whether the text stands on the terminal now. */
  #drawn = false;
  /** Whether the cursor stands where a line begins. */
  #atLineStart = true;

  /** @param others streams that may lead to the same terminal */
  constructor(terminal: Stream, others: readonly Stream[]) {
    this.#terminal = terminal;
    const write = terminal.write;
    this.#write = (text) => write.call(terminal, text);
    for (const stream of [terminal, ...others]) if (stream.isTTY) this.#stepAsideFor(stream);
  }

  show(text: string): void {
    this.#erase();
    this.#text = clip(text, this.#columns - 1);
    this.#draw();
  }

  /** Erases the line and leaves the streams as they were. */
  close(): void {
    this.#erase();
    for (const restore of this.#restore.splice(0)) restore();
  }

  /** A terminal that does not know its width says 0. */
  get #columns(): number {
    return this.#terminal.columns || 80;
  }

  #stepAsideFor(stream: Stream): void {
    const { write } = stream;
    stream.write = (chunk, ...rest) => {
      this.#erase();
      const room = write.call(stream, chunk, ...rest);
      if (chunk.length > 0) this.#atLineStart = endsLine(chunk);
      this.#draw();
      return room;
    };
    this.#restore.push(() => {
      stream.write = write;
    });
  }

  #erase(): void {
    if (this.#drawn) this.#write(eraseLine);
    this.#drawn = false;
  }

  #draw(): void {
    if (!this.#atLineStart || this.#text === '') return;
    this.#write(this.#text);
    this.#drawn = true;
  }
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === 'string' ? chunk.endsWith('\n') : chunk.at(-1) === 0x0a;
}

function clip(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
