import { describe, expect, it } from 'vitest';
import type { RaftMessage } from '../../../src/ordering/raft/raft-types.js';
import { ELECTION_MS, SingleCore } from './single-core.js';

const heartbeat = {
  ...{ type: 'append-request', from: 2, to: 1, term: 1, previousIndex: 0, previousTerm: 0 },
  ...{ lastIndex: 0, terms: [], commitIndex: 0, round: 1 },
} as const satisfies RaftMessage;

const voteRequest = {
  ...{ type: 'vote-request', from: 3, to: 1, term: 9, pre: false, lastIndex: 5, lastTerm: 1, transfer: false },
} as const satisfies RaftMessage;

function grants(one: SingleCore, request: RaftMessage): boolean {
  return one.receive(request).some((reply) => reply.type === 'vote-reply' && reply.granted);
}

describe('a lease counts on followers that give nobody else their vote meanwhile', () => {
  it('nor after a restart, when they may have promised and forgotten', () => {
    const one = new SingleCore({ leaseMs: 90 });
    one.nowMs = ELECTION_MS - 1;
    expect(grants(one, voteRequest)).toBe(false);
    expect(one.core.term).toBe(0);
    one.nowMs = ELECTION_MS + 1;
    expect(grants(one, voteRequest)).toBe(true);
  });

  it('nor when they have heard of a newer term since', () => {
    const one = new SingleCore({ leaseMs: 90 });
    one.nowMs = 500;
    one.receive(heartbeat);
    one.nowMs += 10;
    // Replica 3 was a candidate in term 5, and has somehow got through.
    one.receive({ type: 'read-request', from: 3, to: 1, term: 5, id: 1 });
    expect(one.core).toMatchObject({ term: 5, leader: 0 });
    expect(grants(one, voteRequest)).toBe(false);
    one.nowMs += ELECTION_MS;
    expect(grants(one, voteRequest)).toBe(true);
  });

  it('nor when the connection to the leader has ended: it may live', () => {
    for (const leaseMs of [90, 0]) {
      const one = new SingleCore({ leaseMs });
      one.nowMs = 500;
      one.receive(heartbeat);
      const due = one.core.deadlineMs;
      one.core.peerLost(heartbeat.from, one.nowMs);
      expect(one.core.deadlineMs === due).toBe(leaseMs > 0);
      expect(grants(one, voteRequest)).toBe(leaseMs === 0);
    }
  });

  it('unless the leader itself wants it: then it has given up its lease', () => {
    const one = new SingleCore({ leaseMs: 90 });
    one.nowMs = 500;
    one.receive(heartbeat);
    expect(grants(one, { ...voteRequest, transfer: true })).toBe(true);
  });

  it('and a leader that has told another to stand has none for the rest of its term', () => {
    const one = new SingleCore({ leaseMs: 90 });
    one.lead();
    const acknowledge = (): void => {
      const requests = one.settle().filter((message) => message.type === 'append-request');
      for (const { to, lastIndex, round } of requests) {
        const head = { from: to, to: 1, term: one.core.term } as const;
        one.receive({ ...head, type: 'append-reply', ok: true, index: lastIndex, indexTerm: 0, round, unfit: false });
      }
    };
    const heartbeats = (): void => {
      one.nowMs += 20;
      one.core.tick(one.nowMs);
      acknowledge();
    };
    for (let i = 0; i < 3; i++) heartbeats();
    const answeredAtOnce = (id: number): boolean => {
      one.core.read(id, one.nowMs);
      const { reads } = one.core.takeEffects();
      return reads.length > 0;
    };
    expect(answeredAtOnce(1)).toBe(true);
    expect(one.core.transferLeadership(2, 'wanted', one.nowMs)).toBe(true);
    expect(one.settle()).toMatchObject([{ type: 'timeout-now', to: 2 }]);
    for (let i = 0; i < 10; i++) heartbeats();
    expect(one.core).toMatchObject({ role: 'leader', transferringTo: 0 });
    expect(answeredAtOnce(2)).toBe(false);
  });
});
