/** A thread that waits for its disk on the spot, as a follower's does where the disk is quick, and does not come back. */
import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { check, ledgerOf, Load } from './ledger-load.js';
import { leaderIn, Replicas } from './replicas.js';

const LIMIT = { timeout: 60_000 };

/** Leaders are where they are to be: replica 2 leads stream 1 alone. */
async function quickCluster(streams: number): Promise<Replicas> {
  const replicas = await Replicas.start({ streams, badDays: true });
  for (const id of replicas.ids) replicas.badDay(id, 'disk-quick');
  await replicas.until('all groups have the leaders that they are to have', (views) =>
    Array.from({ length: streams + 1 }, (_, group) => leaderIn(views, group)).every(
      (id, group) => id === 1 + (group % 3),
    ),
  );
  return replicas;
}

async function goesOn(load: Load, more: number): Promise<void> {
  const before = load.acknowledged.length;
  await expect.poll(() => load.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(before + more);
}

async function anotherLeads(replicas: Replicas, stream: number): Promise<void> {
  await replicas.until(`another than replica 2 leads stream ${stream}`, (views) => {
    return ![0, 2].includes(leaderIn(views, stream));
  });
}

/** All take the same checkpoint, and find the same state in it. */
async function agree(replicas: Replicas): Promise<void> {
  expect((await replicas.psmr('checkpoint')).code).toBe(0);
  await replicas.until('all agree on the state', (views) =>
    views.every((view) => view !== null && view.checkpoint !== null && view.checkpoint === view.lastAgreedCheckpoint),
  );
}

describe('a thread that stands still with its disk', () => {
  it('costs its replica what it leads and the thread takes part in, until the disk answers', LIMIT, async () => {
    const replicas = await quickCluster(2);
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'stands');
    await goesOn(load, 50);
    const answers = replicas.badDay(2, 'disk-holds', 'group-2');
    await replicas.threadStands(2, 'group-2');
    await anotherLeads(replicas, 1);
    await goesOn(load, 50);
    const told = /^2: psmr: The disk of .*replica-2 does not answer: a write of group 2 .*thread waits with it/m;
    await expect.poll(() => replicas.said.join('\n'), { timeout: 10_000 }).toMatch(told);
    const { output } = await replicas.psmr('status');
    expect(output).toMatch(/replica 2 +running: its disk does not answer: writes of group 2 wait/);
    answers();
    await replicas.caughtUp();
    await load.stop();
    expect(load.failed).toEqual([]);
    expect(load.longestMs).toBeLessThan(10_000);
    await replicas.until('the status says so no more', (views) => views[1]?.reason === null);
    await agree(replicas);
    await check(client, [load]);
    await client.close();
  });

  it('costs its replica a stream that cannot know what waits for it, where it is that of group 0', LIMIT, async () => {
    const replicas = await quickCluster(3);
    const client = await ledgerOf(replicas);
    const map = createPartitionMap({ streams: 3 });
    const accountIn = (stream: number): string => {
      for (let nth = 0; ; nth++) if (map.streamOf(`account/${nth}`) === stream) return `account/${nth}`;
    };
    const transfer = (from: number, to: number, id: string): Promise<unknown> =>
      client.execute('transfer', { from: accountIn(from), to: accountIn(to), amount: 1, id });
    const answers = replicas.badDay(2, 'disk-holds', 'group-0');
    const thread = { stands: false };
    const standing = replicas.threadStands(2, 'group-0').then(() => (thread.stands = true));
    // They go on without replica 2, and its stream 1 is touched by none.
    for (let nth = 0; !thread.stands; nth++) await transfer(2, 3, `transfer-${nth}`);
    await standing;
    const began = performance.now();
    await transfer(1, 2, 'transfer-waits');
    expect(performance.now() - began).toBeLessThan(10_000);
    await anotherLeads(replicas, 1);
    answers();
    await replicas.caughtUp();
    await client.close();
  });
});
