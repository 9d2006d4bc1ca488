import type { Progress } from './progress.js';
import type { ReplicaId, TransferReason } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';

/** Handing the leadership to a follower: bring it up to date, then tell it to stand (thesis 3.10). */
export class Transfer {
  readonly #state: ReplicaState;
  /** 0: none under way. */
  to: ReplicaId = 0;
  deadline = Number.POSITIVE_INFINITY;
  /**
   * Somebody was told, in this term, to stand in spite of the promises that a lease counts on. The message may arrive at
   * any time, so this is never taken back.
   */
  told = false;
  #due = false;
  #stay = false;
  #needed = false;

  constructor(state: ReplicaState) {
    this.#state = state;
  }

  /** What is needed takes the place of another that is under way; false: this one does not. */
  begin(to: ReplicaId, why: TransferReason): boolean {
    const isNeeded = why === 'needed';
    if (this.to !== 0 && this.to !== to) {
      if (!isNeeded) return false;
      this.end();
    }
    // It may have been told already, and have refused what was not needed.
    const isNew = this.to === 0 || (isNeeded && !this.#needed);
    this.#stay ||= why === 'wanted';
    this.#needed ||= isNeeded;
    if (!isNew) return true;
    this.to = to;
    this.deadline = this.#state.now + this.#state.timing.electionMs;
    this.#due = true;
    return true;
  }

  tick(): void {
    if (this.#state.now >= this.deadline) this.end();
  }

  end(): void {
    this.to = 0;
    this.#stay = false;
    this.#needed = false;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#due = false;
  }

  /** The message may have been lost. */
  again(): void {
    this.#due = this.to !== 0;
  }

  flush(follower: Progress | undefined): void {
    if (!this.#due || follower?.match !== this.#state.log.lastIndex) return;
    this.#due = false;
    this.tell(follower);
  }

  tell({ id: to }: Progress): void {
    const { id: from, term, outbox } = this.#state;
    this.told = true;
    outbox.send({ type: 'timeout-now', from, to, term, stay: this.#stay, needed: this.#needed });
  }
}
