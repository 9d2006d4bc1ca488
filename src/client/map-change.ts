/**
 * What to do with commands that a server refused because its partition map is another one: learn that map, then
 * classify them anew.
 */
import { messageOf, PsmrError } from '../errors.js';
import type { ClientClock } from './client-clock.js';
import { unreachable } from './client-errors.js';
import type { Rerouted } from './channel-host.js';

/** Between two questions where a server refuses an epoch and yet names it as its own. */
const ASK_AGAIN_MS = 50;
const ASK_TIMES_MAX = 20;

export interface MapChangeHost {
  readonly clock: ClientClock;
  epoch(): number;
  /** Asks a server for its map and puts it in force. */
  learn(): Promise<void>;
  submitAgain(commands: readonly Rerouted[]): void;
  fail(commands: readonly Rerouted[], error: PsmrError): void;
}

export class MapChange {
  readonly #host: MapChangeHost;
  #waiting: Rerouted[] = [];
  #learning = false;
  #asked = 0;
  #cancelRetry: (() => void) | null = null;

  constructor(host: MapChangeHost) {
    this.#host = host;
  }

  reroute(commands: readonly Rerouted[], epoch: number): void {
    if (epoch !== this.#host.epoch()) return this.#host.submitAgain(commands);
    this.#waiting.push(...commands);
    if (this.#learning) return;
    this.#asked = 0;
    this.#learn(epoch);
  }

  /** Fails what still waits. */
  end(error: PsmrError): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#host.fail(this.#take(), error);
  }

  #learn(oldEpoch: number): void {
    this.#learning = true;
    this.#host.learn().then(
      () => this.#learned(oldEpoch),
      (thrown: unknown) => {
        this.#learning = false;
        this.end(thrown instanceof PsmrError ? thrown : unreachable(messageOf(thrown)));
      },
    );
  }

  #learned(oldEpoch: number): void {
    if (this.#host.epoch() !== oldEpoch) {
      this.#learning = false;
      return this.#host.submitAgain(this.#take());
    }
    if (++this.#asked >= ASK_TIMES_MAX || this.#waiting.length === 0) {
      this.#learning = false;
      return this.#host.fail(this.#take(), stillRefused(oldEpoch));
    }
    this.#cancelRetry = this.#host.clock.after(ASK_AGAIN_MS, () => this.#learn(oldEpoch));
  }

  #take(): Rerouted[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

function stillRefused(epoch: number): PsmrError {
  return new PsmrError(
    'WRONG_EPOCH',
    `The command was not executed: the server refuses partition map ${epoch} and names it as its own. Check that all replicas have the same configuration.`,
  );
}
