import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { FileSystem, StoredFile } from './file-system.js';

const writeAt = promisify(fs.write);
const dataSync = promisify(fs.fdatasync);

/**
 * A write of at most this much goes into the page cache at once: a few us, where the way over the thread pool and back
 * takes 50. It is the sync that waits for the disk.
 */
const DIRECT_WRITE_BYTES_MAX = 128 * 1024;

/**
 * A disk that took at most this long, ms, for so few bytes is waited for on the spot: the way over the thread pool and
 * back is two thread switches and a dozen promises, together more than the disk takes.
 */
const DIRECT_SYNC_MS_MAX = 5;
const DIRECT_SYNC_BYTES_MAX = 64 * 1024;
/** Then a thread does other things for this many times as long: it never waits for more than a quarter of its time. */
const DIRECT_SYNC_PAUSE = 3;

class NodeFile implements StoredFile {
  readonly #descriptor: number;
  #unsyncedBytes = 0;
  #lastSyncMs = 0;
  /** No sync on the spot before this time. */
  #pausedUntilMs = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  size(): number {
    return fs.fstatSync(this.#descriptor).size;
  }

  read(position: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const count = fs.readSync(this.#descriptor, bytes, filled, length - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    this.#unsyncedBytes += bytes.byteLength;
    let written =
      bytes.byteLength <= DIRECT_WRITE_BYTES_MAX
        ? fs.writeSync(this.#descriptor, bytes, 0, bytes.byteLength, position)
        : 0;
    while (written < bytes.byteLength) {
      const rest = bytes.byteLength - written;
      written += (await writeAt(this.#descriptor, bytes, written, rest, position + written)).bytesWritten;
    }
  }

  async sync(onTheSpot = false): Promise<void> {
    const startMs = performance.now();
    const direct =
      onTheSpot &&
      this.#lastSyncMs <= DIRECT_SYNC_MS_MAX &&
      this.#unsyncedBytes <= DIRECT_SYNC_BYTES_MAX &&
      startMs >= this.#pausedUntilMs;
    this.#unsyncedBytes = 0;
    if (direct) fs.fdatasyncSync(this.#descriptor);
    else await dataSync(this.#descriptor);
    const endMs = performance.now();
    this.#lastSyncMs = endMs - startMs;
    if (direct) this.#pausedUntilMs = endMs + DIRECT_SYNC_PAUSE * this.#lastSyncMs;
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

/** The operating system's files. */
export const nodeFileSystem: FileSystem = {
  list: (directory) => fs.readdirSync(directory).sort(),
  createDirectory: (directory) => void fs.mkdirSync(directory, { recursive: true }),
  open: (path, mode) => new NodeFile(fs.openSync(path, mode === 'create' ? 'wx+' : 'r+')),
  remove: (path) => fs.unlinkSync(path),
  rename: (from, to) => fs.renameSync(from, to),
  async syncDirectory(directory) {
    const handle = await fs.promises.open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** The same, for reading alone: files are opened so that nothing can be written. */
export const readingFileSystem: FileSystem = {
  ...nodeFileSystem,
  open: (path) => new NodeFile(fs.openSync(path, 'r')),
};
