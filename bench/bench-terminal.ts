export interface BenchTerminal {
  /** A line for people who wait. */
  progress(line: string): void;
  /** The result. */
  result(text: string): void;
  /** Resolves when the user wants it to end; what is open is closed then. Asked for once. */
  interruption(): Promise<NodeJS.Signals>;
  /** After an interruption, once everything is closed. Default: lets the signal take effect. */
  end?(signal: NodeJS.Signals): void;
}

/** A signal that is kept back until everything is closed. */
export class Interruption {
  readonly arrived: Promise<never>;
  readonly #terminal: BenchTerminal;
  #signal: NodeJS.Signals | null = null;

  constructor(terminal: BenchTerminal) {
    this.#terminal = terminal;
    this.arrived = terminal.interruption().then((signal) => {
      this.#signal = signal;
      throw new Error(`ended by ${signal}`);
    });
    // It may come when nobody waits for it any more.
    this.arrived.catch(() => undefined);
  }

  takeEffect(): void {
    if (this.#signal === null) return;
    if (this.#terminal.end === undefined) process.emit(this.#signal);
    else this.#terminal.end(this.#signal);
  }
}
