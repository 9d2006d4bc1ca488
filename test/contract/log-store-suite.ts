/** What every LogStore does, whatever it stands on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogStore } from '../../src/storage/log-store.js';

export interface LogStorePlace {
  /** Opens the same log again and again. */
  open(): Promise<LogStore>;
  remove(): void;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const piece = (value: string): Uint8Array => Buffer.from(value, 'utf8');

function fill(store: LogStore, from: number, to: number): void {
  for (let index = from; index <= to; index++) store.append(index, [piece(`record `), piece(String(index))]);
}

function contents(store: LogStore, from = store.firstIndex): string[] {
  return store.read(from, Infinity).map(({ index, bytes }) => `${index}: ${text(bytes)}`);
}

const expected = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i}: record ${from + i}`);

/** `place` makes an empty log in small files (about 2 KiB), so that a few dozen records span several. */
export function describeLogStore(name: string, makePlace: () => LogStorePlace): void {
  describe(`log store: ${name}`, () => {
    let place: LogStorePlace;
    let store: LogStore;
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await place.open();
    };

    beforeEach(async () => {
      place = makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await store.close();
      place.remove();
    });

    it('is empty and starts at index 1 when fresh', () => {
      expect([store.firstIndex, store.lastIndex, store.durableIndex, store.bytes]).toEqual([1, 0, 0, 0]);
      expect(store.read(1, 1000)).toEqual([]);
    });

    it('reads records before they are synced, while they are, and after', async () => {
      fill(store, 1, 3);
      expect(store.durableIndex).toBe(0);
      expect(contents(store)).toEqual(expected(1, 3));
      const syncing = store.sync();
      fill(store, 4, 5);
      expect(contents(store)).toEqual(expected(1, 5));
      expect(await syncing).toBeGreaterThanOrEqual(3);
      expect(contents(store)).toEqual(expected(1, 5));
      expect(await store.sync()).toBe(5);
      expect(store.durableIndex).toBe(5);
      expect(contents(store)).toEqual(expected(1, 5));
    });

    it('holds every synced record after it is opened again, over many files', async () => {
      fill(store, 1, 200);
      await store.sync();
      await reopen();
      expect(store.durableIndex).toBe(200);
      expect(contents(store)).toEqual(expected(1, 200));
      fill(store, 201, 300);
      await store.sync();
      await reopen();
      expect(contents(store)).toEqual(expected(1, 300));
    });

    it('writes what was appended when it is closed', async () => {
      fill(store, 1, 7);
      await reopen();
      expect(contents(store)).toEqual(expected(1, 7));
    });

    it('reads from any index about as many bytes as asked for, and at least one record', async () => {
      fill(store, 1, 100);
      await store.sync();
      fill(store, 101, 120);
      for (const from of [1, 2, 50, 99, 100, 101, 120]) {
        expect(store.read(from, 0).map(({ index }) => index)).toEqual([from]);
        expect(contents(store, from)).toEqual(expected(from, 120));
      }
      const some = store.read(10, 100);
      expect(some.length).toBeGreaterThan(1);
      expect(some.length).toBeLessThan(20);
      expect(store.read(121, 100)).toEqual([]);
    });

    it('keeps records that are empty or far larger than a file', async () => {
      const large = Buffer.alloc(50_000, 'x');
      store.append(1, []);
      store.append(2, [large.subarray(0, 20_000), large.subarray(20_000)]);
      store.append(3, [piece('small')]);
      await store.sync();
      await reopen();
      const [empty, big, small] = store.read(1, Infinity);
      expect(empty?.bytes.byteLength).toBe(0);
      expect(big !== undefined && large.equals(big.bytes)).toBe(true);
      expect(small !== undefined && text(small.bytes)).toBe('small');
    });

    it('keeps a copy: the pieces may change once append has returned', async () => {
      const changing = piece('before');
      store.append(1, [changing]);
      changing.fill(0);
      await store.sync();
      expect(contents(store)).toEqual(['1: before']);
    });

    it('refuses a record out of order', () => {
      fill(store, 1, 1);
      expect(() => store.append(3, [])).toThrow(/record 3/);
      expect(() => store.append(1, [])).toThrow(/record 1/);
    });

    it('lets many syncs wait at once, each covering what was appended before it', async () => {
      const covered: Promise<number>[] = [];
      for (let index = 1; index <= 50; index++) {
        fill(store, index, index);
        covered.push(store.sync());
      }
      for (const [i, durable] of (await Promise.all(covered)).entries()) expect(durable).toBeGreaterThan(i);
    });

    it('drops whole files below an index and keeps all from it on', async () => {
      fill(store, 1, 200);
      await store.sync();
      const before = store.bytes;
      await store.truncateBelow(150);
      expect(store.firstIndex).toBeGreaterThan(50);
      expect(store.firstIndex).toBeLessThanOrEqual(150);
      expect(store.bytes).toBeLessThan(before);
      const { firstIndex } = store;
      await reopen();
      expect(store.firstIndex).toBe(firstIndex);
      expect(contents(store, 150)).toEqual(expected(150, 200));
    });

    it('goes on after everything was truncated below', async () => {
      fill(store, 1, 200);
      await store.sync();
      await store.truncateBelow(201);
      expect(store.lastIndex).toBe(200);
      fill(store, 201, 202);
      await reopen();
      expect(contents(store, 201)).toEqual(expected(201, 202));
    });

    it.each([0, 1, 90, 199, 200])('drops the records above %i and takes others in their place', async (cut) => {
      fill(store, 1, 190);
      await store.sync();
      fill(store, 191, 200);
      await store.truncateAbove(cut);
      expect(store.lastIndex).toBe(cut);
      expect(store.durableIndex).toBeLessThanOrEqual(cut);
      await reopen();
      expect(contents(store)).toEqual(expected(1, cut));
      store.append(cut + 1, [piece('other')]);
      await reopen();
      expect(contents(store)).toEqual([...expected(1, cut), `${cut + 1}: other`]);
    });

    it.each([1, 90, 201, 5000])('begins anew at record %i, whatever it held', async (index) => {
      fill(store, 1, 190);
      await store.sync();
      fill(store, 191, 200);
      await store.restartAt(index);
      expect([store.firstIndex, store.lastIndex, store.durableIndex]).toEqual([index, index - 1, index - 1]);
      expect([store.bytes, store.read(index, 1000)]).toEqual([0, []]);
      await reopen();
      expect([store.firstIndex, store.lastIndex]).toEqual([index, index - 1]);
      fill(store, index, index + 99);
      expect(await store.sync()).toBe(index + 99);
      await reopen();
      expect(contents(store)).toEqual(expected(index, index + 99));
    });

    it('begins anew twice, also where it is empty', async () => {
      await store.restartAt(50);
      await store.restartAt(50);
      await store.restartAt(7);
      fill(store, 7, 8);
      await reopen();
      expect(contents(store)).toEqual(expected(7, 8));
    });

    it('takes nothing more from when its close begins, and is whole when it is opened again', async () => {
      const stopped = expect.objectContaining({ code: 'ENGINE_STOPPED' }) as Error;
      fill(store, 1, 5);
      const closing = store.close();
      for (let turn = 0; turn < 20; turn++) {
        expect(() => fill(store, 6, 6)).toThrow(stopped);
        await new Promise(setImmediate);
      }
      await closing;
      expect(() => fill(store, 6, 6)).toThrow(stopped);
      expect(() => store.read(1, 1)).toThrow(stopped);
      await expect(store.sync()).rejects.toThrow(stopped);
      await expect(store.truncateBelow(3)).rejects.toThrow(stopped);
      await expect(store.truncateAbove(3)).rejects.toThrow(stopped);
      await expect(store.restartAt(3)).rejects.toThrow(stopped);
      store = await place.open();
      expect(contents(store)).toEqual(expected(1, 5));
    });

    it('may be closed twice', async () => {
      await store.close();
      await store.close();
    });
  });
}
