/** A disk whose syncs take time: what is being written when the power fails is there, in part, or not. */
import type { FileSystem, StoredFile } from '../../src/storage/file-system.js';
import type { MemoryDisk } from '../../src/storage/memory-disk.js';

/**
 * `wait`: lets as much time pass as the disk takes now; never ends once the process is dead. `isQuick`: whether it takes none,
 * so that a thread may wait for it on the spot.
 */
export function slowDisk(disk: MemoryDisk, wait: (path: string) => Promise<void>, isQuick: () => boolean): FileSystem {
  const slow = (path: string, file: StoredFile): StoredFile => ({
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    write: (position, bytes) => file.write(position, bytes),
    sync: async () => {
      await wait(path);
      await file.sync();
    },
    storeOnTheSpot: (position, bytes) => isQuick() && file.storeOnTheSpot(position, bytes),
    close: () => file.close(),
  });
  return {
    list: (directory) => disk.list(directory),
    createDirectory: () => disk.createDirectory(),
    open: (path, mode) => slow(path, disk.open(path, mode)),
    remove: (path) => disk.remove(path),
    rename: (from, to) => disk.rename(from, to),
    syncDirectory: async (directory) => {
      await wait(directory);
      await disk.syncDirectory(directory);
    },
  };
}
