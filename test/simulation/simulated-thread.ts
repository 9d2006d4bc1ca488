/**
 * One worker thread in virtual time, as `DutyCycle` runs it: it polls while there is work, spins a little, then parks
 * until its bell rings or something wakes it. What nobody wakes stays asleep, so a wake-up that is missing shows.
 */
import type { Doorbell } from '../../src/memory/doorbell.js';
import type { PollOutcome } from '../../src/replica/duty-cycle.js';

export interface SimulatedThreadOptions {
  readonly bell: Doorbell;
  readonly poll: () => PollOutcome;
  /** Runs `act` on this thread after so long, or later if it is paused; never if its process has died. */
  readonly after: (ms: number, act: () => void) => void;
  readonly random: () => number;
  /** How often it looks again before it parks. */
  readonly spins: number;
}

const TURN_MS = 0.2;

export class SimulatedThread {
  readonly #options: SimulatedThreadOptions;
  #scheduled = false;
  #spinsLeft = 0;

  constructor(options: SimulatedThreadOptions) {
    this.#options = options;
  }

  readonly wake = (): void => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.after(this.#options.random() * TURN_MS, () => {
      this.#scheduled = false;
      this.#turn();
    });
  };

  /** Looks whether its bell has rung. */
  listen(): void {
    if (!this.#scheduled && !this.#options.bell.silent) this.wake();
  }

  #turn(): void {
    const { bell, poll, spins } = this.#options;
    bell.cancel();
    const outcome = poll();
    if (outcome === 'progress') {
      this.#spinsLeft = spins;
      return this.wake();
    }
    if (outcome === 'spin' && this.#spinsLeft-- > 0) return this.wake();
    bell.prepare();
    if (poll() !== 'progress') return;
    bell.cancel();
    this.wake();
  }
}
