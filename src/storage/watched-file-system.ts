/**
 * A file system that says when the thread itself is with the disk: small writes, their syncs and names are waited for on
 * the spot, and a thread that waits for a disk which does not answer can tell nobody.
 */
import type { FileSystem, StoredFile } from './file-system.js';

/** Runs what may make the thread wait. */
type Around = <T>(act: () => T) => T;

/** `atDisk`: true before the thread may wait, false after; neither may throw. */
export function watchedFileSystem(fileSystem: FileSystem, atDisk: (is: boolean) => void): FileSystem {
  const around: Around = (act) => {
    atDisk(true);
    try {
      return act();
    } finally {
      atDisk(false);
    }
  };
  return {
    list: (directory) => around(() => fileSystem.list(directory)),
    createDirectory: (directory) => around(() => fileSystem.createDirectory(directory)),
    open: (path, mode) =>
      watchedFile(
        around(() => fileSystem.open(path, mode)),
        around,
      ),
    remove: (path) => around(() => fileSystem.remove(path)),
    rename: (from, to) => around(() => fileSystem.rename(from, to)),
    syncDirectory: (directory) => fileSystem.syncDirectory(directory),
  };
}

function watchedFile(file: StoredFile, around: Around): StoredFile {
  return {
    size: () => around(() => file.size()),
    read: (position, length) => around(() => file.read(position, length)),
    // Up to its first wait for another thread.
    write: (position, bytes) => around(() => file.write(position, bytes)),
    sync: () => file.sync(),
    storeOnTheSpot: (position, bytes) => around(() => file.storeOnTheSpot(position, bytes)),
    close: () => around(() => file.close()),
  };
}
