import { describe, expect, it } from 'vitest';
import { EntryKind } from '../../src/ordering/group-log.js';
import { DurableGroupLog } from '../../src/ordering/local/durable-log.js';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';

const DIRECTORY = '/data/group-3';

async function openLog(disk: MemoryDisk): Promise<DurableGroupLog> {
  const store = await SegmentLogStore.open(DIRECTORY, { fileSystem: disk, segmentBytes: 16_384 });
  return new DurableGroupLog(3, store, { durability: 'sync', directory: DIRECTORY });
}

/** A log of 200 entries, cut below the 160th. */
async function cutLog(): Promise<DurableGroupLog> {
  const disk = new MemoryDisk();
  const log = await openLog(disk);
  for (let at = 0; at < 200; at++)
    log.propose({ kind: EntryKind.commands, timestampMs: 1, mergePoint: 0, frames: [Buffer.alloc(500)] });
  await log.whenDurable(200);
  await log.truncateBelow(160);
  await log.close();
  return openLog(disk);
}

function errorOf(start: () => void): unknown {
  try {
    start();
  } catch (error) {
    return error;
  }
  return null;
}

describe('a log that has lost its beginning, or its end', () => {
  it.each([
    ['without a checkpoint', 1, 'there is no checkpoint of what came before them'],
    ['with one before it', 2, 'the checkpoint needs the log from 2 on'],
    ['with one behind it', 202, 'the checkpoint needs the log from 202 on'],
  ])('is refused %s, and the error says where it is and what is missing', async (_, from, needs) => {
    const log = await cutLog();
    const message = `${DIRECTORY} holds entries ${log.firstIndex} to 200, but ${needs}. Files are missing: `;
    expect(errorOf(() => log.startFrom(from))).toMatchObject({
      code: 'DATA_CORRUPT',
      message: expect.stringContaining(message) as string,
      details: { file: DIRECTORY },
    });
    expect(errorOf(() => log.startFrom(log.firstIndex))).toBeNull();
  });
});
