/** Text that is redrawn in place on a terminal, with lines that stay above it. */
export class LiveText {
  readonly #out: { write(text: string): unknown; readonly columns?: number };
  #lines = 0;

  constructor(out: { write(text: string): unknown; readonly columns?: number }) {
    this.#out = out;
  }

  draw(text: string): void {
    const lines = text.replace(/\n$/, '').split('\n');
    // A line that wraps would be two to go back over.
    const shown = lines.map((line) => line.slice(0, Math.max(20, (this.#out.columns ?? 120) - 1)));
    this.#out.write(`${this.#back()}${shown.join('\n')}\n`);
    this.#lines = shown.length;
  }

  /** Above what is drawn. */
  say(line: string): void {
    this.#out.write(`${this.#back()}${line}\n`);
    this.#lines = 0;
  }

  #back(): string {
    return this.#lines === 0 ? '' : `\x1b[${this.#lines}A\x1b[J`;
  }
}
