/** What replicas print, and say in their status, of each other. */
import { readFileSync, writeFileSync } from 'node:fs';
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

it(
  'a configuration that is another one is told on both sides, also in the status, until it is corrected',
  LIMIT,
  async () => {
    const replicas = await Replicas.start({ streams: 1, replicas: 2 });
    const right = readFileSync(replicas.file, 'utf8');
    await replicas.kill(2, 'SIGTERM');
    const wrong = JSON.parse(right) as { token?: string; cluster: { replicas: { hosts: string[] }[] } };
    wrong.token = 'a token';
    // One more than replica 1 was told of: group 1 is at the second one.
    wrong.cluster.replicas[1]?.hosts.push('127.0.0.2');
    writeFileSync(replicas.file, JSON.stringify(wrong));
    await replicas.run(2);
    const told = (by: number, what: string): string[] =>
      replicas.said.filter((line) => line.startsWith(`${by}: `) && line.includes(what));
    for (const [by, of] of [
      [1, 2],
      [2, 1],
    ] as const) {
      await expect.poll(() => told(by, `Replica ${of} asks clients for`), PATIENT).toHaveLength(1);
      await expect
        .poll(() => told(by, `The configuration of replica ${of} is another one: group 1`), PATIENT)
        .toHaveLength(1);
      expect((await replicas.view(by))?.reason).toContain(`replica ${of} has another token`);
    }
    await replicas.kill(2, 'SIGTERM');
    writeFileSync(replicas.file, right);
    await replicas.run(2);
    await replicas.until('no difference is left', (views) =>
      views.every((view) => view?.state === 'running' && view.reason === null),
    );
  },
);
