import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import { describeLogStore } from './log-store-suite.js';

describeLogStore('segment files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'psmr-log-'));
  return {
    open: () => SegmentLogStore.open(join(directory, 'group-1'), { segmentBytes: 2048 }),
    remove: () => rmSync(directory, { recursive: true }),
  };
});

describeLogStore('segment files in memory', () => {
  const fileSystem = new MemoryDisk();
  return {
    open: () => SegmentLogStore.open('/data/group-1', { segmentBytes: 2048, fileSystem }),
    remove: () => undefined,
  };
});
