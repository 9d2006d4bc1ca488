import { describe, expect, it } from 'vitest';
import { examineLog } from '../../src/storage/log-recovery.js';
import { MemoryDisk, PowerLoss } from '../../src/storage/memory-disk.js';
import { seededRandom } from '../seeded-random.js';
import { LOG_PATH, openLog } from './log-history.js';
import type { SegmentLogStore } from '../../src/storage/segment-log-store.js';

const contentOf = (index: number, life: string): string => `${life} ${index}`.padEnd(300, '.');

function fill(log: SegmentLogStore, to: number, life: string): void {
  while (log.lastIndex < to) log.append(log.lastIndex + 1, [Buffer.from(contentOf(log.lastIndex + 1, life))]);
}

/** Its bounds, after a look at every record. */
function boundsOf(log: SegmentLogStore): string {
  for (const { index, bytes } of log.read(log.firstIndex, Infinity))
    expect([contentOf(index, 'old'), contentOf(index, 'new')]).toContain(Buffer.from(bytes).toString());
  return `${log.firstIndex}..${log.lastIndex}`;
}

async function untilPowerLoss(operation: () => Promise<unknown>): Promise<void> {
  try {
    await operation();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(error instanceof PowerLoss) && !(cause instanceof PowerLoss)) throw error;
  }
}

/** A disk with a log of records 11..60 in several files, all durable. */
async function prepared(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const log = await openLog(disk);
  await log.restartAt(11);
  fill(log, 60, 'old');
  await log.sync();
  return disk.restarted(() => 0);
}

// Behind the end, at it, inside, at the beginning, and before it.
describe.each([100, 61, 40, 11, 5])('a log that begins anew at record %i', (at) => {
  const old = '11..60';
  const begun = `${at}..${at - 1}`;

  it('is the old one or the new one, whichever operation the power fails in', async () => {
    const found = new Set<string>();
    let lost = true;
    for (let point = 1; lost; point++) {
      for (let seed = 1; seed <= 4; seed++) {
        const disk = await prepared();
        const log = await openLog(disk);
        const powerOff = disk.operations + point;
        disk.powerOffAt(powerOff);
        await untilPowerLoss(() => log.restartAt(at));
        lost = disk.operations >= powerOff;
        const after = disk.restarted(seededRandom(100 * point + seed));
        const examined = examineLog({ fileSystem: after, path: LOG_PATH, identity: 'bank/group-1' });
        const opened = await openLog(after);
        const bounds = boundsOf(opened);
        found.add(bounds);
        expect([old, begun], `power lost in ${point}, seed ${100 * point + seed}`).toContain(bounds);
        expect(examined.segments[0]?.firstIndex, 'a look at it says the same').toBe(opened.firstIndex);
        fill(opened, opened.lastIndex + 20, opened.firstIndex === at ? 'new' : 'old');
        await opened.sync();
        const last = boundsOf(opened);
        expect(boundsOf(await openLog(after.restarted(() => 0)))).toBe(last);
      }
    }
    expect([...found].sort(), 'power was lost before and after the turn').toEqual([old, begun].sort());
  });

  it('stands a second power loss while it is opened', async () => {
    for (let point = 1; point <= 40; point += 4) {
      for (let again = 1; again <= 25; again += 2) {
        const disk = await prepared();
        const log = await openLog(disk);
        disk.powerOffAt(disk.operations + point);
        await untilPowerLoss(() => log.restartAt(at));
        const recovering = disk.restarted(seededRandom(point));
        recovering.powerOffAt(again);
        await untilPowerLoss(() => openLog(recovering));
        const opened = await openLog(recovering.restarted(seededRandom(again)));
        expect([old, begun], `power lost in ${point}, then in ${again}`).toContain(boundsOf(opened));
      }
    }
  });
});

describe('a log that begins anew', () => {
  it('does not answer before it is durable', async () => {
    const disk = await prepared();
    await (await openLog(disk)).restartAt(200);
    expect(boundsOf(await openLog(disk.restarted(() => 0)))).toBe('200..199');
  });

  it('covers what was appended and not synced', async () => {
    const disk = await prepared();
    const log = await openLog(disk);
    fill(log, 80, 'old');
    await log.restartAt(70);
    expect([log.firstIndex, log.lastIndex, log.durableIndex, log.bytes]).toEqual([70, 69, 69, 0]);
    expect(log.read(70, 1000)).toEqual([]);
    fill(log, 72, 'new');
    expect(await log.sync()).toBe(72);
    await log.close();
    expect(boundsOf(await openLog(disk))).toBe('70..72');
  });
});
