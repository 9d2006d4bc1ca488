/**
 * A disk in memory that can lose power, for tests and simulation. It keeps apart what was synced and what was only
 * written: losing power keeps all of the former and, by the given randomness, any sectors of the latter in any order,
 * and of the changes to a directory the first few.
 */
import { dirname } from 'node:path';
import { SECTOR_BYTES } from './segment-format.js';
import type { FileSystem, StoredFile } from './file-system.js';

export type DiskOperation = 'open' | 'write' | 'sync' | 'remove' | 'rename' | 'syncDirectory';

interface UnsyncedWrite {
  readonly position: number;
  readonly bytes: Uint8Array;
}

function put(content: Uint8Array, position: number, bytes: Uint8Array): Uint8Array {
  const end = position + bytes.byteLength;
  let target = content;
  if (end > content.byteLength) {
    target = new Uint8Array(end);
    target.set(content);
  }
  target.set(bytes, position);
  return target;
}

class Content {
  current: Uint8Array;
  #stable: Uint8Array;
  #unsynced: UnsyncedWrite[] = [];

  constructor(bytes: Uint8Array) {
    this.current = bytes.slice();
    this.#stable = bytes.slice();
  }

  write(position: number, bytes: Uint8Array): void {
    this.current = put(this.current, position, bytes);
    this.#unsynced.push({ position, bytes: bytes.slice() });
  }

  sync(): void {
    for (const { position, bytes } of this.#unsynced) this.#stable = put(this.#stable, position, bytes);
    this.#unsynced = [];
  }

  /** What is on the platter after a power cut: each sector of an unsynced write is there or not. */
  surviving(keep: () => boolean): Uint8Array {
    let content: Uint8Array = this.#stable.slice();
    for (const { position, bytes } of this.#unsynced) {
      for (let from = 0; from < bytes.byteLength;) {
        const to = Math.min(bytes.byteLength, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES));
        if (keep()) content = put(content, position + from, bytes.subarray(from, to));
        from = to;
      }
    }
    return content;
  }
}

interface NameChange {
  readonly directory: string;
  readonly apply: (names: Map<string, Content>) => void;
}

/** Power is off: nothing works until the disk is `restarted`. */
export class PowerLoss extends Error {}

export class MemoryDisk implements FileSystem {
  readonly #names = new Map<string, Content>();
  readonly #stableNames = new Map<string, Content>();
  #changes: NameChange[] = [];
  #operations = 0;
  #powerOffAt = Infinity;
  #failing = new Map<DiskOperation, Error>();
  #held: { readonly under: string; readonly until: Promise<void> } | null = null;

  constructor(files: Iterable<readonly [path: string, bytes: Uint8Array]> = []) {
    for (const [path, bytes] of files) {
      const content = new Content(bytes);
      this.#names.set(path, content);
      this.#stableNames.set(path, content);
    }
  }

  /** Operations begun so far: the crash points. */
  get operations(): number {
    return this.#operations;
  }

  /** Loses power in the midst of operation `number` (1: the first one from the start). */
  powerOffAt(number: number): void {
    this.#powerOffAt = number;
  }

  /** Lets every operation of a kind fail from now on; null: no more. */
  fail(operation: DiskOperation, error: Error | null): void {
    if (error === null) this.#failing.delete(operation);
    else this.#failing.set(operation, error);
  }

  /** Holds all syncs of files whose paths begin with `under` until the returned function is called. */
  holdSyncs(under = ''): () => void {
    let release: () => void = () => undefined;
    this.#held = { under, until: new Promise((resolve) => (release = resolve)) };
    return () => {
      this.#held = null;
      release();
    };
  }

  /** The disk as it is found when power is back. `random`: in [0, 1), decides what of the unsynced survived. */
  restarted(random: () => number): MemoryDisk {
    const names = new Map(this.#stableNames);
    const kept = Math.floor(random() * (this.#changes.length + 1));
    for (const { apply } of this.#changes.slice(0, kept)) apply(names);
    const chance = Math.floor(random() * 3) / 2; // none, half or all of the sectors
    return new MemoryDisk([...names].map(([path, content]) => [path, content.surviving(() => random() < chance)]));
  }

  /** The content of a file, as a program reads it. */
  bytesOf(path: string): Uint8Array {
    return this.#contentOf(path).current.slice();
  }

  list(directory: string): string[] {
    const prefix = `${directory}/`;
    return [...this.#names.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
      .sort();
  }

  createDirectory(): void {
    // Directories are only prefixes here.
  }

  open(path: string, mode: 'existing' | 'create'): StoredFile {
    this.#begin('open');
    if (mode === 'create') this.#create(path);
    return this.#fileOf(path, this.#contentOf(path));
  }

  remove(path: string): void {
    this.#contentOf(path);
    this.#change(path, (names) => names.delete(path));
    this.#begin('remove');
  }

  rename(from: string, to: string): void {
    const content = this.#contentOf(from);
    this.#change(to, (names) => {
      names.delete(from);
      names.set(to, content);
    });
    this.#begin('rename');
  }

  async syncDirectory(directory: string): Promise<void> {
    await Promise.resolve();
    this.#begin('syncDirectory');
    for (const change of this.#changes) if (change.directory === directory) change.apply(this.#stableNames);
    this.#changes = this.#changes.filter((change) => change.directory !== directory);
  }

  #create(path: string): void {
    if (this.#names.has(path)) throw new Error(`EEXIST: ${path}`);
    const content = new Content(new Uint8Array(0));
    this.#change(path, (names) => names.set(path, content));
  }

  /** Takes effect at once and, like a real directory's change, may or may not outlive a power cut. */
  #change(path: string, apply: NameChange['apply']): void {
    this.#checkPower();
    apply(this.#names);
    this.#changes.push({ directory: dirname(path), apply });
  }

  #fileOf(path: string, content: Content): StoredFile {
    return {
      size: () => content.current.byteLength,
      read: (position, length) => content.current.slice(position, position + length),
      write: async (position, bytes) => {
        await Promise.resolve();
        this.#checkPower();
        content.write(position, bytes);
        this.#begin('write');
      },
      sync: async () => {
        if (this.#held !== null && path.startsWith(this.#held.under)) await this.#held.until;
        this.#begin('sync');
        content.sync();
      },
      storeOnTheSpot: (position, bytes) => {
        if (this.#held !== null && path.startsWith(this.#held.under)) return false;
        this.#checkPower();
        content.write(position, bytes);
        this.#begin('write');
        this.#begin('sync');
        content.sync();
        return true;
      },
      close: () => undefined,
    };
  }

  #contentOf(path: string): Content {
    const content = this.#names.get(path);
    if (content === undefined) throw new Error(`ENOENT: ${path}`);
    return content;
  }

  #checkPower(): void {
    if (this.#operations >= this.#powerOffAt) throw new PowerLoss('the power is off');
  }

  #begin(operation: DiskOperation): void {
    this.#checkPower();
    this.#operations += 1;
    this.#checkPower();
    const error = this.#failing.get(operation);
    if (error !== undefined) throw error;
  }
}
