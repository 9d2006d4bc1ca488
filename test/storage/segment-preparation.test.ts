import { expect, it } from 'vitest';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import { LOG_PATH } from './log-history.js';

const MIB = 1024 * 1024;
const RECORD = new Uint8Array(32 * 1024);

/** Bytes of each file that is no segment yet. */
function spares(disk: MemoryDisk): number[] {
  const names = disk.list(LOG_PATH).filter((name) => name.includes('spare'));
  return names.map((name) => disk.bytesOf(`${LOG_PATH}/${name}`).byteLength);
}

/** Fills the log's first segment, of 1 MiB, up to that share. */
async function fill(log: SegmentLogStore, share: number): Promise<void> {
  while ((log.lastIndex + 1) * RECORD.byteLength < share * MIB) {
    log.append(log.lastIndex + 1, [RECORD]);
    await log.sync();
  }
  // What a sync has begun in the background ends in a bounded number of turns.
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
}

it('the next segment is written as the newest one fills: never all at once, and in time', async () => {
  const disk = new MemoryDisk();
  const log = await SegmentLogStore.open(LOG_PATH, { fileSystem: disk });
  await fill(log, 0.2);
  expect(spares(disk)).toEqual([]);
  const sizes: number[] = [];
  for (const share of [0.35, 0.5, 0.65, 0.95]) {
    await fill(log, share);
    sizes.push((spares(disk)[0] ?? 0) / MIB);
  }
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  expect(new Set(sizes).size).toBe(sizes.length);
  expect(sizes.at(0)).toBeLessThanOrEqual(0.5);
  expect(sizes.at(-1)).toBe(2);
  const before = disk.operations;
  await fill(log, 1.1);
  // A rename, the directory's sync, the header, and the records: no zeros are left to be written.
  expect(disk.operations - before).toBeLessThan(20);
  expect(spares(disk)).toEqual([]);
  await log.close();
});

it('a log that is closed leaves no spare behind, however far that has come', async () => {
  for (const share of [0.35, 0.65, 0.95]) {
    const disk = new MemoryDisk();
    const log = await SegmentLogStore.open(LOG_PATH, { fileSystem: disk });
    await fill(log, share);
    await log.close();
    expect(spares(disk)).toEqual([]);
  }
});
