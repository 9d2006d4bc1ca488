/** A replica's checkpoints as one of its processes sees them: they take time, and a dead process writes no more. */
import type { CheckpointStore, CheckpointWriter } from '../../src/storage/checkpoint-store.js';

export function slowCheckpoints(store: CheckpointStore, wait: () => Promise<void>): CheckpointStore {
  const slow = (writer: CheckpointWriter): CheckpointWriter => ({
    write: async (chunk) => {
      await wait();
      await writer.write(chunk);
    },
    finish: async (part) => {
      await wait();
      return writer.finish(part);
    },
  });
  return {
    begin: (id, part) => slow(store.begin(id, part)),
    complete: async (manifest) => {
      await wait();
      await store.complete(manifest);
    },
    newest: () => store.newest(),
    list: () => store.list(),
    read: (id, part) => store.read(id, part),
    dropBelow: async (id) => {
      await wait();
      await store.dropBelow(id);
    },
    close: () => store.close(),
  };
}
