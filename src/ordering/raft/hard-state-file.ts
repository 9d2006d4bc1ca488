/**
 * The term and the vote of one replica in one group, on disk. Two slots of 512 bytes, written in turn. A slot is one
 * sector, which disks write wholly or not at all: a crash leaves it as it was or as it was to be. So a slot that cannot
 * be read is damage, never the rest of a write; and it may have been the newer one, whose vote must not be given again.
 *
 *   slot   0 u32 crc32 of the rest | 4 u32 'PSHS' | 8 f64 count | 16 f64 term | 24 f64 voted for | 32 u32 replica |
 *          36 u32 group | 40 u32 of the cluster's name | zeros
 */
import { crc32 } from 'node:zlib';
import { basename, dirname } from 'node:path';
import { PsmrError } from '../../errors.js';
import type { FileSystem, StoredFile } from '../../storage/file-system.js';
import type { LogStore } from '../../storage/log-store.js';
import { corrupt, mismatch, storageFailed } from '../../storage/storage-error.js';
import type { HardState, ReplicaId } from './raft-types.js';

const SLOT_BYTES = 512;
const MAGIC = 0x5348_5350;

/** Whose hard state it is: a copied disk must not vote in somebody else's name. */
export interface HardStateOwner {
  readonly cluster: string;
  readonly replica: ReplicaId;
  readonly group: number;
}

interface Slot {
  readonly count: number;
  readonly state: HardState;
  readonly owner: { readonly replica: number; readonly group: number; readonly cluster: number };
}

export class HardStateFile {
  readonly #file: StoredFile;
  readonly #path: string;
  readonly #owner: HardStateOwner;
  #count: number;
  #state: HardState;
  #writing: Promise<void> = Promise.resolve();
  #open = 0;

  private constructor(file: StoredFile, path: string, owner: HardStateOwner, slot: Slot) {
    this.#file = file;
    this.#path = path;
    this.#owner = owner;
    this.#count = slot.count;
    this.#state = slot.state;
  }

  /**
   * Opens it; creates it beside a log that was never written to. Beside another one it has been there, and a vote that is
   * forgotten is given twice. Throws DATA_CORRUPT, DATA_MISMATCH (another replica's), STORAGE_FAILED.
   */
  static async open(
    fileSystem: FileSystem,
    path: string,
    owner: HardStateOwner,
    log: Pick<LogStore, 'firstIndex' | 'lastIndex'>,
  ): Promise<HardStateFile> {
    try {
      const directory = dirname(path);
      fileSystem.createDirectory(directory);
      if (!fileSystem.list(directory).includes(basename(path))) {
        checkMayBeMissing(path, log);
        await create(fileSystem, path, owner);
      }
      const file = fileSystem.open(path, 'existing');
      try {
        return new HardStateFile(file, path, owner, newestSlot(file, path, owner));
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      throw error instanceof PsmrError ? error : storageFailed(path, error);
    }
  }

  /** The newest written. */
  get state(): HardState {
    return this.#state;
  }

  /** Newer ones are still to be written. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** Resolves when it is durable; one at a time, in the order of the calls. Rejects with STORAGE_FAILED. */
  write(state: HardState): Promise<void> {
    this.#open++;
    this.#writing = this.#writing.then(() => this.#write(state));
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#file.close();
  }

  async #write(state: HardState): Promise<void> {
    this.#count++;
    try {
      await this.#file.write((this.#count % 2) * SLOT_BYTES, encodeSlot(this.#count, state, this.#owner));
      await this.#file.sync();
    } catch (error) {
      throw error instanceof PsmrError ? error : storageFailed(this.#path, error);
    }
    this.#state = state;
    this.#open--;
  }
}

/**
 * What `open` would find, without changing anything. Null: it is not there yet. Throws DATA_CORRUPT, DATA_MISMATCH
 * (another replica's), STORAGE_FAILED.
 */
export function readHardState(
  fileSystem: FileSystem,
  path: string,
  owner: HardStateOwner,
  log: Pick<LogStore, 'firstIndex' | 'lastIndex'>,
): HardState | null {
  try {
    if (!isThere(fileSystem, path)) {
      checkMayBeMissing(path, log);
      return null;
    }
    const file = fileSystem.open(path, 'existing');
    try {
      return newestSlot(file, path, owner).state;
    } finally {
      file.close();
    }
  } catch (error) {
    throw error instanceof PsmrError ? error : storageFailed(path, error);
  }
}

function isThere(fileSystem: FileSystem, path: string): boolean {
  const directory = dirname(path);
  if (!fileSystem.list(dirname(directory)).includes(basename(directory))) return false;
  return fileSystem.list(directory).includes(basename(path));
}

function checkMayBeMissing(path: string, { firstIndex, lastIndex }: Pick<LogStore, 'firstIndex' | 'lastIndex'>): void {
  if (firstIndex > 1 || lastIndex > 0)
    throw corrupt(path, 0, 'term and vote are missing, though the log has been written to');
}

/** The file gets its name when both of its slots are durable: under it there is never less. */
async function create(fileSystem: FileSystem, path: string, owner: HardStateOwner): Promise<void> {
  const directory = dirname(path);
  const unnamed = `${path}.new`;
  if (fileSystem.list(directory).includes(basename(unnamed))) fileSystem.remove(unnamed);
  const file = fileSystem.open(unnamed, 'create');
  try {
    const slot = encodeSlot(0, { term: 0, votedFor: 0 }, owner);
    await file.write(0, Buffer.concat([slot, slot]));
    await file.sync();
  } finally {
    file.close();
  }
  fileSystem.rename(unnamed, path);
  await fileSystem.syncDirectory(directory);
  await fileSystem.syncDirectory(dirname(directory));
}

function encodeSlot(count: number, { term, votedFor }: HardState, owner: HardStateOwner): Uint8Array {
  const bytes = new Uint8Array(SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, MAGIC, true);
  view.setFloat64(8, count, true);
  view.setFloat64(16, term, true);
  view.setFloat64(24, votedFor, true);
  view.setUint32(32, owner.replica, true);
  view.setUint32(36, owner.group, true);
  view.setUint32(40, crc32(owner.cluster), true);
  view.setUint32(0, crc32(bytes.subarray(4)), true);
  return bytes;
}

/** Null: damaged. */
function readSlot(bytes: Uint8Array): Slot | null {
  if (bytes.byteLength !== SLOT_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(4, true) !== MAGIC || view.getUint32(0, true) !== crc32(bytes.subarray(4))) return null;
  return {
    count: view.getFloat64(8, true),
    state: { term: view.getFloat64(16, true), votedFor: view.getFloat64(24, true) },
    owner: { replica: view.getUint32(32, true), group: view.getUint32(36, true), cluster: view.getUint32(40, true) },
  };
}

function newestSlot(file: StoredFile, path: string, owner: HardStateOwner): Slot {
  const size = file.size();
  if (size !== 2 * SLOT_BYTES) throw corrupt(path, size, `it has ${size} bytes where ${2 * SLOT_BYTES} were written`);
  const slotAt = (at: number): Slot => {
    const slot = readSlot(file.read(at, SLOT_BYTES));
    if (slot === null) throw corrupt(path, at, 'a copy of term and vote, maybe the newer one, cannot be read');
    return slot;
  };
  const [even, odd] = [slotAt(0), slotAt(SLOT_BYTES)];
  const newest = odd.count > even.count ? odd : even;
  const { replica, group, cluster } = newest.owner;
  if (replica !== owner.replica || group !== owner.group || cluster !== crc32(owner.cluster))
    throw mismatch(
      path,
      `${path} is that of replica ${replica}, group ${group}, in ${cluster === crc32(owner.cluster) ? 'this' : 'another'} cluster`,
    );
  return newest;
}
