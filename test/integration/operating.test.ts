import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, ledgerOf, Load } from './ledger-load.js';
import { leaderIn, Replicas, type ReplicaView } from './replicas.js';

const LIMIT = { timeout: 180_000 };

/** It takes part, and lacks next to nothing. */
function isUp(id: number): (views: readonly (ReplicaView | null)[]) => boolean {
  return (views) => {
    const groups = views.flatMap((view) => view?.groups ?? []);
    const leaders = groups.filter(({ role }) => role === 'leader');
    const lags = leaders.flatMap(({ followers }) => followers.filter((each) => each.id === id));
    return (
      views[id - 1]?.state === 'running' && leaders.length === groupsOf(views) && lags.every(({ lag }) => lag < 1000)
    );
  };
}

function groupsOf(views: readonly (ReplicaView | null)[]): number {
  return Math.max(...views.map((view) => view?.groups.length ?? 0));
}

async function goesOn(load: Load, more: number): Promise<void> {
  const before = load.acknowledged.length;
  await expect.poll(() => load.acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(before + more);
}

describe('a cluster under load', () => {
  it('is restarted replica by replica without a failed command', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 2 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'rolling');
    await goesOn(load, 50);
    for (const id of replicas.ids) {
      await replicas.kill(id, 'SIGTERM');
      await replicas.run(id);
      await replicas.until(`replica ${id} is up again`, isUp(id), 60_000);
    }
    await goesOn(load, 50);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });

  it('gets a fourth replica and loses its first without a failed command', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 2 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'members');
    await goesOn(load, 50);
    await replicas.describe(4);
    await replicas.run(4, '--rebuild');
    const added = await replicas.psmr('member', 'add', '4');
    expect(added).toMatchObject({ code: 0 });
    await replicas.until('replica 4 votes in every group', isUp(4));
    const removed = await replicas.psmr('member', 'remove', '1');
    expect(removed).toMatchObject({ code: 0 });
    await replicas.kill(1, 'SIGTERM');
    await goesOn(load, 50);
    // They do not hear of replica 4 from their configuration: they remember it.
    replicas.leaveOut(1, 4);
    for (const id of [2, 3]) {
      await replicas.kill(id);
      await replicas.run(id);
      await replicas.until(`replica ${id} is up again`, isUp(id), 60_000);
    }
    await goesOn(load, 50);
    await replicas.until('1 takes part nowhere, 4 everywhere', (views) =>
      [2, 3, 4].every((id) => {
        const groups = views[id - 1]?.groups ?? [];
        const settled = groups.filter(
          ({ members }) => [...members.voters].sort().join() === '2,3,4' && members.learners.length === 0,
        );
        return groups.length > 0 && settled.length === groups.length;
      }),
    );
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    expect((await replicas.psmr('checkpoint')).code).toBe(0);
    await replicas.until('all agree on the checkpoint', (views) =>
      views
        .slice(1)
        .every((view) => view !== null && view.checkpoint !== null && view.lastAgreedCheckpoint === view.checkpoint),
    );
    await client.close();
  });

  it('moves a leader, and it stays there', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 2 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'leaders');
    await replicas.until('every group has a leader', (views) =>
      [0, 1, 2].every((group) => leaderIn(views, group) !== 0),
    );
    await replicas.until('stream 1 is led by its preferred leader', (views) => leaderIn(views, 1) === 2);
    expect(await replicas.psmr('leader', 'move', '1', '3')).toMatchObject({ code: 0 });
    expect((await replicas.psmr('status')).output).toMatch(/running/);
    // Of a preferred leader that was there all the time nobody takes what it was to give away.
    const since = performance.now();
    await replicas.until('three seconds have passed', (views) => {
      // One that is late to answer is not seen to lead.
      expect([0, 3]).toContain(leaderIn(views, 1));
      return leaderIn(views, 1) === 3 && performance.now() - since > 3000;
    });
    // One that comes back gets it.
    await replicas.kill(2);
    await replicas.run(2);
    await replicas.until('replica 2 leads stream 1', (views) => leaderIn(views, 1) === 2);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });
});

describe('a replica whose disk was lost', () => {
  it(
    'refuses to start as if nothing was, and is rebuilt under load, also where that was cut short',
    LIMIT,
    async () => {
      const replicas = await Replicas.start({ streams: 2 });
      const client = await ledgerOf(replicas);
      const load = new Load(client, 'rebuilt');
      await goesOn(load, 50);
      await replicas.kill(2);
      rmSync(replicas.directoryOf(2), { recursive: true });
      await expect(replicas.run(2)).rejects.toThrow(/psmr replica --config FILE --id 2 --rebuild/);
      await replicas.run(2, '--rebuild');
      await replicas.kill(2);
      await replicas.run(2, '--rebuild');
      await replicas.until('replica 2 votes in every group', isUp(2), 60_000);
      await replicas.kill(1);
      await goesOn(load, 50);
      await load.stop();
      expect(load.failed).toEqual([]);
      await check(client, [load]);
      await client.close();
    },
  );
});

/** A second replica 2. */
async function refusesSecond(replicas: Replicas): Promise<void> {
  await expect(replicas.run(2)).rejects.toThrow(/replica-2 is in use by process \d+/);
  // A copy of its directory, as if on another machine; the sentence names who is linked to the first one.
  const copy = `${replicas.directoryOf(2)}-copy`;
  cpSync(replicas.directoryOf(2), copy, { recursive: true });
  rmSync(join(copy, 'lock'), { recursive: true });
  await expect(replicas.run(2, '--data', copy)).rejects.toThrow(/Replica 2 runs already: replica \d is linked to it/);
  // With an empty one, on the same machine, the address is what tells.
  await expect(replicas.run(2, '--data', `${copy}-2`)).rejects.toThrow(/ADDRESS_IN_USE|already in use|in use/i);
}

/** Messages that no replica sends, in the name of replica 3, which is away: they are counted, and told of once. */
async function hearsMalformed(replicas: Replicas): Promise<void> {
  const links = await replicas.linksAs(3, 1, 1);
  for (let nth = 0; nth < 5; nth++) expect(links.send(1, [Buffer.from('no message at all')])).toBe(true);
  const counted = /psmr_malformed_peer_messages_total{stream="1"} 5/;
  await expect.poll(() => replicas.metrics(1), { timeout: 10_000 }).toMatch(counted);
  const told = (): string[] => replicas.said.filter((line) => line.includes('Replica 3 sends in group 1'));
  await expect.poll(told, { timeout: 10_000 }).toHaveLength(1);
  expect(told()[0]).toMatch(/what no replica sends.*same version/);
}

describe('a bad day', () => {
  it('is not made worse: what must not take part is refused by name', LIMIT, async () => {
    // One cluster for all of it: nothing of it damages the others.
    const replicas = await Replicas.start({ streams: 2 });
    await replicas.leaderOf(1);
    await replicas.caughtUp();
    await refusesSecond(replicas);
    await replicas.kill(3, 'SIGTERM');
    // A directory is of one replica only.
    await expect(replicas.run(1, '--data', replicas.directoryOf(3))).rejects.toThrow(
      /is of replica 3 of cluster "test"/,
    );
    const vote = join(replicas.directoryOf(3), 'votes', 'group-1');
    rmSync(vote);
    await expect(replicas.run(3)).rejects.toThrow(/votes\/group-1 is damaged[^]*missing[^]*--rebuild/);
    expect(existsSync(vote)).toBe(false);
    await hearsMalformed(replicas);
  });

  it('is told: a port for clients that is taken, another secret', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 1 });
    for (const id of replicas.ids) await replicas.kill(id, 'SIGTERM');
    const stream1 = Number(new URL(replicas.urls[1] ?? '').port) + 1;
    const other = createServer().listen(stream1, '127.0.0.1');
    await once(other, 'listening');
    // The others are away: it learns of the port before it can know how much of its logs is committed.
    await expect(replicas.run(2)).rejects.toThrow(new RegExp(`ended with 2[^]*ADDRESS_IN_USE[^]*${stream1}`));
    other.close();
    await Promise.all([replicas.run(1), replicas.run(2)]);
    const config = readFileSync(replicas.file, 'utf8');
    writeFileSync(replicas.file, config.replace(/"secret":"[^"]*"/, '"secret":"another one than that of the others"'));
    await replicas.run(3);
    await replicas.until('the replica alone says why', (views) => (views[2]?.reason ?? '').includes('the same secret'));
    expect((await replicas.view(3))?.state).toBe('recovering');
  });

  it('a damaged log is refused by name, and its replica rebuilt', LIMIT, async () => {
    const damages: readonly (readonly [string, (file: string) => void])[] = [
      ['flipped bits', flipBits],
      ['less than was written', (file) => truncateSync(file, Math.floor(usedBytes(file) / 2))],
      ['no header', (file) => truncateSync(file, 100)],
    ];
    const replicas = await Replicas.start({ streams: 1 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'damaged');
    for (const [what, damage] of damages) {
      await goesOn(load, 200);
      await replicas.kill(2, 'SIGTERM');
      const group = join(replicas.directoryOf(2), 'group-1');
      const [segment = ''] = readdirSync(group).filter((name) => name.endsWith('.segment'));
      damage(join(group, segment));
      await expect(replicas.run(2), what).rejects.toThrow(new RegExp(`group-1/${segment} is damaged[^]*--rebuild`));
      rmSync(replicas.directoryOf(2), { recursive: true });
      await replicas.run(2, '--rebuild');
      await replicas.until(`${what}: replica 2 votes in every group`, (views) => isUp(2)(views), 60_000);
    }
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });
});

function usedBytes(file: string): number {
  return readFileSync(file).findLastIndex((byte) => byte !== 0) + 1;
}

function flipBits(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(usedBytes(file) / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(file, bytes);
}
