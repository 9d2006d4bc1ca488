import { describe, expect, it } from 'vitest';
import { check, ledgerOf, Load } from './ledger-load.js';
import { Replicas } from './replicas.js';

describe('three replicas', () => {
  it(
    'survive the kill of any one of them under load, and the killed one catches up',
    { timeout: 120_000 },
    async () => {
      const replicas = await Replicas.start({ streams: 2 });
      const client = await ledgerOf(replicas);
      const loads: Load[] = [];
      for (const group of [0, 1, 2]) {
        const load = new Load(client, `round${group}`);
        loads.push(load);
        const leader = await replicas.leaderOf(group);
        await replicas.kill(leader);
        const before = load.acknowledged.length;
        await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 200);
        await replicas.run(leader);
        await load.stop();
        expect(load.failed).toEqual([]);
      }
      await check(client, loads);
      await replicas.caughtUp();
      const { code, output } = await replicas.psmr('checkpoint');
      expect(output).toContain('checkpoint');
      expect(code).toBe(0);
      await replicas.until('all agree on the checkpoint', (views) =>
        views.every(
          (view) => view !== null && view.checkpoint !== null && view.lastAgreedCheckpoint === view.checkpoint,
        ),
      );
      await client.close();
    },
  );

  it('have everything that was acknowledged after all were killed at once', { timeout: 120_000 }, async () => {
    const replicas = await Replicas.start({ streams: 2 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'before');
    await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(500);
    await Promise.all(replicas.ids.map((id) => replicas.kill(id)));
    await Promise.all(replicas.ids.map((id) => replicas.run(id)));
    const seen = load.acknowledged.length;
    await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(seen + 100);
    await load.stop();
    expect(load.failed).toEqual([]);
    await check(client, [load]);
    await client.close();
  });

  it('give their state to one that was away for too long', { timeout: 120_000 }, async () => {
    const replicas = await Replicas.start({ streams: 2, retainBytes: 0 });
    const client = await ledgerOf(replicas);
    const load = new Load(client, 'all', 10_000);
    const away = (await replicas.leaderOf(1)) === 1 ? 2 : 1;
    await replicas.kill(away);
    for (let round = 0; round < 3; round++) {
      const before = load.acknowledged.length;
      await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 300);
      await replicas.psmr('checkpoint');
    }
    await replicas.until('the logs begin later', (views) =>
      views.some((view) => view !== null && view.groups.some(({ firstIndex }) => firstIndex > 1)),
    );
    await replicas.run(away);
    await load.stop();
    expect(load.failed).toEqual([]);
    await replicas.caughtUp();
    await replicas.psmr('checkpoint');
    await replicas.until('all agree on the checkpoint', (views) =>
      views.every((view) => view !== null && view.checkpoint !== null && view.lastAgreedCheckpoint === view.checkpoint),
    );
    await check(client, [load]);
    await client.close();
  });
});
