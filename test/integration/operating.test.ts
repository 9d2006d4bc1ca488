import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check, ledgerOf, Load } from './ledger-load.js';
import { Replicas, type ReplicaView } from './replicas.js';

const LIMIT = { timeout: 180_000 };

/** It takes part, and lacks next to nothing. */
function isUp(id: number): (views: readonly (ReplicaView | null)[]) => boolean {
  return (views) => {
    const groups = views.flatMap((view) => view?.groups ?? []);
    const leaders = groups.filter(({ role }) => role === 'leader');
    const lags = leaders.flatMap(({ followers }) => followers.filter((each) => each.id === id));
    return views[id - 1]?.state === 'running' && leaders.length >= 3 && lags.every(({ lag }) => lag < 1000);
  };
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
    console.log(`longest wait of a command: ${Math.round(load.longestMs)} ms`);
    await check(client, [load]);
    await client.close();
  });
});
