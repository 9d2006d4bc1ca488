import { describe, expect, it } from 'vitest';
import type { AppendReply, RaftMessage } from '../../../src/ordering/raft/raft-types.js';
import { seededRandom } from '../../seeded-random.js';
import { SingleCore } from './single-core.js';

const SEED = Number(process.env['FAST_CHECK_SEED'] ?? 1);

/** A message with fields of no sense at all, or nearly right ones. */
function anyMessage(random: () => number): RaftMessage {
  const odd = [-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER, 2 ** 60];
  const number = (): number => (random() < 0.03 ? (odd[Math.floor(random() * 5)] ?? 0) : Math.floor(random() * 9));
  const yes = (): boolean => random() < 0.5;
  const head = { from: number(), to: random() < 0.9 ? 1 : number(), term: number() };
  const runs = Array.from({ length: Math.floor(random() * 3) }, () => [number(), number()] as const);
  const messages: RaftMessage[] = [
    { ...head, type: 'vote-request', pre: yes(), lastIndex: number(), lastTerm: number(), transfer: yes() },
    { ...head, type: 'vote-reply', pre: yes(), granted: yes() },
    { ...head, type: 'append-reply', ok: yes(), index: number(), indexTerm: number(), round: number(), unfit: yes() },
    { ...head, type: 'checkpoint-notice', firstIndex: number() },
    { ...head, type: 'timeout-now', stay: random() < 0.5, needed: random() < 0.5 },
    { ...head, type: 'read-request', id: number() },
    { ...head, type: 'read-reply', id: number(), index: number() },
  ];
  const append = { previousIndex: number(), previousTerm: number(), lastIndex: number(), terms: runs };
  messages.push({ ...head, ...append, type: 'append-request', commitIndex: number(), round: number() });
  return (
    messages[Math.floor(random() * messages.length)] ?? { ...head, type: 'timeout-now', stay: false, needed: false }
  );
}

describe('messages that no replica without a fault sends', () => {
  it('never throw, and what is committed stays', () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < 300; run++) {
      const one = new SingleCore({ seed: run, terms: [1, 1, 2] });
      let committed: number[] = [];
      if (random() < 0.5) one.lead();
      for (let i = 0; i < 60; i++) {
        one.nowMs += random() * 30;
        if (random() < 0.3) one.core.tick(one.nowMs);
        one.receive(anyMessage(random));
        const now = one.log.entries.slice(0, one.core.commitIndex).map(({ term }) => term);
        expect(now.slice(0, committed.length)).toEqual(committed);
        committed = now;
      }
    }
  });

  it('raise no term when they come from one that is no member', () => {
    const one = new SingleCore();
    one.lead();
    const { term } = one.core;
    const head = { from: 7, to: 1, term: term + 5 };
    one.receive({ ...head, type: 'append-reply', ok: false, index: 0, indexTerm: 0, round: 0, unfit: false });
    one.receive({ ...head, type: 'read-request', id: 1 });
    one.receive({ ...head, type: 'vote-request', pre: false, lastIndex: 99, lastTerm: term, transfer: false });
    expect(one.core).toMatchObject({ role: 'leader', term });
  });
});

describe('messages of long ago', () => {
  it('of an older term do not count as acknowledgements', () => {
    const one = new SingleCore();
    one.lead();
    const head = { from: 2, to: 1, term: one.core.term - 1 };
    const reply: AppendReply = {
      ...head,
      type: 'append-reply',
      ok: true,
      index: 1,
      indexTerm: 0,
      round: 0,
      unfit: false,
    };
    one.receive(reply);
    expect(one.core.commitIndex).toBe(0);
    one.receive({ ...reply, term: one.core.term });
    expect(one.core.commitIndex).toBe(1);
  });

  it('answer no read of a later life', () => {
    const ask = (seed: number): { one: SingleCore; id: number } => {
      const one = new SingleCore({ seed });
      const leader = { from: 2, to: 1, term: 1, previousIndex: 0, previousTerm: 0, lastIndex: 0, terms: [] };
      one.receive({ ...leader, type: 'append-request', commitIndex: 0, round: 1 });
      one.core.read(1, one.nowMs);
      const asked = one.settle().find((message) => message.type === 'read-request');
      return { one, id: asked?.id ?? -1 };
    };
    const before = ask(1);
    const { one, id } = ask(2);
    const reply = { type: 'read-reply', from: 2, to: 1, term: 1, index: 0 } as const;
    one.core.receive({ ...reply, id: before.id }, 1);
    expect(one.core.takeEffects().reads).toEqual([]);
    one.core.receive({ ...reply, id }, 1);
    expect(one.core.takeEffects().reads).toEqual([{ id: 1, index: 0 }]);
  });
});
