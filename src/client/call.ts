/** Who waits for results: one `execute`, or one `executeBatch` with all its commands. Each slot is settled once. */
import type { PsmrError } from '../errors.js';

export interface Call {
  succeed(slot: number, value: unknown): void;
  fail(slot: number, error: PsmrError): void;
}

export class SingleCall implements Call {
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: PsmrError) => void;

  constructor(resolve: (value: unknown) => void, reject: (error: PsmrError) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  succeed(_slot: number, value: unknown): void {
    this.#resolve(value);
  }

  fail(_slot: number, error: PsmrError): void {
    this.#reject(error);
  }
}

export type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: PsmrError };

export class BatchCall implements Call {
  readonly #outcomes: Outcome[];
  readonly #resolve: (outcomes: Outcome[]) => void;
  #open: number;

  constructor(size: number, resolve: (outcomes: Outcome[]) => void) {
    this.#outcomes = new Array<Outcome>(size);
    this.#resolve = resolve;
    this.#open = size;
    if (size === 0) resolve(this.#outcomes);
  }

  succeed(slot: number, value: unknown): void {
    this.#outcomes[slot] = { ok: true, value };
    this.#settled();
  }

  fail(slot: number, error: PsmrError): void {
    this.#outcomes[slot] = { ok: false, error };
    this.#settled();
  }

  #settled(): void {
    if (--this.#open === 0) this.#resolve(this.#outcomes);
  }
}
