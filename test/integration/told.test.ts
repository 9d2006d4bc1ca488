/** What replicas print, and say in their status, of each other. */
import { expect, it } from 'vitest';
import { Replicas } from './replicas.js';

const LIMIT = { timeout: 120_000 };
const PATIENT = { timeout: 30_000 };

it(
  'a replica that was told to be out of reach is told to be back, and a removed one says so itself',
  LIMIT,
  async () => {
    const replicas = await Replicas.start({ streams: 1 });
    const said = (by: number, what: string): string[] =>
      replicas.said.filter((line) => line.startsWith(`${by}: `) && line.includes(what));
    await replicas.caughtUp();
    await replicas.kill(3);
    for (const by of [1, 2]) await expect.poll(() => said(by, 'Replica 3 at 127.0.0.1'), PATIENT).toHaveLength(2);
    expect(said(1, 'reached again')).toEqual([]);
    await replicas.run(3);
    for (const by of [1, 2])
      await expect.poll(() => said(by, 'again'), PATIENT).toEqual([`${by}: psmr: Replica 3 is reached again.`]);
    await replicas.caughtUp();

    expect(await replicas.psmr('member', 'remove', '3')).toMatchObject({ code: 0 });
    await expect.poll(() => said(3, 'was removed from the cluster'), PATIENT).toHaveLength(1);
    expect((await replicas.view(3))?.state).toBe('removed');
    expect((await replicas.psmr('status')).output).toMatch(
      /replica 3, no member {2}removed: it was removed from every group: stop it, .* psmr member add 3/,
    );
  },
);
