import { describe, expect, it } from 'vitest';
import { PsmrError } from '../../src/errors.js';
import { EntryKind, type GroupLog } from '../../src/ordering/group-log.js';
import { DurableGroupLog } from '../../src/ordering/local/durable-log.js';
import { MemoryGroupLog } from '../../src/ordering/local/memory-log.js';
import { Proposer } from '../../src/ordering/proposer.js';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import { isCollected } from '../garbage.js';

/** Under a load that never pauses there is always something open: what is settled must not wait for that. */
describe('memory of what is settled, while newer things are open', () => {
  it.each([
    ['in memory', () => Promise.resolve(new MemoryGroupLog(1))],
    ['on disk', durableLog],
  ])('is given up by a log %s when an entry is taken', async (_, open) => {
    const log: GroupLog = await open();
    const [first, second] = [propose(log), propose(log)];
    expect(await isCollected(first)).toBe(false);
    log.take();
    expect(await isCollected(first)).toBe(true);
    expect(await isCollected(second)).toBe(false);
    await log.close();
  });

  it('is given up by the proposer when an entry is committed', async () => {
    const log = new MemoryGroupLog(1);
    const proposer = new Proposer({
      log,
      wanted: () => 0,
      entryBytesMax: 1 << 20,
      nowMs: () => 0,
      refusal: () => new PsmrError('NOT_LEADER', 'never'),
    });
    const [first, second] = [offer(proposer), offer(proposer)];
    takeInto(log, proposer);
    expect(await isCollected(first)).toBe(true);
    expect(await isCollected(second)).toBe(false);
    expect(proposer.bytes).toBe(100);
    takeInto(log, proposer);
    expect(proposer.bytes).toBe(0);
  });
});

async function durableLog(): Promise<GroupLog> {
  const store = await SegmentLogStore.open('/log', { fileSystem: new MemoryDisk(), segmentBytes: 16_384 });
  return new DurableGroupLog(1, store, { durability: 'async', directory: '/log' });
}

function propose(log: GroupLog): WeakRef<Uint8Array> {
  const frame = new Uint8Array(100);
  log.propose({ kind: EntryKind.commands, timestampMs: 1, mergePoint: 0, frames: [frame] });
  return new WeakRef(frame);
}

function offer(proposer: Proposer): WeakRef<Uint8Array> {
  const bytes = new Uint8Array(100);
  proposer.add({ bytes, proposed: () => undefined, refused: () => undefined });
  proposer.flush();
  return new WeakRef(bytes);
}

function takeInto(log: GroupLog, proposer: Proposer): void {
  const entry = log.take();
  if (entry === null) throw new Error('nothing is committed');
  proposer.taken(entry);
}
