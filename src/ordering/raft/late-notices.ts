import type { RaftClock } from './raft-group-log-options.js';
import type { RaftMessage } from './raft-types.js';

/** What followers are told without being given entries leaves after the replies to what was committed: clients wait for those. */
export class LateNotices {
  readonly #clock: Pick<RaftClock, 'later'>;
  readonly #send: (notice: RaftMessage) => void;
  #waiting: RaftMessage[] = [];

  constructor(clock: Pick<RaftClock, 'later'>, send: (notice: RaftMessage) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(notice: RaftMessage): void {
    this.#waiting.push(notice);
    if (this.#waiting.length > 1) return;
    this.#clock.later(() => {
      const notices = this.#waiting;
      this.#waiting = [];
      for (const each of notices) this.#send(each);
    });
  }
}
