/**
 * What each group of a cluster has committed, as far as any replica has said, and the Raft properties, which are checked
 * all along: each in a file of its own in properties/.
 */
import type { Entry } from '../../src/ordering/group-log.js';
import type { RaftGroupLog } from '../../src/ordering/raft/raft-group-log.js';
import type { LogStore } from '../../src/storage/log-store.js';
import { checkCommitOfOwnTerm } from './properties/commit-of-own-term.js';
import type { Committed } from './properties/committed.js';
import { checkAnswer } from './properties/durable-answers.js';
import { ElectionSafety } from './properties/election-safety.js';
import { LeaderAppendOnly } from './properties/leader-append-only.js';
import { LeaderCompleteness } from './properties/leader-completeness.js';
import { LogMatching } from './properties/log-matching.js';
import { StateMachineSafety } from './properties/state-machine-safety.js';
import { watchStore } from './watched-store.js';

export class CommittedOrder {
  readonly #committed: Committed[] = [];
  readonly #electionSafety = new ElectionSafety();
  readonly #leaderCompleteness = new LeaderCompleteness(this.#committed);
  readonly #leaderAppendOnly = new LeaderAppendOnly(this.#committed);
  readonly #logMatching = new LogMatching();
  readonly #stateMachineSafety = new StateMachineSafety(this.#committed);
  readonly #group: number;
  readonly #failed: (error: Error) => void;

  /** `failed`: told of every property that does not hold. */
  constructor(group: number, failed: (error: Error) => void) {
    this.#group = group;
    this.#failed = failed;
  }

  get length(): number {
    return this.#committed.length;
  }

  get entries(): readonly Entry[] {
    return this.#stateMachineSafety.entries;
  }

  get elections(): number {
    return this.#electionSafety.elections;
  }

  /** A replica knows of commits beyond `from`. */
  committed(replica: number, log: RaftGroupLog, from: number): void {
    this.#check(() => {
      for (let index = from + 1; index <= log.committedIndex; index++)
        this.#stateMachineSafety.committed(replica, index, log.positionOf(index).term);
      checkCommitOfOwnTerm(replica, log);
      if (!log.leadership.leading) return;
      this.#electionSafety.led(replica, log.leadership.term);
      this.#leaderCompleteness.led(replica, log);
    });
  }

  taken(replica: number, entry: Entry): void {
    this.#check(() => this.#stateMachineSafety.executed(replica, entry));
  }

  sent(bytes: Uint8Array, store: LogStore, log: RaftGroupLog): void {
    this.#check(() => checkAnswer(bytes, store, log));
  }

  /** The store of one replica's log. */
  watch(replica: number, store: LogStore, log: () => RaftGroupLog): LogStore {
    return watchStore(store, {
      stored: (index, term, bytes, previousTerm) =>
        this.#check(() => this.#logMatching.stored(replica, index, term, bytes, previousTerm)),
      dropped: (index, term) => this.#check(() => this.#leaderAppendOnly.dropped(replica, index, term, log().status)),
    });
  }

  #check(property: () => void): void {
    try {
      property();
    } catch (error) {
      this.#failed(new Error(`group ${this.#group}: ${(error as Error).message}`, { cause: error }));
    }
  }
}
