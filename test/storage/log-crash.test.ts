import { describe, expect, it } from 'vitest';
import { MemoryDisk, PowerLoss } from '../../src/storage/memory-disk.js';
import { LogHistory, openLog } from './log-history.js';
import { seededRandom } from '../seeded-random.js';
import type { SegmentLogStore } from '../../src/storage/segment-log-store.js';

/** Appends, syncs, cuts and drops over several files; sizes from one sector's part to more than a file. */
async function work(log: SegmentLogStore, history: LogHistory): Promise<void> {
  const sizes = [10, 700, 30, 1500, 0, 2100, 40, 900];
  for (let round = 0; round < 16; round++) {
    for (let i = 0; i <= round % 3; i++) history.append(log, sizes[(round + i) % sizes.length] ?? 0);
    await history.sync(log);
    if (round === 3 || round === 10) await history.cut(log, log.lastIndex - 4);
    if (round === 4) history.append(log, 6000);
    if (round === 6) await history.dropBelow(log, log.lastIndex - 3);
  }
  history.append(log, 1200);
  await log.close();
}

/** Ends quietly with the operation or with the power. */
async function untilPowerLoss(operation: () => Promise<unknown>): Promise<void> {
  try {
    await operation();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(error instanceof PowerLoss) && !(cause instanceof PowerLoss)) throw error;
  }
}

/** Runs the work, loses power in operation `at`, opens again losing power at `again`, and opens for good. */
async function crash(at: number, again: number, seed: number): Promise<{ lost: boolean; lostAgain: boolean }> {
  const random = seededRandom(seed);
  const history = new LogHistory();
  const disk = new MemoryDisk();
  disk.powerOffAt(at);
  await untilPowerLoss(async () => work(await openLog(disk), history));
  const recovering = disk.restarted(random);
  recovering.powerOffAt(again);
  await untilPowerLoss(() => openLog(recovering));
  const found = recovering.restarted(random);
  const log = await openLog(found);
  history.check(log);
  history.append(log, 50);
  history.append(log, 3000);
  await history.sync(log);
  await log.close();
  const reopened = await openLog(found.restarted(random));
  expect(reopened.recovery.tornBytes).toBe(0);
  history.check(reopened);
  return { lost: disk.operations >= at, lostAgain: recovering.operations >= again };
}

describe('a log that loses power', () => {
  it('has every acknowledged record, whole, and no other, whichever operation the power fails in', async () => {
    let at = 1;
    for (let lost = true; lost; at++) {
      for (let seed = 1; seed <= 12; seed++) {
        ({ lost } = await crash(at, Infinity, at * 1000 + seed).catch((error: unknown) => {
          throw new Error(`power lost in operation ${at}, seed ${at * 1000 + seed}`, { cause: error });
        }));
      }
    }
    expect(at).toBeGreaterThan(100); // the work is not trivial
  });

  it('stands a second power loss in any operation of its recovery', async () => {
    for (let at = 5; at < 110; at += 4) {
      let lostAgain = true;
      for (let again = 1; lostAgain; again++) {
        ({ lostAgain } = await crash(at, again, at * 1000 + again).catch((error: unknown) => {
          throw new Error(`power lost in ${at}, then ${again}, seed ${at * 1000 + again}`, { cause: error });
        }));
      }
    }
  });

  it('cuts a torn tail and says how much', async () => {
    const disk = new MemoryDisk();
    const log = await openLog(disk);
    log.append(1, [Buffer.alloc(100, 1)]);
    await log.sync();
    log.append(2, [Buffer.alloc(3000, 2)]);
    disk.powerOffAt(disk.operations + 1);
    await expect(log.sync()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    // Half of the sectors survive: 0 for the directory's changes, 0.5 for the share, then in turn.
    const answers = [0, 0.5];
    let turn = 0;
    const found = await openLog(disk.restarted(() => answers.shift() ?? (turn++ % 2 === 0 ? 0.1 : 0.9)));
    expect(found.lastIndex).toBe(1);
    expect(found.recovery.records).toBe(1);
    expect(found.recovery.tornBytes).toBeGreaterThan(1000);
  });

  it('forgets where it ended before it was cut', async () => {
    const disk = new MemoryDisk();
    const first = await openLog(disk);
    for (let index = 1; index <= 10; index++) first.append(index, [Buffer.alloc(20, index)]);
    await first.close();
    const cut = await openLog(disk);
    await cut.truncateAbove(5);
    cut.append(6, [Buffer.alloc(20, 16)]);
    await cut.sync();
    const found = await openLog(disk.restarted(() => 0));
    expect(found.lastIndex).toBe(6);
  });
});
