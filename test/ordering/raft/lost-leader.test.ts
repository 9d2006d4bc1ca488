import { describe, expect, it } from 'vitest';
import { SimulatedGroup } from './simulated-group.js';

/** Of SimulatedGroup: a follower that only hears nothing waits for at least this long. */
const ELECTION_MS = 100;

async function led(seed: number, members: number): Promise<SimulatedGroup> {
  const group = new SimulatedGroup(seed, members);
  for (let id = 1; id <= members; id++) await group.start(id);
  await group.elected();
  await group.pass(50);
  return group;
}

describe('a leader whose connections end', () => {
  it.each([3, 5])('is followed by another of %i before its silence would have told', async (members) => {
    for (let seed = 1; seed <= 20; seed++) {
      const group = await led(seed, members);
      await group.crash((await group.elected()).id);
      await group.until(`seed ${seed}: another leads`, () => group.leader !== null, ELECTION_MS);
    }
  });

  it('stays where it lives, and others hear it', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const group = await led(seed, 3);
      const leader = await group.elected();
      const { term } = leader.log.status;
      const follower = [1, 2, 3].find((id) => id !== leader.id) ?? 0;
      group.network.breakLink(follower, leader.id);
      await group.pass(4 * ELECTION_MS);
      expect(leader.log.status, `seed ${seed}`).toMatchObject({ role: 'leader', term });
    }
  });
});
