/** Counters, accounts and stamps that remember the id of every command that touched them, in order. */
import { threadId } from 'node:worker_threads';
import { defineService, everyKey } from 'psmr';

/** What a key holds: a number, and the ids of the commands that made it what it is. */
export interface Record {
  readonly amount: number;
  readonly ids: readonly string[];
}

const NOTHING: Record = { amount: 0, ids: [] };

function changed(record: Record, by: number, id: string): Record {
  return { amount: record.amount + by, ids: [...record.ids, id] };
}

/** About 5 ms of work. */
function burn(): number {
  let hash = 1;
  for (let nth = 0; nth < 5_000_000; nth++) hash = Math.imul(hash ^ nth, 0x0100_0193);
  return hash;
}

const ledger = defineService({
  name: 'ledger',
  commands: {
    add: {
      keys: (a: { key: string; by: number; id: string }) => [a.key],
      execute(state, a): number {
        const next = changed(state.get<Record>(a.key) ?? NOTHING, a.by, a.id);
        state.set(a.key, next);
        return next.amount;
      },
    },
    transfer: {
      keys: (a: { from: string; to: string; amount: number; id: string }) => [a.from, a.to],
      execute(state, a): void {
        state.set(a.from, changed(state.get<Record>(a.from) ?? NOTHING, -a.amount, a.id));
        state.set(a.to, changed(state.get<Record>(a.to) ?? NOTHING, a.amount, a.id));
      },
    },
    stamp: {
      keys: everyKey,
      partial(partition, a: { prefix: string; id: string }): number {
        const stamped = [...partition.entries<Record>()].filter(([key]) => key.startsWith(a.prefix));
        for (const [key, record] of stamped) partition.set(key, changed(record, 1, a.id));
        return stamped.length;
      },
      merge: (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0),
    },
    /** Adds one to each key, and remembers nothing. Takes longer on every second thread, where that is asked for. */
    count: {
      keys: (a: { keys: readonly string[]; slowOn?: 0 | 1 }) => a.keys,
      execute(state, a): void {
        if (threadId % 2 === a.slowOn) burn();
        for (const key of a.keys) state.set(key, { amount: (state.get<Record>(key)?.amount ?? 0) + 1, ids: [] });
      },
    },
    read: {
      keys: (a: { key: string }) => [a.key],
      readOnly: true,
      execute: (state, a): Record => state.get<Record>(a.key) ?? NOTHING,
    },
    readPair: {
      keys: (a: { one: string; other: string }) => [a.one, a.other],
      readOnly: true,
      execute: (state, a): readonly Record[] => [a.one, a.other].map((key) => state.get<Record>(key) ?? NOTHING),
    },
    dump: {
      keys: everyKey,
      readOnly: true,
      partial: (partition): readonly (readonly [string, Record])[] => [...partition.entries<Record>()],
      merge: (parts: readonly (readonly (readonly [string, Record])[])[]): readonly (readonly [string, Record])[] =>
        parts.flat(),
    },
  },
});

export default ledger;
