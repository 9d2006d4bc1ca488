import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { openLog } from './log-history.js';

const record = (index: number): Uint8Array[] => [Buffer.from(`record ${index}`.padEnd(100, '.'))];

/** A log of 20 records that was stopped in an orderly way, and is open again. */
async function stoppedAndOpened(disk: MemoryDisk): ReturnType<typeof openLog> {
  const log = await openLog(disk);
  for (let index = 1; index <= 20; index++) log.append(index, record(index));
  await log.close();
  return openLog(disk);
}

describe('a log that is cut after an orderly stop', () => {
  it.each([0, 5, 19])('opens after a power loss, with what was appended behind record %i', async (cut) => {
    const disk = new MemoryDisk();
    const log = await stoppedAndOpened(disk);
    await log.truncateAbove(cut);
    expect(log.durableIndex).toBe(cut);
    log.append(cut + 1, [Buffer.from('other')]);
    expect(await log.sync()).toBe(cut + 1);
    // Nothing of the old tail, nor the mark where the log once ended, may speak for records that are gone.
    const found = await openLog(disk.restarted(() => 0));
    expect(found.lastIndex).toBe(cut + 1);
    expect(Buffer.from(found.read(cut + 1, 1)[0]?.bytes ?? []).toString()).toBe('other');
  });

  it('takes the durable index down with the tail, and up again only by a sync', async () => {
    const log = await stoppedAndOpened(new MemoryDisk());
    expect(log.durableIndex).toBe(20);
    const cut = log.truncateAbove(7);
    const synced = log.sync();
    await cut;
    expect(log.durableIndex).toBe(7);
    expect(await synced).toBe(7);
    log.append(8, record(8));
    expect(log.durableIndex).toBe(7);
    expect(await log.sync()).toBe(8);
  });
});
