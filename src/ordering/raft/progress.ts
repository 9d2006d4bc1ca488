import { Inflight } from './inflight.js';
import { lastNotNewerThan } from './log-terms.js';
import type { AppendReply, FollowerProgress, LogView, ReplicaId } from './raft-types.js';

/**
 * What a leader knows of one follower. Probing: where the logs agree is a guess, and one append at a time finds out.
 * Streaming: appends follow one another without waiting, up to the window. Needs a checkpoint: the leader's log no
 * longer holds what the follower is to get next.
 */
export class Progress {
  readonly id: ReplicaId;
  readonly inflight: Inflight;
  state: FollowerProgress['state'] = 'probing';
  /** Durable at the follower. Never falls. */
  match = 0;
  /** The next entry to send. */
  next: number;
  /** While probing: the answer to the last probe is awaited; each heartbeat asks again. */
  awaited = false;
  /** The newest round of heartbeats answered. */
  round = 0;
  answeredAt: number;
  /** It had better not lead now. */
  unfit = false;
  /** The newest commit index sent. */
  toldCommit = 0;
  /** When something was sent to it last. */
  sentAt = Number.NEGATIVE_INFINITY;

  constructor(id: ReplicaId, next: number, appendsMax: number, now: number) {
    this.id = id;
    this.next = next;
    this.inflight = new Inflight(appendsMax);
    this.answeredAt = now;
  }

  probe(next: number): void {
    this.state = 'probing';
    this.next = next;
    this.awaited = false;
    this.inflight.clear();
  }

  accepted(index: number): void {
    this.match = Math.max(this.match, index);
    if (this.state === 'streaming') {
      this.next = Math.max(this.next, index + 1);
      this.inflight.arrived(index);
      return;
    }
    this.state = 'streaming';
    this.next = this.match + 1;
    this.inflight.clear();
  }

  /** An append met a log that differs: goes back to the newest index where the two can agree. */
  refused(reply: AppendReply, log: LogView): void {
    // Older answers say nothing new about a follower that has been further since.
    const oldest = log.firstIndex - 1;
    const high = Math.min(reply.index, log.lastIndex);
    const agreed = lastNotNewerThan(log, reply.indexTerm, oldest, high);
    if (agreed < oldest) {
      if (reply.round < this.round) return;
      this.state = 'needs-checkpoint';
      this.next = log.firstIndex;
      this.inflight.clear();
    } else if (agreed + 1 < this.next && (agreed >= this.match || reply.round >= this.round)) {
      this.probe(agreed + 1);
    }
  }
}
