import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { open } from 'lmdb';
import { PsmrError, invariant } from '../errors.js';
import { fields, list, nullable, number, optional, otherwise, ShapeError, text } from '../shape.js';
import { checkLmdbFile } from './lmdb-file-check.js';
import { corrupt, foreign, storageFailed } from './storage-error.js';
import { syncPath } from './sync-path.js';
import type { RootDatabase } from 'lmdb';
import type { CheckpointManifest, CheckpointStore, CheckpointWriter, PartManifest } from './checkpoint-store.js';

/** Chunks of one part on their way to disk at once. */
const WRITES_IN_FLIGHT_MAX = 4;
const CRC_BYTES = 4;

/*
 * Keys, in LMDB's order:
 *   [CHUNK, id, part, n]   crc32 (u32) and the n-th chunk of a part
 *   [MANIFEST, id]         crc32 (u32) and a CheckpointManifest as JSON; written last: its presence makes a checkpoint
 * Every crc starts from the crc of its key, so that a value under another key does not pass.
 */
export const CHUNK = 1;
export const MANIFEST = 2;
type Key = number[];

const positionFields = fields({
  index: number,
  term: number,
  membership: nullable(fields({ voters: list(number), learners: list(number) })),
});
const partFields = fields({
  part: number,
  nextIndex: number,
  // Checkpoints from before logs were replicated have neither.
  position: optional(positionFields),
  timestampMs: otherwise(number, () => 0),
  keys: number,
  hash: text(),
  chunks: number,
  bytes: number,
});
const manifestFields = fields({ id: number, takenAtMs: number, parts: list(partFields) });

function checksum(key: Key, content: Uint8Array): number {
  return crc32(content, crc32(key.join('/')));
}

function seal(key: Key, content: Uint8Array): Buffer {
  const value = Buffer.allocUnsafeSlow(CRC_BYTES + content.byteLength);
  value.writeUInt32LE(checksum(key, content), 0);
  value.set(content, CRC_BYTES);
  return value;
}

/** The content of a sealed value. Throws DATA_CORRUPT. */
export function unseal(file: string, key: Key, value: Buffer, what: string): Uint8Array {
  const content = value.subarray(CRC_BYTES);
  const sound = value.byteLength >= CRC_BYTES && value.readUInt32LE(0) === checksum(key, content);
  if (!sound) throw corrupt(file, 0, `${what} does not fit its checksum`);
  return content;
}

export function decodeManifest(file: string, id: number, content: Uint8Array): CheckpointManifest {
  try {
    const manifest = manifestFields(JSON.parse(Buffer.from(content).toString('utf8')), '');
    const parts = manifest.parts.map((part) => ({
      ...part,
      position: part.position ?? { index: part.nextIndex - 1, term: 0, membership: null },
    }));
    return { ...manifest, parts };
  } catch (thrown) {
    if (!(thrown instanceof ShapeError)) throw thrown;
    throw corrupt(file, 0, `the manifest of checkpoint ${id} lacks fields`);
  }
}

export interface LmdbCheckpointOptions {
  /**
   * Check the file before it is opened. Once per process, before any thread opens it: a check while others write
   * would find things half done. Default false.
   */
  readonly check?: boolean;
}

/**
 * Checkpoints in one LMDB environment. Every worker thread opens it for itself and writes its own part; LMDB lets them
 * commit in turn.
 */
export class LmdbCheckpointStore implements CheckpointStore {
  readonly #database: RootDatabase<Buffer, Key>;
  readonly #file: string;
  #closing: Promise<void> | null = null;

  private constructor(database: RootDatabase<Buffer, Key>, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /** Opens or creates the environment in directory `path`. Throws DATA_CORRUPT, DATA_FOREIGN, STORAGE_FAILED. */
  static open(path: string, { check = false }: LmdbCheckpointOptions = {}): LmdbCheckpointStore {
    const file = join(path, 'data.mdb');
    try {
      if (existsSync(path) && !statSync(path).isDirectory())
        throw foreign(path, 'it is a file where a directory is due');
      if (check) checkLmdbFile(file);
      const fresh = !existsSync(file);
      // Without overlappingSync a write is durable when its promise resolves.
      const database = open<Buffer, Key>({ path, encoding: 'binary', noSubdir: false, overlappingSync: false });
      if (fresh) for (const directory of [path, dirname(resolve(path))]) syncPath(directory); // its name, too
      return new LmdbCheckpointStore(database, file);
    } catch (error) {
      throw error instanceof PsmrError ? error : storageFailed(file, error);
    }
  }

  begin(id: number, part: number): CheckpointWriter {
    return new LmdbPartWriter(this.#database, this.#file, id, part);
  }

  async complete(manifest: CheckpointManifest): Promise<void> {
    const key = [MANIFEST, manifest.id];
    await this.#guarded(() => this.#database.put(key, seal(key, Buffer.from(JSON.stringify(manifest)))));
  }

  newest(): CheckpointManifest | null {
    return this.list().at(-1) ?? null;
  }

  list(): CheckpointManifest[] {
    return this.#completeIds().map((id) => this.#manifest(id));
  }

  *read(id: number, part: number): Iterable<Uint8Array> {
    const manifest = this.#manifest(id).parts.find((each) => each.part === part);
    if (manifest === undefined) throw corrupt(this.#file, 0, `checkpoint ${id} has no part ${part}`);
    let bytes = 0;
    for (let n = 0; n < manifest.chunks; n++) {
      const chunk = this.#value([CHUNK, id, part, n], `chunk ${n} of part ${part} of checkpoint ${id}`);
      bytes += chunk.byteLength;
      yield chunk;
    }
    if (bytes !== manifest.bytes)
      throw corrupt(
        this.#file,
        0,
        `part ${part} of checkpoint ${id} has ${bytes} bytes where ${manifest.bytes} are due`,
      );
  }

  async dropBelow(id: number, kept: ReadonlySet<number> = new Set()): Promise<void> {
    const stays = (key: Key): boolean => kept.has(key[1] ?? 0);
    await this.#guarded(async () => {
      await removeRange(this.#database, [CHUNK], [CHUNK, id], stays);
      await removeRange(this.#database, [MANIFEST], [MANIFEST, id], stays);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#database.close();
    return this.#closing;
  }

  #completeIds(): number[] {
    this.#database.resetReadTxn(); // other threads write too
    try {
      return [...this.#database.getKeys({ start: [MANIFEST], end: [MANIFEST + 1] })].map((key) => key[1] ?? 0);
    } catch {
      throw corrupt(this.#file, 0, 'its keys cannot be read');
    }
  }

  #manifest(id: number): CheckpointManifest {
    return decodeManifest(this.#file, id, this.#value([MANIFEST, id], `the manifest of checkpoint ${id}`));
  }

  #value(key: Key, what: string): Uint8Array {
    const value = this.#database.getBinary(key);
    if (value === undefined) throw corrupt(this.#file, 0, `${what} is missing`);
    return unseal(this.#file, key, value, what);
  }

  async #guarded(operation: () => Promise<unknown>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      throw storageFailed(this.#file, error);
    }
  }
}

async function removeRange(
  database: RootDatabase<Buffer, Key>,
  start: Key,
  end: Key,
  stays: (key: Key) => boolean = () => false,
): Promise<void> {
  database.resetReadTxn();
  const keys = [...database.getKeys({ start, end })].filter((key) => !stays(key));
  const removals = keys.map((key) => database.remove(key));
  await Promise.all(removals);
}

class LmdbPartWriter implements CheckpointWriter {
  readonly #database: RootDatabase<Buffer, Key>;
  readonly #file: string;
  readonly #id: number;
  readonly #part: number;
  readonly #inFlight: Promise<unknown>[] = [];
  readonly #cleared: Promise<void>;
  #chunks = 0;
  #bytes = 0;
  #finished = false;

  constructor(database: RootDatabase<Buffer, Key>, file: string, id: number, part: number) {
    this.#database = database;
    this.#file = file;
    this.#id = id;
    this.#part = part;
    this.#cleared = removeRange(database, [CHUNK, id, part], [CHUNK, id, part + 1]);
    this.#cleared.catch(() => undefined); // awaited by the first write
  }

  async write(chunk: Uint8Array): Promise<void> {
    invariant(!this.#finished, 'a finished part takes no more chunks');
    const key = [CHUNK, this.#id, this.#part, this.#chunks++];
    this.#bytes += chunk.byteLength;
    const value = seal(key, chunk);
    await this.#guarded(async () => {
      await this.#cleared;
      const put = this.#database.put(key, value);
      put.catch(() => undefined); // awaited in its turn
      this.#inFlight.push(put);
      if (this.#inFlight.length >= WRITES_IN_FLIGHT_MAX) await this.#inFlight.shift();
    });
  }

  async finish(part: Omit<PartManifest, 'chunks' | 'bytes'>): Promise<PartManifest> {
    this.#finished = true;
    await this.#guarded(async () => {
      await this.#cleared;
      await Promise.all(this.#inFlight);
    });
    return { ...part, chunks: this.#chunks, bytes: this.#bytes };
  }

  async #guarded(operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      throw storageFailed(this.#file, error);
    }
  }
}
