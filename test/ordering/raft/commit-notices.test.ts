/** When followers hear that an entry is committed, and that the leader lives. */
import { describe, expect, it } from 'vitest';
import type { AppendRequest, RaftMessage } from '../../../src/ordering/raft/raft-types.js';
import { SingleCore } from './single-core.js';

const NOTICE_MS = 5;

const requestsIn = (messages: readonly RaftMessage[]): AppendRequest[] =>
  messages.filter((message) => message.type === 'append-request');

function acknowledge(one: SingleCore, { to, lastIndex, round }: AppendRequest): AppendRequest[] {
  const head = { from: to, to: 1, term: one.core.term } as const;
  return requestsIn(
    one.receive({ ...head, type: 'append-reply', ok: true, index: lastIndex, indexTerm: 0, round, unfit: false }),
  );
}

/** A leader whose followers have everything and know it. */
function settledLeader(options: { noticeMs: number; leaseMs?: number }): SingleCore {
  const one = new SingleCore(options);
  one.lead();
  for (let i = 0; i < 3; i++) {
    one.nowMs += 20;
    one.core.tick(one.nowMs);
    for (const request of requestsIn(one.settle())) acknowledge(one, request);
  }
  return one;
}

/** An entry, acknowledged by both followers; returns what was sent after that. */
function commitOne(one: SingleCore, awaited = false): AppendRequest[] {
  one.append(awaited);
  const sent = requestsIn(one.settle()).flatMap((request) => acknowledge(one, request));
  expect(one.core.commitIndex).toBe(one.log.lastIndex);
  return sent;
}

describe('followers hear that an entry is committed', () => {
  it('with the next entry, if that comes soon', () => {
    const one = settledLeader({ noticeMs: NOTICE_MS });
    expect(commitOne(one)).toEqual([]);
    const committed = one.core.commitIndex;
    one.nowMs += NOTICE_MS - 1;
    one.append();
    const [first, second, ...more] = requestsIn(one.settle());
    expect([first, second]).toMatchObject([{ commitIndex: committed }, { commitIndex: committed }]);
    expect(more).toEqual([]);
  });

  it('by itself, if nothing else is sent for so long', () => {
    const one = settledLeader({ noticeMs: NOTICE_MS });
    expect(commitOne(one)).toEqual([]);
    expect(one.core.deadlineMs).toBe(one.nowMs + NOTICE_MS);
    one.nowMs += NOTICE_MS;
    one.core.tick(one.nowMs);
    const { commitIndex } = one.core;
    const told = requestsIn(one.settle());
    expect(told).toMatchObject([
      { to: 2, terms: [], commitIndex },
      { to: 3, terms: [], commitIndex },
    ]);
    expect(one.core.deadlineMs).toBeGreaterThan(one.nowMs + NOTICE_MS);
  });

  it('at once, if others wait for it', () => {
    const one = settledLeader({ noticeMs: NOTICE_MS });
    const told = commitOne(one, true);
    const { commitIndex } = one.core;
    expect(told).toMatchObject([
      { to: 2, terms: [], commitIndex },
      { to: 3, terms: [], commitIndex },
    ]);
    // What comes behind it may wait again.
    expect(commitOne(one)).toEqual([]);
  });

  it('at once, if one of them asks for an index to read at', () => {
    for (const leaseMs of [0, 90]) {
      const one = settledLeader({ noticeMs: NOTICE_MS, leaseMs });
      expect(commitOne(one)).toEqual([]);
      const sent = one.receive({ type: 'read-request', from: 3, to: 1, term: one.core.term, id: 7 });
      const { commitIndex } = one.core;
      expect(requestsIn(sent).filter(({ to }) => to === 3)).toMatchObject([{ terms: [], commitIndex }]);
    }
  });
});

describe('a heartbeat', () => {
  const HEARTBEAT_MS = 20;

  /** Followers that hear from the leader as a heartbeat is due, `sinceMs` after they were sent an entry. */
  function heardAfter(sinceMs: number): number[] {
    const one = settledLeader({ noticeMs: HEARTBEAT_MS });
    one.nowMs += HEARTBEAT_MS - sinceMs;
    commitOne(one);
    one.nowMs += sinceMs;
    one.core.tick(one.nowMs);
    return requestsIn(one.settle()).map(({ to }) => to);
  }

  it('goes to followers that were sent nothing for a while', () => {
    expect(heardAfter(HEARTBEAT_MS - 1)).toEqual([2, 3]);
    expect(heardAfter(6)).toEqual([2, 3]);
  });

  it('is not sent to one that was sent an entry just before; the next entry shows that it is heard', () => {
    expect(heardAfter(4)).toEqual([]);
    const one = settledLeader({ noticeMs: NOTICE_MS, leaseMs: 90 });
    for (let round = 0; round < 40; round++) {
      one.nowMs += 4;
      one.core.tick(one.nowMs);
      one.append();
      const requests = requestsIn(one.settle());
      expect(requests.filter(({ terms }) => terms.length === 0)).toEqual([]);
      for (const request of requests) acknowledge(one, request);
    }
    // The lease is as fresh as the last round.
    one.core.read(7, one.nowMs);
    expect(one.core.takeEffects().reads).toMatchObject([{ id: 7 }]);
  });
});
