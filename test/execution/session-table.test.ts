import { describe, expect, it } from 'vitest';
import { SessionTable } from '../../src/execution/session-table.js';
import { seededRandom } from '../seeded-random.js';

const LIMITS = { sessionIdleMs: 1000, sessionsMax: 100, keptRepliesBytesMax: 1000 };
const BEGAN_MS = 5000;

/** A session's key: made at BEGAN_MS, and unlike the others. */
function keyOf(session: number): string {
  const bytes = Buffer.alloc(16, session);
  bytes.writeUIntBE(BEGAN_MS, 0, 6);
  return bytes.toString('latin1');
}

/** A command of one session, executed, with a reply of so many bytes. */
function execute(table: SessionTable, session: number, sequence: number, bytes: number, acknowledged = 0): void {
  expect(table.admit(keyOf(session), sequence, 1, acknowledged, BEGAN_MS, sequence)).toBe('admitted');
  table.record(keyOf(session), sequence, 1, new Uint8Array(bytes).fill(sequence));
}

const again = (table: SessionTable, session: number, sequence: number): string =>
  table.admit(keyOf(session), sequence, 1, 0, BEGAN_MS, sequence);

function restored(table: SessionTable): SessionTable {
  const copy = new SessionTable(LIMITS);
  for (const chunk of table.encode()) copy.restore(chunk);
  return copy;
}

const bytesOf = (table: SessionTable): Buffer => Buffer.concat([...table.encode()]);

describe('the replies that a table of sessions keeps', () => {
  it('are bounded over all sessions: those of the session unused for longest go first', () => {
    const table = new SessionTable(LIMITS);
    execute(table, 1, 1, 400);
    execute(table, 2, 1, 400);
    again(table, 1, 1); // used, so that session 2 is the older one
    execute(table, 3, 1, 400);
    expect(table.replyBytes).toBe(800);
    expect(again(table, 2, 1)).toBe('forgotten');
    expect(again(table, 1, 1)).toBe('duplicate');
    expect(again(table, 3, 1)).toBe('duplicate');
  });

  it('are not executed again when they are gone, and the session goes on', () => {
    const table = new SessionTable(LIMITS);
    execute(table, 1, 1, 800);
    execute(table, 2, 1, 800);
    expect(again(table, 1, 1)).toBe('forgotten');
    execute(table, 1, 2, 10);
  });

  it('have the newest one among them, whatever its size', () => {
    const table = new SessionTable(LIMITS);
    execute(table, 1, 1, 10);
    execute(table, 2, 1, 5000);
    expect(table.replies(keyOf(2), 1, 1)).toHaveLength(1);
    expect(again(table, 1, 1)).toBe('forgotten');
  });

  it('free their room when they are acknowledged, and when their session is forgotten', () => {
    const table = new SessionTable(LIMITS);
    execute(table, 1, 1, 400);
    execute(table, 1, 2, 50, 1);
    expect(table.replyBytes).toBe(50);
    expect(table.admit(keyOf(9), 2, 1, 0, BEGAN_MS + 5000, 2)).toBe('expired');
    expect(table.size).toBe(0);
    expect(table.replyBytes).toBe(0);
  });

  it('are the same after a checkpoint, and stay the same', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const table = new SessionTable(LIMITS);
      const next = new Map<number, number>();
      let copy: SessionTable | null = null;
      for (let step = 0; step < 300; step++) {
        const session = 1 + Math.floor(random() * 9);
        const sequence = next.get(session) ?? 1;
        const bytes = Math.floor(random() * 300);
        const acknowledged = random() < 0.2 ? sequence - 1 : 0;
        for (const each of copy === null ? [table] : [table, copy])
          execute(each, session, sequence, bytes, acknowledged);
        next.set(session, sequence + 1);
        if (step === 150) copy = restored(table);
        if (copy !== null) expect(bytesOf(copy).equals(bytesOf(table)), `seed ${seed}`).toBe(true);
        expect(table.replyBytes, `seed ${seed}`).toBeLessThanOrEqual(LIMITS.keptRepliesBytesMax);
      }
    }
  });
});

describe('commands whose numbers others had before', () => {
  /** Frames 1 to 3, 4 and 5 to 6 of a session, with the digests 10, 20 and 30. */
  function filled(): SessionTable {
    const table = new SessionTable(LIMITS);
    for (const [first, count, digest] of [
      [1, 3, 10],
      [4, 1, 20],
      [5, 2, 30],
    ] as const) {
      expect(table.admit(keyOf(1), first, count, 0, BEGAN_MS, digest)).toBe('admitted');
      table.record(keyOf(1), first, count, new Uint8Array(10));
    }
    return table;
  }

  it.each([
    ['other commands', 4, 1, 21],
    ['the same ones, cut otherwise', 1, 2, 10],
    ['a part of a frame', 2, 1, 10],
    ['what goes over the end of a frame', 4, 2, 20],
    ['what goes over the end of the last one', 5, 3, 30],
  ])('conflict: %s', (_, first, count, digest) => {
    for (const table of [filled(), restored(filled())])
      expect(table.admit(keyOf(1), first, count, 0, BEGAN_MS, digest)).toBe('conflict');
  });

  it('acknowledge nothing on behalf of those who use the session', () => {
    const table = filled();
    expect(table.admit(keyOf(1), 6, 1, 5, BEGAN_MS, 99)).toBe('conflict');
    expect(table.admit(keyOf(1), 1, 3, 0, BEGAN_MS, 10)).toBe('duplicate');
  });

  it('are not told apart any more once those were acknowledged', () => {
    const table = filled();
    expect(table.admit(keyOf(1), 7, 1, 4, BEGAN_MS, 40)).toBe('admitted');
    expect(table.admit(keyOf(1), 4, 1, 0, BEGAN_MS, 21)).toBe('forgotten');
    expect(table.admit(keyOf(1), 5, 2, 0, BEGAN_MS, 31)).toBe('conflict');
    expect(table.admit(keyOf(1), 5, 2, 0, BEGAN_MS, 30)).toBe('duplicate');
  });
});
