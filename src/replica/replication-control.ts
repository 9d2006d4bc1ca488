/** What the main thread has a replicated group do, and what it hears of it. Control only: a few messages a second. */
import { Counter, type Counters } from '../memory/counters.js';
import { PsmrError } from '../errors.js';
import { handOver, ledByAnother } from './hand-over.js';
import type { RaftGroupLog } from '../ordering/raft/raft-group-log.js';
import type { ReplicationEvents } from './replicated-log.js';
import type { LeaderSight, StallWatch } from './stall-watch.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

const STATUS_EVERY_MS = 250;

type ReplicationCommand = Extract<ToWorker, { type: 'set-peers' | 'move-leader' | 'change-members' | 'hand-over' }>;

export class ReplicationControl {
  readonly #log: RaftGroupLog;
  readonly #sight: () => Omit<LeaderSight, 'leading'>;
  readonly #send: (message: FromWorker) => void;
  readonly #stalls: StallWatch;
  readonly #reachable = new Set<number>();
  /** Whose malformed messages were told of, since the link to it came up. */
  readonly #faulty = new Set<number>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    { log, events }: { readonly log: RaftGroupLog; readonly events: ReplicationEvents },
    parts: {
      readonly stalls: StallWatch;
      readonly sight: () => Omit<LeaderSight, 'leading'>;
      readonly counters: Counters;
    },
    send: (message: FromWorker) => void,
  ) {
    this.#log = log;
    this.#stalls = parts.stalls;
    this.#sight = parts.sight;
    this.#send = send;
    events.checkpointNeeded = (from) => send({ type: 'checkpoint-needed', from });
    events.problem = ({ code, message, details: { peer } }) =>
      send({ type: 'problem', code, message, ...(typeof peer === 'number' ? { peer } : {}) });
    events.malformed = (from, why) => {
      parts.counters.add(Counter.malformedPeerMessages, 1);
      if (this.#faulty.has(from)) return;
      this.#faulty.add(from);
      send({ type: 'problem', code: why.code, message: faultText(from, log.group, why) });
    };
    events.reachable = (replica, up) => {
      this.#faulty.delete(replica);
      if (up) this.#reachable.add(replica);
      else this.#reachable.delete(replica);
    };
    this.#timer = setInterval(() => {
      this.#look();
      this.#report();
    }, STATUS_EVERY_MS);
    this.#report();
  }

  receive(command: ReplicationCommand): void {
    try {
      this.#carryOut(command);
    } catch (error) {
      if (!(error instanceof PsmrError)) throw error;
      this.#send({ type: 'problem', code: error.code, message: error.message });
    }
    this.#report();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #carryOut(command: ReplicationCommand): void {
    switch (command.type) {
      case 'set-peers':
        return this.#log.setPeers(command.peers);
      case 'move-leader':
        return this.#log.transferLeadership(command.to, 'wanted');
      case 'change-members':
        this.#log.changeMembership(command.members);
        return;
      case 'hand-over':
        void handOver(this.#log).then(() => this.#send({ type: 'handed-over' }));
    }
  }

  #look(): void {
    const leading = this.#log.status.role === 'leader';
    if (!this.#stalls.look({ leading, ...this.#sight() }, performance.now())) return;
    void handOver(this.#log).then(() => this.#tellOfStall(ledByAnother(this.#log.status)));
  }

  #tellOfStall(isHandedOver: boolean): void {
    const message =
      `Group ${this.#log.group} ${isHandedOver ? 'is handed over' : 'should be led by another replica, and none has taken it yet'}: ` +
      'this replica is cut off from another group, or its disk does not answer there, so that commands which touch both ' +
      'wait here. Check its network interfaces and its disk.';
    this.#send({ type: 'problem', code: 'UNREACHABLE', message });
  }

  #report(): void {
    const { status, firstIndex } = this.#log;
    this.#send({ type: 'raft-status', status, firstIndex, reachable: [...this.#reachable] });
  }
}

function faultText(from: number, group: number, why: PsmrError): string {
  return (
    `Replica ${from} sends in group ${group} what no replica sends, and it is passed over: ${why.message} ` +
    'Check that all replicas run the same version; psmr_malformed_peer_messages_total counts what follows.'
  );
}
