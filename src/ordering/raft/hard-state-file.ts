/**
 * The term and the vote of one replica in one group, on disk. Two slots of 512 bytes, written in turn: a write that
 * a crash interrupts leaves the other slot as it was.
 *
 *   slot   0 u32 crc32 of the rest | 4 u32 'PSHS' | 8 f64 count | 16 f64 term | 24 f64 voted for | 32 u32 replica |
 *          36 u32 group | 40 u32 of the cluster's name
 */
import { crc32 } from 'node:zlib';
import { basename, dirname } from 'node:path';
import { invariant, PsmrError } from '../../errors.js';
import type { FileSystem, StoredFile } from '../../storage/file-system.js';
import { corrupt, mismatch, storageFailed } from '../../storage/storage-error.js';
import type { HardState, ReplicaId } from './raft-types.js';

const SLOT_BYTES = 512;
const USED_BYTES = 44;
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

  private constructor(file: StoredFile, path: string, owner: HardStateOwner, slot: Slot | null) {
    this.#file = file;
    this.#path = path;
    this.#owner = owner;
    this.#count = slot?.count ?? 0;
    this.#state = slot?.state ?? { term: 0, votedFor: 0 };
  }

  /** Opens or creates it. Throws DATA_CORRUPT, DATA_MISMATCH (another replica's), STORAGE_FAILED. */
  static async open(fileSystem: FileSystem, path: string, owner: HardStateOwner): Promise<HardStateFile> {
    try {
      const names = fileSystem.list(dirname(path));
      const file = names.includes(basename(path))
        ? fileSystem.open(path, 'existing')
        : await createFile(fileSystem, path, names);
      return new HardStateFile(file, path, owner, newestSlot(file, path, owner));
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

/** It gets its name when it is whole: a crash before leaves none, and a file that is too short was damaged. */
async function createFile(fileSystem: FileSystem, path: string, names: readonly string[]): Promise<StoredFile> {
  const unnamed = `${path}.new`;
  if (names.includes(basename(unnamed))) fileSystem.remove(unnamed);
  const file = fileSystem.open(unnamed, 'create');
  await file.write(0, new Uint8Array(2 * SLOT_BYTES));
  await file.sync();
  fileSystem.rename(unnamed, path);
  await fileSystem.syncDirectory(dirname(path));
  return file;
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
  view.setUint32(0, crc32(bytes.subarray(4, USED_BYTES)), true);
  return bytes;
}

/** 'fresh': never written. 'torn': its write was interrupted, or it is damaged. */
function readSlot(bytes: Uint8Array): Slot | 'fresh' | 'torn' {
  if (bytes.byteLength < SLOT_BYTES) return 'torn';
  if (bytes.every((byte) => byte === 0)) return 'fresh';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(4, true) !== MAGIC || view.getUint32(0, true) !== crc32(bytes.subarray(4, USED_BYTES)))
    return 'torn';
  return {
    count: view.getFloat64(8, true),
    state: { term: view.getFloat64(16, true), votedFor: view.getFloat64(24, true) },
    owner: { replica: view.getUint32(32, true), group: view.getUint32(36, true), cluster: view.getUint32(40, true) },
  };
}

function newestSlot(file: StoredFile, path: string, owner: HardStateOwner): Slot | null {
  const slots = [0, 1].map((place) => readSlot(file.read(place * SLOT_BYTES, SLOT_BYTES)));
  const whole = slots.filter((slot) => slot !== 'fresh' && slot !== 'torn');
  const newest = whole.sort((a, b) => b.count - a.count)[0];
  const torn = slots.filter((slot) => slot === 'torn').length;
  if (newest === undefined) {
    // The very first write was interrupted: the replica has told nobody of any term.
    if (torn <= 1) return null;
    throw corrupt(path, 0, 'neither of its two copies of term and vote can be read');
  }
  const { replica, group, cluster } = newest.owner;
  if (replica !== owner.replica || group !== owner.group || cluster !== crc32(owner.cluster))
    throw mismatch(
      path,
      `${path} is that of replica ${replica}, group ${group}, in ${cluster === crc32(owner.cluster) ? 'this' : 'another'} cluster`,
    );
  invariant(Number.isSafeInteger(newest.state.term), 'a term is an integer');
  return newest;
}
