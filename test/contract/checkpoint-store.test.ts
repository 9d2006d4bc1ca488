import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbCheckpointStore } from '../../src/storage/lmdb-checkpoint-store.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';
import { MemoryDisk } from '../../src/storage/memory-disk.js';
import { DiskCheckpointStore } from '../simulation/disk-checkpoint-store.js';
import { describeCheckpointStore } from './checkpoint-store-suite.js';

describeCheckpointStore('in memory', () => ({ store: new MemoryCheckpointStore(), remove: () => undefined }));

describeCheckpointStore('of the simulation', () => ({
  store: new DiskCheckpointStore(new MemoryDisk(), '/checkpoints'),
  remove: () => undefined,
}));

describeCheckpointStore('lmdb', () => {
  const directory = mkdtempSync(join(tmpdir(), 'psmr-checkpoints-'));
  return {
    store: LmdbCheckpointStore.open(join(directory, 'checkpoints'), { check: true }),
    remove: () => rmSync(directory, { recursive: true }),
  };
});
