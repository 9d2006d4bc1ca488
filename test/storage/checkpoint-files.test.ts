import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeManifest, LmdbCheckpointStore } from '../../src/storage/lmdb-checkpoint-store.js';
import { checkLmdbFile } from '../../src/storage/lmdb-file-check.js';
import { writeCheckpoint } from '../contract/checkpoint-store-suite.js';
import { seededRandom } from '../seeded-random.js';

let directory: string;
let file: string;
const open = (): LmdbCheckpointStore => LmdbCheckpointStore.open(directory, { check: true });
const refused = (code: string): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining({ file }) as unknown });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'psmr-checkpoints-'));
  file = join(directory, 'data.mdb');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function fill(): Promise<void> {
  const store = open();
  for (let id = 1; id <= 4; id++) {
    await writeCheckpoint(store, id, 3);
    await store.dropBelow(id);
  }
  await store.close();
}

describe('the checkpoint file', () => {
  it('is sound after checkpoints were written and dropped, and opens again', async () => {
    await fill();
    const store = open();
    expect(store.list().map(({ id }) => id)).toEqual([4]);
    expect([...store.read(4, 2)]).toHaveLength(405);
    await store.close();
  });

  it.each([
    ['noise', Buffer.from(Array.from({ length: 65_536 }, seededRandom(3), (x: number) => x * 256))],
    ['a short text', Buffer.from('hello')],
    ['zeros', Buffer.alloc(16_384)],
  ])('is refused when it is %s', (_, bytes) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, bytes);
    expect(open).toThrow(refused('DATA_FOREIGN'));
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it('is refused when it is cut short', async () => {
    await fill();
    for (const bytes of [8192, 4096, 2000]) {
      truncateSync(file, bytes);
      expect(open).toThrow(refused('DATA_CORRUPT'));
    }
  });

  it('may be empty: the process ended before anything was written', () => {
    writeFileSync(file, '');
    expect(() => checkLmdbFile(file)).not.toThrow();
  });

  it('is refused when a page of its trees is overwritten', async () => {
    await fill();
    const sound = readFileSync(file);
    let refusals = 0;
    for (let page = 0; page * 4096 < sound.byteLength; page++) {
      const flags = sound.readUInt16LE(page * 4096 + 18);
      if (flags !== 1 && flags !== 2 && flags !== 8) continue;
      const bytes = Buffer.from(sound);
      bytes.fill(0xa5, page * 4096, page * 4096 + 2048);
      writeFileSync(file, bytes);
      try {
        checkLmdbFile(file); // a page that is free may hold anything
      } catch (error) {
        expect(error).toMatchObject({ code: page === 0 ? 'DATA_FOREIGN' : 'DATA_CORRUPT' });
        refusals++;
      }
    }
    expect(refusals).toBeGreaterThan(5);
  });

  it('gives out no chunk whose bytes changed', async () => {
    await fill();
    const bytes = readFileSync(file);
    const chunk = Buffer.from('4/2/300 4/2/300');
    for (let at = bytes.indexOf(chunk); at >= 0; at = bytes.indexOf(chunk, at + 1)) bytes[at] = 0x35;
    writeFileSync(file, bytes);
    const store = open();
    expect(() => [...store.read(4, 2)]).toThrow(refused('DATA_CORRUPT'));
    await store.close();
  });

  it('reads manifests from before logs were replicated', () => {
    const part = { part: 1, nextIndex: 6, keys: 2, hash: '00', chunks: 1, bytes: 10 };
    const manifest = { id: 5, takenAtMs: 1, parts: [part] };
    expect(decodeManifest(file, 5, Buffer.from(JSON.stringify(manifest))).parts).toEqual([
      { ...part, timestampMs: 0, position: { index: 5, term: 0, membership: null } },
    ]);
  });

  it('is created with its directory', async () => {
    const store = LmdbCheckpointStore.open(join(directory, 'a', 'b'));
    expect(existsSync(join(directory, 'a', 'b', 'data.mdb'))).toBe(true);
    await store.close();
  });
});
