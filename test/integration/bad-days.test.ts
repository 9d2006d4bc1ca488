/** Bad days of one replica's machine: what the others make of them, and what becomes of the replica. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check, ledgerOf, Load } from './ledger-load.js';
import { Replicas, type ReplicaView } from './replicas.js';

const LIMIT = { timeout: 120_000 };
const HOUR_MS = 3_600_000;

async function goesOn(load: Load, more: number): Promise<void> {
  const before = load.acknowledged.length;
  await expect.poll(() => load.acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(before + more);
}

const termsOf = (view: ReplicaView | null | undefined): string => String(view?.groups.map(({ term }) => term));

const leads = (view: ReplicaView | null | undefined): boolean => view?.groups[1]?.role === 'leader';

describe('a bad day of one machine', () => {
  it('a clock set by hours, either way, disturbs neither leaders nor old and new clients', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 1, badDays: true });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'clock');
    await goesOn(load, 50);
    const leader = await replicas.leaderOf(1);
    // Group 0 is not needed to go on: it may still be about to elect its first.
    await replicas.leaderOf(0);
    const terms = termsOf(await replicas.view(leader));
    const startOver = async (name: string): Promise<void> => {
      const other = await ledgerOf(replicas);
      await other.execute('add', { key: `counter/${name}`, by: 1, id: name });
      load.acknowledged.push(name);
      await other.close();
    };
    for (const [name, hours] of [
      ['back', -2],
      ['ahead', 3],
      ['right', 0],
    ] as const) {
      replicas.badDay(leader, 'clock', String(hours * HOUR_MS));
      await goesOn(load, 50);
      await startOver(name);
    }
    expect(termsOf(await replicas.view(leader))).toBe(terms);
    // What was ordered while the clock was ahead stays in the past for the others, too.
    await replicas.kill(leader);
    await goesOn(load, 50);
    await startOver('after');
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });

  it('a full disk stops its replica, which says so, and comes back when there is room', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 1, badDays: true });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'full');
    await goesOn(load, 50);
    const leader = await replicas.leaderOf(1);
    const thereIsRoom = replicas.badDay(leader, 'disk-full');
    expect(await replicas.ended(leader)).toBe(4);
    expect(replicas.said.join('\n')).toMatch(
      /STORAGE_FAILED: .*group-\d+\S* cannot be written .*no space left on device/,
    );
    await goesOn(load, 50);
    // Wherever it comes upon it.
    await replicas.run(leader).catch(() => undefined);
    expect(await replicas.ended(leader)).toBe(4);
    thereIsRoom();
    await replicas.run(leader);
    await goesOn(load, 50);
    await load.stop();
    expect(load.failed).toEqual([]);
    await replicas.caughtUp();
    await check(client, [load]);
    await client.close();
  });

  it('a disk that hangs costs its replica what it leads, until it answers', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 1, badDays: true });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'hung');
    await goesOn(load, 50);
    const leader = 2;
    await replicas.until('stream 1 has the leader that it is to have', (views) => leads(views[leader - 1]));
    const answers = replicas.badDay(leader, 'disk-hangs');
    const told = /disk of .* does not answer: a write of group 1 has waited/;
    await expect.poll(() => replicas.said.join('\n'), { timeout: 20_000 }).toMatch(told);
    await replicas.until('another leads', (views) => views.some((view) => view?.replica !== leader && leads(view)));
    await goesOn(load, 50);
    answers();
    await replicas.caughtUp();
    await load.stop();
    expect(load.failed).toEqual([]);
    expect(load.longestMs).toBeLessThan(10_000);
    await check(client, [load]);
    await client.close();
  });

  it('a disk that never answers again does not keep its replica from ending, and it says so', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 2, badDays: true });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'gone');
    await replicas.until('stream 1 has the leader that it is to have', (views) => leads(views[1]));
    await goesOn(load, 50);
    // So that a follower's thread waits for it on the spot, as stream 2's does here.
    replicas.badDay(2, 'disk-quick');
    await goesOn(load, 50);
    const letsGo = replicas.badDay(2, 'disk-holds', 'group-2');
    await replicas.threadStands(2, 'group-2');
    replicas.badDay(2, 'disk-gone');
    letsGo();
    await goesOn(load, 50);
    await replicas.kill(2, 'SIGTERM');
    expect(replicas.said.join('\n')).toMatch(/^2: psmr: it did not stop within 15 s.*a disk does not answer/m);
    await goesOn(load, 50);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });

  it('a replica that fails while its disk does not answer ends all the same, and says why', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 2, badDays: true });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'failed');
    await goesOn(load, 50);
    // Only a leader's syncs are certain to be another thread's.
    await replicas.until('stream 1 has the leader that it is to have', (views) => leads(views[1]));
    replicas.badDay(2, 'disk-gone', 'group-1');
    await goesOn(load, 50);
    replicas.badDay(2, 'disk-full');
    await client.execute('stamp', { prefix: 'none', id: 'written by group 0 of every replica' });
    await replicas.ended(2);
    expect(replicas.said.join('\n')).toMatch(/^2: psmr: .*no space left on device/m);
    expect(replicas.said.join('\n')).toMatch(/^2: psmr: it did not stop within 15 s.*a disk does not answer/m);
    await goesOn(load, 50);
    await load.stop();
    expect(load.failed).toEqual([]);
    await client.close();
  });

  it('a replica whose threads fail while their disk does not answer says why, and ends', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 1, badDays: true });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'dead');
    await replicas.until('stream 1 has the leader that it is to have', (views) => leads(views[1]));
    await goesOn(load, 50);
    // Each thread has a sync under way that does not end.
    replicas.badDay(2, 'disk-gone');
    await goesOn(load, 50);
    replicas.badDay(2, 'threads-die');
    await replicas.ended(2);
    expect(replicas.said.join('\n')).toMatch(/^2: psmr: .* died: a bad day ends this thread/m);
    await goesOn(load, 50);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });

  it(
    'a follower gets 100 MB that it has missed, and until then they take no memory from the others',
    LIMIT,
    async () => {
      const replicas = await Replicas.start({ streams: 1, everyBytes: 32 << 20 });
      const client = await ledgerOf(replicas);
      const large = new Load(client, 'large', 64 * 1024);
      await goesOn(large, 200);
      const leader = await replicas.leaderOf(1);
      const behind = leader === 3 ? 2 : 3;
      const before = replicas.memoryOf(leader);
      // It is there, and its connections are: it just does not take what comes.
      replicas.pause(behind);
      await goesOn(large, (100 << 20) / (64 * 1024));
      const during = replicas.memoryOf(leader);
      replicas.resume(behind);
      await large.stop();
      const small = new Load(client, 'small');
      await goesOn(small, 50);
      await small.stop();
      await replicas.caughtUp();
      expect(during - before).toBeLessThan(64);
      expect([...large.failed, ...small.failed]).toEqual([]);
      await check(client, [large, small]);
      await client.close();
    },
  );

  it('an old copy of its data is refused, and it is rebuilt', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 1 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'old');
    await goesOn(load, 50);
    await replicas.kill(3);
    const [directory, copy] = [replicas.directoryOf(3), `${replicas.directoryOf(3)}-copy`];
    cpSync(directory, copy, { recursive: true });
    await replicas.run(3);
    // Only a leader that stays remembers what replica 3 has acknowledged to it.
    await replicas.until('stream 1 has the leader that it is to have', (views) => leads(views[1]));
    await goesOn(load, 50);
    await replicas.caughtUp();
    await replicas.kill(3);
    rmSync(directory, { recursive: true });
    renameSync(copy, directory);
    await expect(replicas.run(3)).rejects.toThrow(
      /replica-3 is older than what this replica has acknowledged: replica \d, which leads[^]*--rebuild/,
    );
    rmSync(directory, { recursive: true });
    await replicas.run(3, '--rebuild');
    await replicas.until('replica 3 votes again', (views) => views[2]?.state === 'running', 60_000);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });
});
