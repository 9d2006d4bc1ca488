import { expect, it } from 'vitest';
import { PsmrError } from '../../src/errors.js';
import { EngineCheckpoints } from '../../src/replica/engine-checkpoints.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';

it('a checkpoint that cannot be completed is told of, also where nobody asked for it', async () => {
  const full = new PsmrError('STORAGE_FAILED', 'no space left on device');
  const store = new MemoryCheckpointStore();
  store.complete = () => Promise.reject(full);
  const place = { position: { index: 7, term: 1, membership: null }, timestampMs: 0, keys: 0, hash: '-' };
  const part = { part: 0, nextIndex: 8, ...place, chunks: 0, bytes: 0 };
  const told = new Promise<Error>((failed) => {
    const nothing = (): void => undefined;
    const hooks = { order: nothing, truncate: nothing, completed: nothing, failed, logBytes: () => 0 };
    new EngineCheckpoints({ groups: 1, store, ...hooks }).follow({ type: 'part', checkpoint: 7, part });
  });
  expect(await told).toBe(full);
});
