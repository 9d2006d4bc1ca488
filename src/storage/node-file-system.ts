import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { nowMs } from '../clock.js';
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
 * back is two thread switches and a dozen promises, which a slower disk hides.
 */
const DIRECT_SYNC_MS_MAX = 2;
const DIRECT_SYNC_BYTES_MAX = 64 * 1024;
/** Then a thread does other things for this many times as long: it never waits for more than half of its time. */
const DIRECT_SYNC_PAUSE = 1;

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
    if (bytes.byteLength <= DIRECT_WRITE_BYTES_MAX) {
      this.#writeAtOnce(position, bytes);
      return;
    }
    for (let written = 0; written < bytes.byteLength;) {
      const rest = bytes.byteLength - written;
      written += (await writeAt(this.#descriptor, bytes, written, rest, position + written)).bytesWritten;
    }
  }

  async sync(): Promise<void> {
    const startMs = nowMs();
    this.#unsyncedBytes = 0;
    await dataSync(this.#descriptor);
    this.#lastSyncMs = nowMs() - startMs;
  }

  storeOnTheSpot(position: number, bytes: Uint8Array): boolean {
    const startMs = nowMs();
    if (this.#lastSyncMs > DIRECT_SYNC_MS_MAX || startMs < this.#pausedUntilMs) return false;
    if (this.#unsyncedBytes + bytes.byteLength > DIRECT_SYNC_BYTES_MAX) return false;
    this.#writeAtOnce(position, bytes);
    fs.fdatasyncSync(this.#descriptor);
    this.#unsyncedBytes = 0;
    const endMs = nowMs();
    this.#lastSyncMs = endMs - startMs;
    this.#pausedUntilMs = endMs + DIRECT_SYNC_PAUSE * this.#lastSyncMs;
    return true;
  }

  #writeAtOnce(position: number, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.byteLength;)
      written += fs.writeSync(this.#descriptor, bytes, written, bytes.byteLength - written, position + written);
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
