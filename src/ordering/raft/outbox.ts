import type { AppendRequest, Effects, HardState, RaftMessage, ReplicaId } from './raft-types.js';

/** Any message may be lost, so more than these are dropped while the disk makes them wait. */
const HELD_MAX = 1024;

const NOTHING: Effects = {
  hardState: null,
  truncateAbove: null,
  append: null,
  messages: [],
  reads: [],
  checkpointNeeded: null,
};

/**
 * Gathers what the driver is to do. Messages wait here while a hard state is not durable: every one of them says
 * something about the term that it carries.
 */
export class Outbox {
  #hardState: HardState | null = null;
  /** Hard states are counted: the newest made, given out, durable. */
  #made = 0;
  #givenOut = 0;
  #durable = 0;
  #append: { request: AppendRequest; from: number } | null = null;
  #truncateAbove: number | null = null;
  #checkpointNeeded: { from: ReplicaId; firstIndex: number } | null = null;
  #messages: RaftMessage[] = [];
  #held: RaftMessage[] = [];
  #reads: { id: number; index: number }[] = [];

  get hardStateDurable(): boolean {
    return this.#durable === this.#made;
  }

  /** Entries wait to be stored: the log is not yet what the core takes it for. */
  get logPending(): boolean {
    return this.#append !== null;
  }

  writeHardState(hardState: HardState): void {
    this.#hardState = hardState;
    this.#made++;
  }

  hardStateWritten(): void {
    this.#durable = this.#givenOut;
    if (!this.hardStateDurable || this.#held.length === 0) return;
    for (const message of this.#held) this.#messages.push(message);
    this.#held = [];
  }

  send(message: RaftMessage): void {
    if (this.hardStateDurable) this.#messages.push(message);
    else if (this.#held.length < HELD_MAX) this.#held.push(message);
  }

  store(request: AppendRequest, from: number, truncateAbove: number | null): void {
    this.#append = { request, from };
    this.#truncateAbove = truncateAbove;
  }

  needCheckpoint(from: ReplicaId, firstIndex: number): void {
    this.#checkpointNeeded = { from, firstIndex };
  }

  answerRead(id: number, index: number): void {
    this.#reads.push({ id, index });
  }

  take(): Effects {
    const idle =
      this.#hardState === null &&
      this.#append === null &&
      this.#checkpointNeeded === null &&
      this.#messages.length === 0 &&
      this.#reads.length === 0;
    if (idle) return NOTHING;
    const effects = {
      hardState: this.#hardState,
      truncateAbove: this.#truncateAbove,
      append: this.#append,
      messages: this.#messages,
      reads: this.#reads,
      checkpointNeeded: this.#checkpointNeeded,
    };
    this.#givenOut = this.#made;
    this.#hardState = null;
    this.#append = null;
    this.#truncateAbove = null;
    this.#checkpointNeeded = null;
    if (this.#messages.length > 0) this.#messages = [];
    if (this.#reads.length > 0) this.#reads = [];
    return effects;
  }
}
