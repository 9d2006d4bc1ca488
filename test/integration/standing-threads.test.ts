/** A thread that waits for its disk on the spot, as a follower's does where the disk is quick, and does not come back. */
import { describe, expect, it } from 'vitest';
import { check, ledgerOf, Load } from './ledger-load.js';
import { leaderIn, Replicas } from './replicas.js';

const LIMIT = { timeout: 60_000 };

async function goesOn(load: Load, more: number): Promise<void> {
  const before = load.acknowledged.length;
  await expect.poll(() => load.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(before + more);
}

describe('a thread that stands still with its disk', () => {
  it('costs its replica what it leads and the thread takes part in, until the disk answers', LIMIT, async () => {
    const replicas = await Replicas.start({ streams: 2, badDays: true });
    for (const id of replicas.ids) replicas.badDay(id, 'disk-quick');
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'stands');
    await replicas.until('streams 1 and 2 have the leaders that they are to have', (views) => {
      return leaderIn(views, 1) === 2 && leaderIn(views, 2) === 3;
    });
    await goesOn(load, 50);
    const answers = replicas.badDay(2, 'disk-hangs', 'group-2');
    await replicas.threadStands(2, 'group-2');
    await replicas.until('another than replica 2 leads stream 1', (views) => ![0, 2].includes(leaderIn(views, 1)));
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
    await replicas.until('the disk answers', (views) => views[1]?.reason === null);
    expect((await replicas.psmr('checkpoint')).code).toBe(0);
    await replicas.until('all agree on the state', (views) =>
      views.every((view) => view !== null && view.checkpoint !== null && view.checkpoint === view.lastAgreedCheckpoint),
    );
    await check(client, [load]);
    await client.close();
  });
});
