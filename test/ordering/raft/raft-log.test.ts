import { describe, expect, it } from 'vitest';
import { EntryKind } from '../../../src/ordering/group-log.js';
import { RaftLog } from '../../../src/ordering/raft/raft-log.js';
import { MemoryDisk } from '../../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../../src/storage/segment-log-store.js';

const START = { index: 0, term: 0, timestampMs: 0, membership: { voters: [1], learners: [] } };

async function opened(disk: MemoryDisk): Promise<{ log: RaftLog; store: SegmentLogStore }> {
  const store = await SegmentLogStore.open('/log', { fileSystem: disk, segmentBytes: 2048 });
  return { log: new RaftLog(store, START), store };
}

describe('the log as the Raft core sees it', () => {
  it('holds what it says it holds, also while files are being removed', async () => {
    const disk = new MemoryDisk();
    const before = await opened(disk);
    for (let index = 1; index <= 50; index++) {
      const frames = [new Uint8Array(100).fill(index)];
      before.log.append(1, { index, kind: EntryKind.commands, timestampMs: index, mergePoint: 0, frames });
    }
    await before.log.sync();
    await before.log.close();
    // What was written before a restart is not in memory any more.
    const { log, store } = await opened(disk);
    const removed = log.truncateBelow(40);
    expect(log.firstIndex).toBe(store.firstIndex);
    expect(log.firstIndex).toBeGreaterThan(1);
    expect(log.at(log.firstIndex).entry.timestampMs).toBe(log.firstIndex);
    expect(log.termOf(log.firstIndex - 1)).toBe(1);
    await removed;
    await log.close();
  });

  it('has what it need not keep in memory, also where no sync has taken it yet and where a tail is cut off', async () => {
    const { log } = await opened(new MemoryDisk());
    const append = (index: number, term: number): void => {
      const frames = [new Uint8Array(100).fill(index + 100 * term)];
      log.append(term, { index, kind: EntryKind.commands, timestampMs: index, mergePoint: 0, frames });
    };
    for (let index = 1; index <= 30; index++) append(index, 1);
    void log.sync();
    for (let index = 31; index <= 50; index++) append(index, 1);
    log.release(46);
    const expectAll = (...expected: readonly [index: number, term: number][]): void => {
      for (const [index, term] of expected) expect(log.at(index).entry.frames[0]?.[0]).toBe(index + 100 * term);
    };
    expectAll([1, 1], [30, 1], [31, 1], [45, 1], [46, 1], [50, 1]);
    log.truncateAbove(20);
    for (let index = 21; index <= 40; index++) append(index, 2);
    log.release(41);
    // The store has the old ones yet.
    expectAll([1, 1], [20, 1], [21, 2], [40, 2]);
    await log.sync();
    log.release(41);
    expectAll([20, 1], [21, 2], [39, 2], [40, 2]);
    await log.close();
  });

  it('knows the time of entries that it holds no more', async () => {
    const disk = new MemoryDisk();
    const { log, store } = await opened(disk);
    await store.restartAt(8);
    const start = { ...START, index: 7, term: 2, timestampMs: 70 };
    const restarted = new RaftLog(store, start);
    expect(restarted.timestampMs).toBe(70);
    restarted.append(3, { index: 8, kind: EntryKind.noop, timestampMs: 90, mergePoint: 0, frames: [] });
    expect(restarted.timestampMs).toBe(90);
    restarted.truncateAbove(7);
    expect(restarted.timestampMs).toBe(70);
    await restarted.close();
    await log.close();
  });
});
