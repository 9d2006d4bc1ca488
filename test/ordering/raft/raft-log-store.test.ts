import { describe, expect, it } from 'vitest';
import { EntryKind, type Entry } from '../../../src/ordering/group-log.js';
import { prepareStore } from '../../../src/ordering/raft/prepare-store.js';
import { RaftLog } from '../../../src/ordering/raft/raft-log.js';
import { MemoryDisk } from '../../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../../src/storage/segment-log-store.js';

const START = { index: 0, term: 0, membership: { voters: [1], learners: [] }, timestampMs: 0 };

const entryAt = (index: number): Entry => ({
  index,
  kind: EntryKind.commands,
  timestampMs: index,
  mergePoint: 0,
  frames: [Buffer.from(`entry ${index}`)],
});

const openStore = (disk: MemoryDisk): Promise<SegmentLogStore> => SegmentLogStore.open('/log', { fileSystem: disk });

/** A log of `count` entries of term 1. */
async function filled(count: number): Promise<{ disk: MemoryDisk; store: SegmentLogStore; log: RaftLog }> {
  const disk = new MemoryDisk();
  const store = await openStore(disk);
  const log = new RaftLog(store, START);
  for (let index = 1; index <= count; index++) log.append(1, entryAt(index));
  return { disk, store, log };
}

describe('a replicated log and its store', () => {
  it('does not call durable what was written of a tail that was cut off meanwhile', async () => {
    const { disk, log } = await filled(5);
    const release = disk.holdSyncs();
    const sync = log.sync();
    await new Promise(setImmediate);
    log.truncateAbove(2);
    for (let index = 3; index <= 6; index++) log.append(2, entryAt(index));
    release();
    expect(await sync).toBeLessThanOrEqual(2);
    expect(await log.sync()).toBe(6);
    await log.close();
    const reopened = new RaftLog(await openStore(disk), START);
    expect([2, 3, 6].map((index) => reopened.termOf(index))).toEqual([1, 2, 2]);
  });

  it.each([
    ['keeps its entries where it holds the one that the checkpoint ends with', { index: 3, term: 1 }, [1, 5]],
    ['begins anew where that entry is of another term: another history', { index: 3, term: 2 }, [4, 3]],
    ['begins anew where the checkpoint is ahead of it', { index: 9, term: 1 }, [10, 9]],
    ['stays as it is without a checkpoint', { index: 0, term: 0 }, [1, 5]],
  ])('%s', async (_, start, bounds) => {
    const { store, log } = await filled(5);
    await log.sync();
    await prepareStore(store, start);
    expect([store.firstIndex, store.lastIndex]).toEqual(bounds);
  });
});
