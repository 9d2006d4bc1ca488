import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { openLog } from './log-history.js';

/** A disk that holds what a killed process had written, but not synced: `large` needs a segment of its own. */
async function killedBeforeSync(large: boolean): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const log = await openLog(disk);
  log.append(1, [Buffer.from('first')]);
  await log.sync();
  log.append(2, [Buffer.alloc(large ? 6000 : 100, 2)]);
  disk.fail(large ? 'syncDirectory' : 'sync', new Error('killed'));
  await expect(log.sync()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  disk.fail('sync', null);
  disk.fail('syncDirectory', null);
  return disk;
}

describe('a log opened after its process was killed', () => {
  it('calls durable only what a power loss leaves', async () => {
    const disk = await killedBeforeSync(false);
    const { durableIndex } = await openLog(disk);
    expect(durableIndex).toBe(2);
    const found = await openLog(disk.restarted(() => 0));
    expect(found.lastIndex).toBe(durableIndex);
  });

  it('keeps a segment whose name the killed process had not made durable', async () => {
    const disk = await killedBeforeSync(true);
    const log = await openLog(disk);
    while (log.lastIndex < 3) log.append(log.lastIndex + 1, [Buffer.alloc(100, 3)]);
    await log.sync();
    const found = await openLog(disk.restarted(() => 0));
    expect(found.lastIndex).toBe(3);
  });
});
