import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { StreamValues } from '../../src/execution/command-runner.js';
import { EventRing } from '../../src/execution/event-ring.js';
import { SessionTable } from '../../src/execution/session-table.js';
import { PartHash } from '../../src/replica/part-hash.js';
import { CheckpointPace } from '../../src/replica/checkpoint-pace.js';
import { restoreChunk, writePartition, writeSessions } from '../../src/replica/partition-writer.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';
import { hashOf } from '../../src/classifier/slots.js';

const MAP = createPartitionMap({ streams: 2, partitioning: { classes: { 'all:': { place: 'everywhere' } } } });
const LIMITS = { sessionIdleMs: 60_000, sessionsMax: 10, keptRepliesBytesMax: 1000 };
const NOW_MS = 5000;
const position = { index: 6, term: 1, membership: { voters: [1], learners: [] } };

/** What one replica holds of a stream. */
class Part {
  readonly store = new MemoryCheckpointStore();
  readonly values = new StreamValues(MAP);
  readonly sessions: SessionTable;
  readonly events = new EventRing({ eventsKeptMax: 4, eventsKeptBytesMax: 10_000 });

  constructor(limits = LIMITS) {
    this.sessions = new SessionTable(limits);
  }

  /** Two keys of its own, one that is everywhere, two sessions. */
  static usual(limits = LIMITS): Part {
    return new Part(limits).set('a', 1).set('b', 2).set('all:c', 3).execute(1, 1).execute(2, 1).execute(2, 2);
  }

  set(key: string, value: number): this {
    this.values.set(key, value, hashOf(key));
    return this;
  }

  publish(...keys: string[]): this {
    for (const key of keys) this.events.append(key, 'changed', NOW_MS);
    return this;
  }

  execute(session: number, sequence: number, atMs = NOW_MS, replyBytes = 100): this {
    const id = Buffer.alloc(16, session);
    id.writeUIntBE(NOW_MS, 0, 6);
    const key = id.toString('latin1');
    expect(this.sessions.admit(key, sequence, 1, 0, atMs, 0)).toBe('admitted');
    this.sessions.record(key, sequence, 1, new Uint8Array(replyBytes));
    return this;
  }

  async hash(part = 1): Promise<string> {
    const place = { part, nextIndex: 7, position, timestampMs: NOW_MS };
    const writer = this.store.begin(7, part);
    const manifest = await (part === 0
      ? writeSessions(this.sessions, writer, place)
      : writePartition(this.values, this.sessions, this.events, writer, place, new CheckpointPace(() => 0)));
    await this.store.complete({ id: 7, takenAtMs: 0, parts: [manifest] });
    return manifest.hash;
  }
}

describe("the hash of a checkpoint's part", () => {
  it('is the same for the same content, however it came about and wherever it is computed', async () => {
    const part = Part.usual().publish('a', 'b');
    const hash = await part.hash();
    const other = new Part().execute(1, 1).execute(2, 1).set('all:c', 0).set('b', 2).set('a', 1).set('all:c', 3);
    expect(await other.execute(2, 2).publish('a', 'b').hash()).toBe(hash);
    const [restored, read] = [new Part(), new PartHash()];
    for (const chunk of part.store.read(7, 1)) {
      restoreChunk(chunk, restored.values, restored.sessions, restored.events);
      read.add(chunk);
    }
    expect(await restored.hash()).toBe(hash);
    expect([read.hex, read.keys]).toEqual([hash, 2]);
    expect(restored.events.encode().events).toEqual(part.events.encode().events);
    expect([restored.events.origin, restored.events.last]).toEqual([NOW_MS, 2]);
  });

  it.each<[string, Part]>([
    ['a key of its own', Part.usual().set('a', 2)],
    ['a key that is everywhere', Part.usual().set('all:c', 4)],
    ['one more key that is everywhere', Part.usual().set('all:d', 1)],
    ['an event', Part.usual().publish('a')],
    ['a session that is one command further', Part.usual().execute(2, 3)],
    ['a session that is not there', new Part().set('a', 1).set('b', 2).set('all:c', 3).execute(1, 1)],
    ['sessions that were used in another order', usedInAnotherOrder()],
    ['a session that was used at another time', new Part().set('a', 1).set('b', 2).set('all:c', 3).execute(1, 1).execute(2, 1).execute(2, 2, NOW_MS + 1)], // prettier-ignore
  ])('differs with %s', async (_, part) => {
    expect(await part.hash()).not.toBe(await Part.usual().hash());
  });

  it("covers group 0's sessions", async () => {
    const hash = await Part.usual().hash(0);
    expect(await Part.usual().hash(0)).toBe(hash);
    expect(await Part.usual().execute(1, 2).hash(0)).not.toBe(hash);
  });

  it('leaves out the replies kept: how many they are decides nothing', async () => {
    const part = Part.usual({ ...LIMITS, keptRepliesBytesMax: 100 });
    expect(part.sessions.replyBytes).toBeLessThan(Part.usual().sessions.replyBytes);
    expect(await part.hash()).toBe(await Part.usual().hash());
  });
});

function usedInAnotherOrder(): Part {
  return new Part().set('a', 1).set('b', 2).set('all:c', 3).execute(2, 1).execute(2, 2).execute(1, 1);
}
