/** What must be true of a ledger after any number of kills. */
import { expect } from 'vitest';
import type { Record } from './services/ledger.js';

export type Dump = readonly (readonly [key: string, record: Record])[];

/** In how many records of a prefix each id stands, counted with repetition. */
function occurrences(dump: Dump, prefix: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [key, record] of dump) {
    if (!key.startsWith(prefix)) continue;
    for (const id of record.ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function expectEach(counts: Map<string, number>, kind: string, expected: number): void {
  const wrong = [...counts].filter(([id, count]) => id.startsWith(kind) && count !== expected);
  expect(wrong, `${kind} commands that are not there exactly ${expected} times`).toEqual([]);
}

function expectAcknowledged(counts: Map<string, number>, kind: string, acknowledged: readonly string[]): void {
  const lost = acknowledged.filter((id) => id.startsWith(kind) && !counts.has(id));
  expect(lost, 'commands that were acknowledged and are lost').toEqual([]);
}

/** A stamp meets all streams: every stamped key has the same ids in the same order. */
function expectSameStamps(dump: Dump): void {
  const stamps = dump.filter(([key]) => key.startsWith('stamp/'));
  const idsOf = (record: Record): readonly string[] => record.ids.filter((id) => id.startsWith('stamp'));
  for (const [, record] of stamps) expect(idsOf(record)).toEqual(idsOf(stamps[0]?.[1] ?? record));
}

/** Throws where a command is half there, twice there, or acknowledged and not there. */
export function checkLedger(dump: Dump, acknowledged: readonly string[]): void {
  const added = occurrences(dump, 'counter/');
  const transferred = occurrences(dump, 'account/');
  const stamped = occurrences(
    dump.filter(([key]) => key === 'stamp/0'),
    'stamp/',
  );
  expectEach(added, 'add', 1);
  expectEach(transferred, 'transfer', 2);
  expectEach(stamped, 'stamp', 1);
  expectSameStamps(dump);
  expectAcknowledged(added, 'add', acknowledged);
  expectAcknowledged(transferred, 'transfer', acknowledged);
  expectAcknowledged(stamped, 'stamp', acknowledged);
  const money = dump.filter(([key]) => key.startsWith('account/')).reduce((sum, [, record]) => sum + record.amount, 0);
  expect(money, 'money made or lost').toBe(0);
}
