import { describe, expect, it } from 'vitest';
import { HardStateFile } from '../../../src/ordering/raft/hard-state-file.js';
import type { HardState } from '../../../src/ordering/raft/raft-types.js';
import { MemoryDisk, PowerLoss } from '../../../src/storage/memory-disk.js';
import { seededRandom } from '../../seeded-random.js';

const PATH = '/data/votes/group-1';
const OWNER = { cluster: 'bank', replica: 2, group: 1 };
const UNWRITTEN = { firstIndex: 1, lastIndex: 0 };
const open = (disk: MemoryDisk, owner = OWNER): Promise<HardStateFile> =>
  HardStateFile.open(disk, PATH, owner, UNWRITTEN);

/** A disk with the file as it is after so many writes, without and with a change of one byte. */
async function written(writes: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const file = await open(disk);
  for (let term = 1; term <= writes; term++) await file.write({ term, votedFor: 3 });
  await file.close();
  return disk;
}

function flipped(disk: MemoryDisk, at: number): MemoryDisk {
  const bytes = disk.bytesOf(PATH);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  return new MemoryDisk([[PATH, bytes]]);
}

/** Writes terms 1, 2, 3 ... until the power fails; the last one that was acknowledged, and the last one begun. */
async function untilPowerLoss(disk: MemoryDisk): Promise<{ sure: number; begun: number }> {
  const terms = { sure: 0, begun: 0 };
  try {
    const file = await open(disk);
    while (terms.begun < 5) {
      const state: HardState = { term: ++terms.begun, votedFor: terms.begun % 3 };
      await file.write(state);
      terms.sure = terms.begun;
    }
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(error instanceof PowerLoss) && !(cause instanceof PowerLoss)) throw error;
  }
  return terms;
}

describe('the file of term and vote', () => {
  it('begins with term 0 and no vote, and keeps what was written last', async () => {
    expect((await open(new MemoryDisk())).state).toEqual({ term: 0, votedFor: 0 });
    for (let writes = 1; writes <= 5; writes++)
      expect((await open(await written(writes))).state).toEqual({ term: writes, votedFor: 3 });
  });

  it('never goes back behind what it acknowledged, whichever operation the power fails in', async () => {
    let lost = true;
    for (let at = 1; lost; at++) {
      for (let seed = 1; seed <= 20; seed++) {
        const disk = new MemoryDisk();
        disk.powerOffAt(at);
        const { sure, begun } = await untilPowerLoss(disk);
        lost = disk.operations >= at;
        const found = await open(disk.restarted(seededRandom(1000 * at + seed)));
        const { term, votedFor } = found.state;
        expect(term, `power lost in ${at}, seed ${seed}`).toBeGreaterThanOrEqual(sure);
        expect(term).toBeLessThanOrEqual(begun);
        expect(votedFor).toBe(term % 3);
        await found.write({ term: begun + 1, votedFor: 1 });
        expect(found.state.term).toBe(begun + 1);
      }
    }
  });

  it('stands a second power loss while it is made', async () => {
    for (let at = 1; at <= 8; at++) {
      for (let again = 1; again <= 8; again++) {
        const disk = new MemoryDisk();
        disk.powerOffAt(at);
        const { sure } = await untilPowerLoss(disk);
        const next = disk.restarted(seededRandom(100 * at + again));
        next.powerOffAt(again);
        const second = await untilPowerLoss(next);
        const found = await open(next.restarted(seededRandom(again)));
        expect(found.state.term, `${at}, ${again}`).toBeGreaterThanOrEqual(second.begun > 0 ? second.sure : sure);
      }
    }
  });

  it('refuses a file with any byte of its two copies changed: an older vote might be given twice', async () => {
    for (const writes of [1, 2, 3]) {
      const disk = await written(writes);
      for (let at = 0; at < disk.bytesOf(PATH).byteLength; at++)
        await expect(open(flipped(disk, at)), `byte ${at} after ${writes} writes`).rejects.toMatchObject({
          code: 'DATA_CORRUPT',
          details: { file: PATH },
        });
    }
  });

  it('refuses a file that was cut off', async () => {
    const bytes = (await written(2)).bytesOf(PATH);
    for (const left of [0, 1, 511, 512, 513, bytes.byteLength - 1])
      await expect(open(new MemoryDisk([[PATH, bytes.slice(0, left)]])), `${left} bytes`).rejects.toMatchObject({
        code: 'DATA_CORRUPT',
      });
  });

  it('refuses a file whose slots are both empty: nobody leaves one like that', async () => {
    await expect(open(new MemoryDisk([[PATH, new Uint8Array(1024)]]))).rejects.toMatchObject({ code: 'DATA_CORRUPT' });
  });

  it.each([
    ['entries', { firstIndex: 1, lastIndex: 1 }],
    ['nothing any more behind its checkpoint', { firstIndex: 8, lastIndex: 7 }],
  ])('is not begun anew beside a log that holds %s: a forgotten vote would be given twice', async (_, log) => {
    const disk = new MemoryDisk();
    await expect(HardStateFile.open(disk, PATH, OWNER, log)).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      details: { file: PATH },
    });
    expect(disk.list('/data/votes')).toEqual([]);
  });

  it.each([
    { ...OWNER, replica: 3 },
    { ...OWNER, group: 0 },
    { ...OWNER, cluster: 'other' },
  ])('refuses the file of another: $cluster, replica $replica, group $group', async (owner) => {
    await expect(open(await written(2), owner)).rejects.toMatchObject({ code: 'DATA_MISMATCH' });
  });

  it('writes in the order of the calls, and is busy until the last is durable', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    const writes = [1, 2, 3].map((term) => file.write({ term, votedFor: 0 }));
    expect(file.busy).toBe(true);
    await Promise.all(writes);
    expect(file.busy).toBe(false);
    await file.close();
    expect((await open(disk)).state.term).toBe(3);
  });

  it('says so when the disk refuses, and acknowledges nothing after that', async () => {
    const disk = new MemoryDisk();
    const file = await open(disk);
    disk.fail('sync', new Error('EIO'));
    await expect(file.write({ term: 1, votedFor: 1 })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    disk.fail('sync', null);
    await expect(file.write({ term: 2, votedFor: 1 })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(file.busy).toBe(true);
  });
});
