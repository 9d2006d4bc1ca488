/**
 * How a worker's thread spends its time: poll while there is work, spin a little when there is none, then park until a
 * bell rings, a socket has data or the disk is done. It returns to the event loop at least every slice, so that
 * sockets and files are served while commands run (invariant I6).
 */
import { nowUs } from '../clock.js';
import type { Doorbell } from '../memory/doorbell.js';

export type PollOutcome =
  /** Something was done: poll again. */
  | 'progress'
  /** Another thread is about to give work: looking again soon is cheaper than sleeping (25 to 35 us to wake). */
  | 'spin'
  /** Nothing will come but through a bell or the event loop. */
  | 'park';

/** Is told how a thread spends its time; times are `nowUs`'. */
export interface DutyWatch {
  /** The event loop has given the thread back. */
  turn(atUs: number): void;
  /** It has polled, and found something to do or not. Polls that find nothing while it spins are left out. */
  polled(fromUs: number, untilUs: number, worked: boolean): void;
  /** It gives the thread to the event loop until something happens. */
  parked(atUs: number): void;
}

export interface DutyCycleOptions {
  readonly bell: Doorbell;
  readonly poll: () => PollOutcome;
  readonly watch?: DutyWatch | null;
  /** How long to spin after the last progress, us. */
  readonly spinUs: number;
  /** Called once, with whatever `poll` threw. */
  readonly failed: (error: unknown) => void;
}

/** Longest time away from the event loop while there is work, us. */
const SLICE_US = 500;
/** Longest time away from the event loop while spinning, us. */
const SPIN_SLICE_US = 100;
/** What comes to a thread that has slept for longer, us, mostly comes alone. */
const ALONE_US = 200;

export class DutyCycle {
  readonly #options: DutyCycleOptions;
  #scheduled = false;
  #sleeping = false;
  /** When it gave the thread to the event loop, us; infinite: it has not. */
  #parkedAtUs = Infinity;
  #ended = false;
  #spinUntilUs = 0;
  busyUs = 0;

  constructor(options: DutyCycleOptions) {
    this.#options = options;
  }

  /**
   * There may be work: called by whatever the event loop brings. Under load the loop first brings all that is there; what
   * comes alone is not kept waiting for another turn of it.
   */
  readonly wake = (): void => {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    if (nowUs() - this.#parkedAtUs > ALONE_US) queueMicrotask(this.#turn);
    else setImmediate(this.#turn);
  };

  end(): void {
    this.#ended = true;
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#parkedAtUs = Infinity;
    if (this.#ended) return;
    try {
      this.#run();
    } catch (error) {
      this.#ended = true;
      this.#options.failed(error);
    }
  };

  #run(): void {
    const started = nowUs();
    this.#options.watch?.turn(started);
    for (;;) {
      const outcome = this.#work(started);
      if (outcome === 'progress') return this.wake();
      if (outcome === 'park') return this.#park();
      const found = this.#spin();
      if (found === 'nothing') return this.#park();
      if (found === 'later' || nowUs() - started > SLICE_US) return this.wake();
    }
  }

  /** Polls while there is work; 'progress': the slice is over and there is more. */
  #work(startedUs: number): PollOutcome {
    const { poll, watch } = this.#options;
    const began = nowUs();
    let last = began;
    for (let worked = false; ; worked = true) {
      const outcome = poll();
      const now = nowUs();
      watch?.polled(last, now, outcome === 'progress');
      last = now;
      if (outcome === 'progress' && now - startedUs <= SLICE_US) continue;
      if (outcome === 'progress' || worked) this.busyUs += now - began;
      if (worked) this.#spinUntilUs = now + this.#options.spinUs;
      return outcome;
    }
  }

  /** work: there is some; later: look at the event loop and come back; nothing: the time for spinning is over. */
  #spin(): 'work' | 'later' | 'nothing' {
    const started = nowUs();
    for (;;) {
      const now = nowUs();
      if (now > this.#spinUntilUs) return 'nothing';
      if (now - started > SPIN_SLICE_US) return 'later';
      if (this.#options.poll() === 'progress') {
        const found = nowUs();
        this.#options.watch?.polled(now, found, true);
        this.#spinUntilUs = found + this.#options.spinUs;
        return 'work';
      }
    }
  }

  #park(): void {
    const { bell, poll, watch } = this.#options;
    bell.prepare();
    const lookedUs = nowUs();
    // Whoever published before it could see the announcement did not ring: look once more.
    if (poll() === 'progress') {
      bell.cancel();
      watch?.polled(lookedUs, nowUs(), true);
      return this.wake();
    }
    watch?.parked(lookedUs);
    this.#parkedAtUs = lookedUs;
    if (this.#sleeping) return;
    const sleep = bell.sleep();
    if (sleep === null) return this.wake();
    this.#sleeping = true;
    void sleep.then(() => {
      this.#sleeping = false;
      this.wake();
    });
  }
}
