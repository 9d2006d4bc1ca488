import { describe, expect, it } from 'vitest';
import type { FileSystem, StoredFile } from '../../src/storage/file-system.js';
import { watchedFileSystem } from '../../src/storage/watched-file-system.js';

/** What was called, and whether the thread was said to be at the disk then. */
class Observed {
  readonly calls: string[] = [];
  readonly fileSystem: FileSystem;
  #atDisk = false;

  constructor() {
    const file: StoredFile = {
      size: () => this.#called('size', 1),
      read: () => this.#called('read', new Uint8Array(1)),
      write: () => this.#called('write', Promise.resolve()),
      sync: () => this.#called('sync', Promise.resolve()),
      storeOnTheSpot: () => this.#called('storeOnTheSpot', true),
      close: () => this.#called('close', undefined),
    };
    this.fileSystem = watchedFileSystem(
      {
        list: () => this.#called('list', []),
        createDirectory: () => this.#called('createDirectory', undefined),
        open: () => this.#called('open', file),
        remove: () => {
          this.#called('remove', undefined);
          throw new Error('it is not there');
        },
        rename: () => this.#called('rename', undefined),
        syncDirectory: () => this.#called('syncDirectory', Promise.resolve()),
      },
      (is) => (this.#atDisk = is),
    );
  }

  get atDisk(): boolean {
    return this.#atDisk;
  }

  #called<T>(name: string, result: T): T {
    this.calls.push(this.#atDisk ? `${name} at the disk` : name);
    return result;
  }
}

describe('a watched file system', () => {
  it('says that the thread is at the disk while it may wait there, and at no other time', async () => {
    const observed = new Observed();
    const { fileSystem } = observed;
    const file = fileSystem.open('file', 'existing');
    expect(file.storeOnTheSpot(0, new Uint8Array(1))).toBe(true);
    // Another thread does these, and this one turns meanwhile.
    await file.sync();
    await fileSystem.syncDirectory('.');
    expect(observed.atDisk).toBe(false);
    await file.write(0, new Uint8Array(1));
    file.read(0, 1);
    file.close();
    fileSystem.rename('a', 'b');
    expect(() => fileSystem.remove('a')).toThrow('it is not there');
    expect(observed.atDisk).toBe(false);
    expect(observed.calls).toEqual([
      'open at the disk',
      'storeOnTheSpot at the disk',
      'sync',
      'syncDirectory',
      'write at the disk',
      'read at the disk',
      'close at the disk',
      'rename at the disk',
      'remove at the disk',
    ]);
  });
});
