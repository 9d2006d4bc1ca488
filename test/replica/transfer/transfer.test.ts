import { describe, expect, it } from 'vitest';
import type { TransferProgress } from '../../../src/replica/transfer/fetch-checkpoint.js';
import { PsmrError } from '../../../src/errors.js';
import type { PartManifest } from '../../../src/storage/checkpoint-store.js';
import {
  contents,
  fetchInto,
  IDENTITY,
  lmdbStore,
  meddledWith,
  memoryStore,
  serveStore,
  sourceAt,
  writeState,
} from './transfer-parts.js';

const reason = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  return error instanceof PsmrError ? `${error.code}: ${error.message}` : String(error);
};

describe.each([
  ['lmdb to lmdb', lmdbStore, lmdbStore],
  ['memory to lmdb', memoryStore, lmdbStore],
  ['lmdb to memory', lmdbStore, memoryStore],
])('a checkpoint fetched from %s', (_, from, to) => {
  it('is the newest, with the same content and the same manifest', async () => {
    const serving = await serveStore(from());
    await writeState(serving.store, 5);
    const manifest = await writeState(serving.store, 9);
    const store = to();
    expect(await fetchInto(store, [sourceAt(serving.port)])).toEqual(manifest);
    expect(store.newest()).toEqual(manifest);
    expect(contents(store, 9)).toEqual(contents(serving.store, 9));
  });
});

describe('a transfer', () => {
  it('tells how far it is, up to all of it', async () => {
    const serving = await serveStore(memoryStore());
    const { parts } = await writeState(serving.store, 5);
    const heard: TransferProgress[] = [];
    await fetchInto(memoryStore(), [sourceAt(serving.port, 3)], { progress: (progress) => heard.push(progress) });
    const totalBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(heard.at(-1)).toEqual({ from: 3, checkpoint: 5, bytes: totalBytes, totalBytes });
    expect(heard.length).toBeGreaterThan(20);
  });

  it('is not the only one: several replicas fetch at once', async () => {
    const serving = await serveStore(lmdbStore());
    await writeState(serving.store, 5);
    const stores = [lmdbStore(), lmdbStore(), memoryStore()];
    await Promise.all(stores.map((store) => fetchInto(store, [sourceAt(serving.port)])));
    for (const store of stores) expect(contents(store, 5)).toEqual(contents(serving.store, 5));
  });

  it('begins again over what an attempt before left behind', async () => {
    const serving = await serveStore(memoryStore());
    await writeState(serving.store, 5);
    const store = lmdbStore();
    const left = store.begin(5, 2);
    for (let n = 0; n < 99; n++) await left.write(Buffer.from('left behind'));
    await fetchInto(store, [sourceAt(serving.port)]);
    expect(contents(store, 5)).toEqual(contents(serving.store, 5));
  });

  it.each([0, 1, 2, 3])('damaged in part %d is found out, and another replica gives the rest', async (part) => {
    const [bad, good] = [await serveStore(memoryStore()), await serveStore(memoryStore())];
    await writeState(bad.store, 5);
    // The same state in other chunks.
    await writeState(good.store, 5, 11);
    const port = await meddledWith(bad.port, (bytes, before, request) => {
      if (!request.includes(`/parts/${part} `) || !request.includes('authorization')) return bytes;
      const damaged = Buffer.from(bytes);
      const at = 600 - before;
      if (at >= 0 && at < bytes.byteLength) damaged[at] = (damaged[at] ?? 0) ^ 4;
      return damaged;
    });
    const store = lmdbStore();
    await fetchInto(store, [sourceAt(port), sourceAt(good.port, 2)]);
    const either = [bad, good].map((serving) => contents(serving.store, 5));
    contents(store, 5).forEach((content, at) => expect(either.map((each) => each[at])).toContain(content));
    expect(await reason(fetchInto(memoryStore(), [sourceAt(port)]))).toMatch(
      /^UNREACHABLE: .*replica 1: A part of a checkpoint was damaged on its way/,
    );
  });

  it('ends, and goes on with the next replica, when its server dies half way; what has come stays', async () => {
    const [first, second] = [await serveStore(memoryStore()), await serveStore(memoryStore())];
    for (const { store } of [first, second]) await writeState(store, 5, 7, 200);
    // All but the largest part gets through.
    const port = await meddledWith(first.port, (bytes, before, request) =>
      request.includes('/parts/3 ') && request.includes('authorization') && before > 100_000 ? 'cut' : bytes,
    );
    const asked: string[] = [];
    const watched = await meddledWith(second.port, (bytes, before, request) => {
      const [, part] = /\/parts\/(\d)[^]*authorization/i.exec(request) ?? [];
      if (before === 0 && part !== undefined) asked.push(part);
      return bytes;
    });
    const store = lmdbStore();
    const heard: TransferProgress[] = [];
    const progress = (each: TransferProgress): void => void heard.push(each);
    await fetchInto(store, [sourceAt(port), sourceAt(watched, 2)], { progress });
    expect(contents(store, 5)).toEqual(contents(first.store, 5));
    expect(asked).toContain('3');
    for (const part of ['1', '2']) expect(asked).not.toContain(part);
    expect(heard.at(-1)?.bytes).toBe(heard.at(-1)?.totalBytes);
  });

  it('takes all of a newer checkpoint, also where nothing has changed since the one it had begun', async () => {
    const [first, second] = [await serveStore(memoryStore()), await serveStore(memoryStore())];
    await writeState(first.store, 5);
    await writeState(second.store, 8, 7, 60, 5);
    const port = await meddledWith(first.port, (bytes, _, request) => (request.includes('/parts/0 ') ? 'cut' : bytes));
    const store = memoryStore();
    expect(await fetchInto(store, [sourceAt(port), sourceAt(second.port, 2)])).toMatchObject({ id: 8 });
    expect(contents(store, 8)).toEqual(contents(second.store, 8));
  });

  it('writes a part again only when nothing of the attempt before can arrive any more', async () => {
    const [first, second] = [await serveStore(memoryStore()), await serveStore(memoryStore())];
    for (const { store } of [first, second]) await writeState(store, 5);
    const port = await meddledWith(first.port, (bytes, before, request) =>
      request.includes('/parts/3 ') && before > 100_000 ? 'cut' : bytes,
    );
    const store = memoryStore();
    const open = new Set<number>();
    const begun: number[] = [];
    const begin = store.begin.bind(store);
    store.begin = (id, part) => {
      expect(open).not.toContain(part);
      open.add(part);
      begun.push(part);
      const writer = begin(id, part);
      const finish = async (manifest: Parameters<typeof writer.finish>[0]): Promise<PartManifest> => {
        open.delete(part);
        return writer.finish(manifest);
      };
      return { write: (chunk) => writer.write(chunk), finish };
    };
    await fetchInto(store, [sourceAt(port), sourceAt(second.port, 2)]);
    expect(begun.filter((part) => part === 3)).toHaveLength(2);
  });

  it('does not wait for ever on a server that says nothing more', async () => {
    const serving = await serveStore(memoryStore());
    await writeState(serving.store, 5);
    const port = await meddledWith(serving.port, (bytes, before, request) =>
      request.includes('/parts/3 ') && before > 20_000 ? 'stall' : bytes,
    );
    const store = memoryStore();
    await fetchInto(store, [sourceAt(port, 1, 200), sourceAt(serving.port, 2)]);
    expect(contents(store, 5)).toEqual(contents(serving.store, 5));
  });

  it('can be called off', async () => {
    const serving = await serveStore(memoryStore());
    await writeState(serving.store, 5);
    const stop = new AbortController();
    const port = await meddledWith(serving.port, (bytes, before) => {
      if (before > 20_000) stop.abort(new Error('called off'));
      return before > 20_000 ? 'stall' : bytes;
    });
    const store = memoryStore();
    expect(await reason(fetchInto(store, [sourceAt(port)], { signal: stop.signal }))).toBe('Error: called off');
    expect(store.newest()).toBeNull();
  });

  it('takes a newer checkpoint where the one it had begun is gone', async () => {
    const serving = await serveStore(memoryStore(), { holdMs: 1 });
    await writeState(serving.store, 5);
    let dropped = false;
    const port = await meddledWith(serving.port, (bytes, _, request) => {
      if (dropped || !request.includes('/parts/')) return bytes;
      dropped = true;
      void writeState(serving.store, 8).then(() => serving.store.dropBelow(8));
      return 'cut';
    });
    const store = memoryStore();
    expect(await fetchInto(store, [sourceAt(port)], { rounds: 20, pauseMs: 20 })).toMatchObject({ id: 8 });
    expect(contents(store, 8)).toEqual(contents(serving.store, 8));
  });

  it('holds its checkpoint on the server, also between two parts, and lets go of it later', async () => {
    const serving = await serveStore(memoryStore(), { holdMs: 300 });
    await writeState(serving.store, 5);
    const source = sourceAt(serving.port);
    await source.http.get('/checkpoints/newest');
    await writeState(serving.store, 6);
    await writeState(serving.store, 8);
    await serving.store.dropBelow(8);
    expect(serving.store.list().map(({ id }) => id)).toEqual([5, 8]);
    await expect.poll(() => serving.store.list().map(({ id }) => id)).toEqual([8]);
  });

  it('refuses the state of another cluster, service or partition map, and what is of no use', async () => {
    const other = await serveStore(memoryStore(), { identity: { ...IDENTITY, epoch: 8 } });
    await writeState(other.store, 5);
    expect(await reason(fetchInto(memoryStore(), [sourceAt(other.port)]))).toContain('its epoch is 8, here it is 7');
    const fine = await serveStore(memoryStore());
    expect(await reason(fetchInto(memoryStore(), [sourceAt(fine.port)]))).toContain('it has no checkpoint yet');
    await writeState(fine.store, 5);
    const refuse = ({ id }: { id: number }): string => `the logs begin behind checkpoint ${id}`;
    const refused = await reason(fetchInto(memoryStore(), [sourceAt(fine.port)], { refuse }));
    expect(refused).toContain('replica 1: the logs begin behind checkpoint 5');
    expect(await reason(fetchInto(memoryStore(), [sourceAt(fine.port)], { groups: 2 }))).toContain('it has 4 parts');
  });

  it('finds out a part that is not what its manifest says', async () => {
    const serving = await serveStore(memoryStore());
    const manifest = await writeState(serving.store, 5);
    const parts = manifest.parts.map((part) => (part.part === 2 ? { ...part, hash: '0'.repeat(16) } : part));
    await serving.store.complete({ ...manifest, parts });
    const store = memoryStore();
    expect(await reason(fetchInto(store, [sourceAt(serving.port)]))).toContain('Part 2 of checkpoint 5 is not what');
    expect(store.newest()).toBeNull();
  });

  it('with another secret gets nothing, not even told whether there is a checkpoint', async () => {
    const serving = await serveStore(memoryStore(), { secret: 'the secret of another' });
    await writeState(serving.store, 5);
    expect(await reason(fetchInto(memoryStore(), [sourceAt(serving.port)]))).toContain('the secret is not that');
    for (const [method, path] of [
      ['GET', 'newest'],
      ['POST', 'hashes'],
      ['GET', '5/parts/1'],
    ] as const)
      expect((await fetch(`http://127.0.0.1:${serving.port}/checkpoints/${path}`, { method })).status).toBe(401);
  });

  it('gives up at once where its own disk fails', async () => {
    const serving = await serveStore(memoryStore());
    await writeState(serving.store, 5);
    const store = memoryStore();
    const failing = new Proxy(store, {
      get: (target, name) =>
        name === 'complete'
          ? () => Promise.reject(new PsmrError('STORAGE_FAILED', 'The disk is full.'))
          : (Reflect.get(target, name) as unknown) instanceof Function
            ? (Reflect.get(target, name) as () => unknown).bind(target)
            : undefined,
    });
    expect(await reason(fetchInto(failing, [sourceAt(serving.port)]))).toBe('STORAGE_FAILED: The disk is full.');
  });
});
