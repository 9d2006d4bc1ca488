/** What every CheckpointStore does, whatever it stands on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointManifest, CheckpointStore, PartManifest } from '../../src/storage/checkpoint-store.js';

const PART = {
  nextIndex: 8,
  position: { index: 7, term: 3, membership: { voters: [1, 2, 3], learners: [4] } },
  timestampMs: 1_700_000_000_000,
  keys: 3,
  hash: '0123456789abcdef',
};

/** Chunks of many sizes, each unlike the others. */
const chunksOf = (id: number, part: number, count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => Buffer.from(`${id}/${part}/${n} `.repeat(1 + ((n * 131) % 900))));

async function writePart(store: CheckpointStore, id: number, part: number, count: number): Promise<PartManifest> {
  const writer = store.begin(id, part);
  for (const chunk of chunksOf(id, part, count)) await writer.write(chunk);
  return writer.finish({ part, ...PART });
}

export async function writeCheckpoint(store: CheckpointStore, id: number, parts: number): Promise<CheckpointManifest> {
  const written = await Promise.all(
    Array.from({ length: parts }, (_, part) => writePart(store, id, part, 5 + 200 * part)),
  );
  const manifest = { id, takenAtMs: 1_700_000_000_000 + id, parts: written };
  await store.complete(manifest);
  return manifest;
}

const contents = (store: CheckpointStore, id: number, part: number): string =>
  Buffer.concat([...store.read(id, part)]).toString();

export function describeCheckpointStore(
  name: string,
  make: () => { readonly store: CheckpointStore; remove(): void },
): void {
  describe(`checkpoint store: ${name}`, () => {
    let store: CheckpointStore;
    let remove: () => void;
    beforeEach(() => {
      ({ store, remove } = make());
    });
    afterEach(async () => {
      await store.close();
      remove();
    });

    it('has no checkpoint when fresh', () => {
      expect(store.newest()).toBeNull();
      expect(store.list()).toEqual([]);
    });

    it('gives back every chunk of every part in the order written', async () => {
      const manifest = await writeCheckpoint(store, 12, 4);
      expect(store.newest()).toEqual(manifest);
      for (let part = 0; part < 4; part++) {
        const chunks = [...store.read(12, part)].map((chunk) => Buffer.from(chunk).toString());
        expect(chunks.join() === chunksOf(12, part, 5 + 200 * part).join()).toBe(true);
      }
    });

    it('counts chunks and bytes, and allows a part of none', async () => {
      const part = await writePart(store, 1, 2, 3);
      const bytes = chunksOf(1, 2, 3).reduce((sum, chunk) => sum + chunk.byteLength, 0);
      expect(part).toEqual({ part: 2, ...PART, chunks: 3, bytes });
      expect(await writePart(store, 1, 3, 0)).toMatchObject({ chunks: 0, bytes: 0 });
    });

    it('does not count a checkpoint before it is complete', async () => {
      await writeCheckpoint(store, 5, 1);
      await writePart(store, 9, 0, 3);
      expect(store.newest()?.id).toBe(5);
      expect(store.list().map(({ id }) => id)).toEqual([5]);
    });

    it('begins a part again from nothing', async () => {
      await writePart(store, 7, 0, 20);
      const part = await writePart(store, 7, 0, 2);
      await store.complete({ id: 7, takenAtMs: 1, parts: [part] });
      expect(contents(store, 7, 0)).toBe(Buffer.concat(chunksOf(7, 0, 2)).toString());
    });

    it('lists complete checkpoints from oldest to newest, whatever their ids', async () => {
      for (const id of [300, 2, 70_000_000_000, 45]) await writeCheckpoint(store, id, 1);
      expect(store.list().map(({ id }) => id)).toEqual([2, 45, 300, 70_000_000_000]);
      expect(store.newest()?.id).toBe(70_000_000_000);
    });

    it('drops what is older, finished or not, and keeps what is newer', async () => {
      await writeCheckpoint(store, 3, 2);
      await writePart(store, 4, 0, 3);
      const kept = await writeCheckpoint(store, 5, 2);
      const underWay = store.begin(6, 0);
      for (const chunk of chunksOf(6, 0, 3)) await underWay.write(chunk);
      await store.dropBelow(5);
      expect(store.list()).toEqual([kept]);
      expect(contents(store, 5, 1)).toBe(Buffer.concat(chunksOf(5, 1, 205)).toString());
      await store.complete({ id: 6, takenAtMs: 1, parts: [await underWay.finish({ part: 0, ...PART })] });
      expect(contents(store, 6, 0)).toBe(Buffer.concat(chunksOf(6, 0, 3)).toString());
    });

    it('keeps of what is older what it is told to keep', async () => {
      const kept = await writeCheckpoint(store, 3, 2);
      for (const id of [2, 4]) await writeCheckpoint(store, id, 1);
      const newest = await writeCheckpoint(store, 5, 1);
      await store.dropBelow(5, new Set([3]));
      expect(store.list()).toEqual([kept, newest]);
      expect(contents(store, 3, 1)).toBe(Buffer.concat(chunksOf(3, 1, 205)).toString());
    });

    it('says that a part is not there, or not whole', async () => {
      const manifest = await writeCheckpoint(store, 3, 1);
      expect(() => [...store.read(3, 1)]).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
      const [part] = manifest.parts;
      await store.complete({ ...manifest, parts: part === undefined ? [] : [{ ...part, chunks: part.chunks + 1 }] });
      expect(() => [...store.read(3, 0)]).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
    });
  });
}
