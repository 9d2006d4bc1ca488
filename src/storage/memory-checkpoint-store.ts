import { PsmrError, invariant } from '../errors.js';
import type { CheckpointManifest, CheckpointStore, CheckpointWriter, PartManifest } from './checkpoint-store.js';

/** Checkpoints in memory, for engines without a data directory and for tests. */
export class MemoryCheckpointStore implements CheckpointStore {
  /** By `id/part`. */
  readonly #chunks = new Map<string, Uint8Array[]>();
  readonly #manifests = new Map<number, CheckpointManifest>();

  begin(id: number, part: number): CheckpointWriter {
    const chunks: Uint8Array[] = [];
    this.#chunks.set(`${id}/${part}`, chunks);
    let finished = false;
    return {
      write: async (chunk) => {
        invariant(!finished, 'a finished part takes no more chunks');
        chunks.push(chunk.slice());
        await Promise.resolve();
      },
      finish: async (manifest): Promise<PartManifest> => {
        finished = true;
        await Promise.resolve();
        return { ...manifest, chunks: chunks.length, bytes: chunks.reduce((sum, each) => sum + each.byteLength, 0) };
      },
    };
  }

  async complete(manifest: CheckpointManifest): Promise<void> {
    this.#manifests.set(manifest.id, manifest);
    await Promise.resolve();
  }

  newest(): CheckpointManifest | null {
    return this.list().at(-1) ?? null;
  }

  list(): CheckpointManifest[] {
    return [...this.#manifests.values()].sort((a, b) => a.id - b.id);
  }

  *read(id: number, part: number): Iterable<Uint8Array> {
    const manifest = this.#manifests.get(id)?.parts.find((each) => each.part === part);
    const chunks = this.#chunks.get(`${id}/${part}`);
    if (manifest === undefined || chunks?.length !== manifest.chunks)
      throw new PsmrError(
        'DATA_CORRUPT',
        `Checkpoint ${id} has no whole part ${part} in memory. Take a new checkpoint.`,
      );
    yield* chunks;
  }

  async dropBelow(id: number, kept: ReadonlySet<number> = new Set()): Promise<void> {
    const goes = (each: number): boolean => each < id && !kept.has(each);
    for (const key of [...this.#chunks.keys()]) if (goes(Number(key.split('/')[0]))) this.#chunks.delete(key);
    for (const key of [...this.#manifests.keys()]) if (goes(key)) this.#manifests.delete(key);
    await Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}
