/** What the program shows: events that stay, and below them, redrawn in place, how things are. */
export class Screen {
  readonly #startedAt = performance.now();
  readonly #live = process.stdout.isTTY;
  #drawn = 0;

  event(text: string): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    this.#write(`${seconds.toFixed(1).padStart(5)} s  ${text}\n`);
    this.#drawn = 0;
  }

  /** Where stdout is no terminal: in one line. */
  show(facts: readonly (readonly [name: string, value: string])[]): void {
    if (!this.#live) return this.event(facts.map(([name, value]) => `${name} ${value}`).join(', '));
    const width = Math.max(...facts.map(([name]) => name.length));
    this.#write(`\n${facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('')}`);
    this.#drawn = facts.length + 1;
  }

  #write(text: string): void {
    const back = this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\x1b[J`;
    process.stdout.write(back + text);
  }
}
