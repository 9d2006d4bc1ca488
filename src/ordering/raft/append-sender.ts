import { termRuns } from './log-terms.js';
import type { Progress } from './progress.js';
import type { AppendRequest } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';
import type { Rounds } from './rounds.js';

const NO_ENTRIES: AppendRequest['terms'] = [];

/** Sends a leader's log to its followers, as much at a time as each one's window allows. */
export class AppendSender {
  readonly #state: ReplicaState;
  readonly #rounds: Rounds;

  constructor(state: ReplicaState, rounds: Rounds) {
    this.#state = state;
    this.#rounds = rounds;
  }

  /** Whatever can go now. True: it has to be told what was committed, and that may wait (above `promptIndex`). */
  advance(to: Progress, promptIndex: number): boolean {
    const { log, commitIndex } = this.#state;
    this.#comeUp(to);
    if (to.state === 'probing') {
      if (to.awaited || to.next > log.lastIndex) return false;
      this.#send(to, this.#batchEnd(to.next, this.#state.flow.appendBytesMax));
      to.awaited = true;
    } else if (to.state === 'streaming') {
      while (to.next <= log.lastIndex && this.#stream(to));
      // Nothing under way will tell what has been committed.
      if (to.toldCommit >= commitIndex || to.inflight.count > 0) return false;
      if (to.toldCommit >= promptIndex) return true;
      this.#send(to, to.next - 1);
    }
    return false;
  }

  /** The leader lives; and its log goes on where the follower's is thought to end. */
  heartbeat(to: Progress): void {
    const { id, term, log, outbox } = this.#state;
    this.#comeUp(to);
    if (to.state === 'needs-checkpoint') {
      to.next = log.firstIndex;
      outbox.send({ type: 'checkpoint-notice', from: id, to: to.id, term, firstIndex: log.firstIndex });
    }
    this.#send(to, to.next - 1);
  }

  /** The log was truncated below what the follower is to get: perhaps it has that by now. */
  #comeUp(to: Progress): void {
    const { firstIndex } = this.#state.log;
    if (to.next < firstIndex && to.state !== 'needs-checkpoint') to.probe(firstIndex);
  }

  /** False: the window is full. */
  #stream(to: Progress): boolean {
    const { log, flow } = this.#state;
    const { inflight } = to;
    if (inflight.full) return false;
    const room = Math.min(flow.appendBytesMax, flow.inflightBytesMax - inflight.bytes);
    if (inflight.count > 0 && log.bytesOf(to.next) > room) return false;
    const last = this.#batchEnd(to.next, room);
    this.#send(to, last);
    inflight.add(last, this.#batchBytes);
    to.next = last + 1;
    return true;
  }

  #batchBytes = 0;

  /** The last entry of a batch of at most so many bytes; a larger first entry goes alone. */
  #batchEnd(from: number, bytesMax: number): number {
    const { log } = this.#state;
    let bytes = log.bytesOf(from);
    let last = from;
    for (; last < log.lastIndex; last++) {
      const more = log.bytesOf(last + 1);
      if (bytes + more > bytesMax) break;
      bytes += more;
    }
    this.#batchBytes = bytes;
    return last;
  }

  #send(to: Progress, lastIndex: number): void {
    const { id, term, log, commitIndex, outbox } = this.#state;
    const previousIndex = to.next - 1;
    outbox.send({
      type: 'append-request',
      from: id,
      to: to.id,
      term,
      previousIndex,
      previousTerm: log.termOf(previousIndex),
      lastIndex,
      terms: lastIndex > previousIndex ? termRuns(log, to.next, lastIndex) : NO_ENTRIES,
      commitIndex,
      round: this.#rounds.current,
    });
    to.toldCommit = Math.min(commitIndex, lastIndex);
    to.sentAt = this.#state.now;
  }
}
