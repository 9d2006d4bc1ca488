import type { Membership } from '../../../src/ordering/group-log.js';
import { RaftCore } from '../../../src/ordering/raft/raft-core.js';
import type { Effects, HardState, RaftMessage } from '../../../src/ordering/raft/raft-types.js';
import { seededRandom } from '../../seeded-random.js';
import { SimulatedLog } from './simulated-log.js';

export const ELECTION_MS = 100;

/** One core by itself, replica 1, on a disk that takes no time; what others would say is made up by the test. */
export class SingleCore {
  readonly log: SimulatedLog;
  readonly core: RaftCore;
  nowMs = 0;

  constructor(
    options: {
      seed?: number;
      hardState?: HardState;
      membership?: Membership;
      leaseMs?: number;
      noticeMs?: number;
      terms?: number[];
    } = {},
  ) {
    this.log = logOf(options.terms ?? []);
    this.core = new RaftCore({
      id: 1,
      hardState: options.hardState ?? { term: this.log.termOf(this.log.lastIndex), votedFor: 0 },
      membership: options.membership ?? { voters: [1, 2, 3], learners: [] },
      log: this.log,
      commitIndex: 0,
      timing: {
        heartbeatMs: 20,
        electionMs: ELECTION_MS,
        leaseMs: options.leaseMs ?? 0,
        noticeMs: options.noticeMs ?? 0,
      },
      flow: { appendBytesMax: 1000, inflightBytesMax: 10_000, inflightAppendsMax: 8 },
      random: seededRandom(options.seed ?? 1),
      nowMs: 0,
    });
  }

  /** Gives the core a message; returns what it does about it. */
  receive(message: RaftMessage): readonly RaftMessage[] {
    this.core.receive(message, this.nowMs);
    return this.settle();
  }

  /** Carries out effects until there are none; returns the messages sent. */
  settle(): readonly RaftMessage[] {
    const sent: RaftMessage[] = [];
    for (let rounds = 0; rounds < 4; rounds++) {
      const effects = this.core.takeEffects();
      this.#store(effects);
      sent.push(...effects.messages);
      if (effects.hardState !== null) this.core.hardStateDurable(this.nowMs);
    }
    return sent;
  }

  append(awaited = false): void {
    this.log.append({ term: this.core.term, value: 0, membership: null, bytes: 1 });
    this.core.appended(this.nowMs, awaited);
    this.core.logDurable(this.log.beginSync()(), this.nowMs);
  }

  /** Waits until it stands, with the others' votes makes it leader, and appends its first entry. */
  lead(): void {
    this.nowMs += 2 * ELECTION_MS;
    this.core.tick(this.nowMs);
    this.settle();
    const vote = { type: 'vote-reply', from: 2, to: 1, term: this.core.term + 1, granted: true } as const;
    this.receive({ ...vote, pre: true });
    this.receive({ ...vote, pre: false });
    this.append();
    this.settle();
  }

  #store({ append, truncateAbove }: Effects): void {
    if (append === null) return;
    if (truncateAbove !== null) this.log.truncateAbove(truncateAbove);
    for (let index = append.from; index <= append.request.lastIndex; index++) {
      const run = append.request.terms.findLast(([start]) => start <= index);
      this.log.append({ term: run?.[1] ?? 0, value: 0, membership: null, bytes: 1 });
    }
    this.core.logDurable(this.log.beginSync()(), this.nowMs);
  }
}

/** A log whose entries, all on the disk, are of these terms. */
export function logOf(terms: readonly number[]): SimulatedLog {
  const log = new SimulatedLog();
  for (const term of terms) log.append({ term, value: 0, membership: null, bytes: 1 });
  log.beginSync()();
  return log;
}
