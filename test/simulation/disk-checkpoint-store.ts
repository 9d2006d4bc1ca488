/**
 * Checkpoints as files of the disk that loses power: stands in for LMDB, which cannot be put on a simulated disk, and
 * promises what it does. A file per part, a manifest that is renamed into place.
 */
import { PsmrError } from '../../src/errors.js';
import type {
  CheckpointManifest,
  CheckpointStore,
  CheckpointWriter,
  PartManifest,
} from '../../src/storage/checkpoint-store.js';
import type { FileSystem } from '../../src/storage/file-system.js';

const LENGTH_BYTES = 4;

export class DiskCheckpointStore implements CheckpointStore {
  readonly #files: FileSystem;
  readonly #directory: string;

  constructor(files: FileSystem, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  begin(id: number, part: number): CheckpointWriter {
    const path = this.#part(id, part);
    if (this.#has(path)) this.#files.remove(path);
    const file = this.#files.open(path, 'create');
    let bytes = 0;
    let chunks = 0;
    return {
      write: async (chunk) => {
        const record = Buffer.alloc(LENGTH_BYTES + chunk.byteLength);
        record.writeUInt32LE(chunk.byteLength);
        record.set(chunk, LENGTH_BYTES);
        const position = bytes + chunks * LENGTH_BYTES;
        bytes += chunk.byteLength;
        chunks++;
        await file.write(position, record);
      },
      finish: async (part): Promise<PartManifest> => {
        await file.sync();
        await this.#files.syncDirectory(this.#directory);
        return { ...part, chunks, bytes };
      },
    };
  }

  async complete(manifest: CheckpointManifest): Promise<void> {
    const draft = `${this.#directory}/draft`;
    if (this.#has(draft)) this.#files.remove(draft);
    const file = this.#files.open(draft, 'create');
    await file.write(0, Buffer.from(JSON.stringify(manifest)));
    await file.sync();
    this.#files.rename(draft, `${this.#directory}/manifest-${manifest.id}`);
    await this.#files.syncDirectory(this.#directory);
  }

  newest(): CheckpointManifest | null {
    return this.list().at(-1) ?? null;
  }

  list(): CheckpointManifest[] {
    return this.#files
      .list(this.#directory)
      .filter((name) => name.startsWith('manifest-'))
      .map((name) => JSON.parse(this.#content(`${this.#directory}/${name}`).toString()) as CheckpointManifest)
      .sort((a, b) => a.id - b.id);
  }

  *read(id: number, part: number): Iterable<Uint8Array> {
    const manifest = this.list().find((each) => each.id === id);
    const due = manifest?.parts.find((each) => each.part === part);
    const path = this.#part(id, part);
    const content = this.#has(path) ? this.#content(path) : null;
    if (due === undefined || content?.byteLength !== due.bytes + due.chunks * LENGTH_BYTES)
      throw new PsmrError('DATA_CORRUPT', `Checkpoint ${id} has no whole part ${part}. Take a new one.`);
    for (let position = 0, left = due.chunks; left > 0; left--) {
      const end = position + LENGTH_BYTES + content.readUInt32LE(position);
      yield content.subarray(position + LENGTH_BYTES, end);
      position = end;
    }
  }

  async dropBelow(id: number, kept: ReadonlySet<number> = new Set()): Promise<void> {
    for (const name of this.#files.list(this.#directory)) {
      const of = /^(?:manifest|part)-(\d+)/.exec(name)?.[1];
      // The manifests first: none may name a part that is gone.
      if (of !== undefined && Number(of) < id && !kept.has(Number(of)))
        this.#files.remove(`${this.#directory}/${name}`);
    }
    await this.#files.syncDirectory(this.#directory);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #part(id: number, part: number): string {
    return `${this.#directory}/part-${id}-${part}`;
  }

  #has(path: string): boolean {
    return this.#files.list(this.#directory).some((name) => `${this.#directory}/${name}` === path);
  }

  #content(path: string): Buffer {
    const file = this.#files.open(path, 'existing');
    const bytes = file.read(0, file.size());
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}
