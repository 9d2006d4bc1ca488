import { describe, expect, it } from 'vitest';
import { proposal, SimulatedGroup, textsOf, type GroupReplica } from './simulated-group.js';

/** A disk that is silent for this long hangs; a hand-over takes less than the rest. */
const LIMIT_MS = 2000 + 300;
const SEEDS = Array.from({ length: Number(process.env['HUNG_DISK_SEEDS'] ?? 2) }, (_, at) => at + 1);

async function started(seed: number, members: number, preferred = 0): Promise<SimulatedGroup> {
  const group = new SimulatedGroup(seed, members, { preferred });
  for (let id = 1; id <= members; id++) await group.start(id);
  await group.elected();
  await group.pass(50);
  return group;
}

/** A command every 5 ms to whoever leads, until something holds. */
async function loaded(group: SimulatedGroup, name: string, holds: () => boolean, limitMs: number): Promise<void> {
  for (let ms = 0; !holds(); ms++) {
    if (ms >= limitMs) throw new Error(`${name}: not within ${limitMs} ms`);
    if (ms % 5 === 0) group.leader?.log.propose(proposal(`${name}-${ms}`));
    await group.pass(1);
  }
}

const all = (group: SimulatedGroup): GroupReplica[] => [...group.replicas.values()];

/** All have the same, each command once; resolves with what it is. */
async function agreed(group: SimulatedGroup): Promise<string[]> {
  const leader = await group.elected();
  const last = leader.log.propose(proposal('last'));
  await group.until('all have it', () => all(group).every(({ log }) => log.committedIndex >= last));
  const [texts = [], ...others] = all(group).map(textsOf);
  for (const other of others) expect(other).toEqual(texts);
  expect(new Set(texts).size).toBe(texts.length);
  return texts;
}

describe('a disk that does not answer', () => {
  it.each([3, 5])('has its leader replaced, of %i, with nothing lost and nothing halted', async (members) => {
    for (const seed of SEEDS) {
      const group = await started(seed, members);
      const old = await group.elected();
      const release = group.hangDisk(old.id);
      let gap = 0;
      let longest = 0;
      let seen = old.log.committedIndex;
      await loaded(
        group,
        `seed ${seed}`,
        () => {
          const newest = Math.max(...all(group).map(({ log }) => log.committedIndex));
          gap = newest > seen ? 0 : gap + 1;
          longest = Math.max(longest, gap);
          seen = newest;
          return group.leader !== null && group.leader !== old;
        },
        LIMIT_MS,
      );
      expect(longest, `seed ${seed}: the longest time without a commit, ms`).toBeLessThan(150);
      expect(all(group).map(({ id, hangs }) => (id === old.id ? hangs : -hangs))).toContain(1);
      const texts = textsOf(await group.elected());
      // It neither gets the group back nor keeps the others from going on.
      const { term } = (await group.elected()).log.status;
      await group.pass(1000);
      expect((await group.elected()).log.status.term, `seed ${seed}`).toBe(term);
      release();
      expect((await agreed(group)).slice(0, texts.length)).toEqual(texts);
      expect(old).toMatchObject({ hangs: 1, failure: null });
    }
  });

  it('has its replica lead again, where that is preferred, once it answers', async () => {
    const group = await started(1, 3, 1);
    await group.until('the preferred one leads', () => group.leader?.id === 1);
    const release = group.hangDisk(1);
    await loaded(group, 'hung', () => group.leader !== null && group.leader.id !== 1, LIMIT_MS);
    for (let second = 0; second < 12; second++) {
      await group.pass(1000);
      expect(group.leader?.id, `after ${second} s`).not.toBe(1);
      expect(group.leader, 'no gap in service').not.toBeNull();
    }
    release();
    await group.until('it leads again', () => group.leader?.id === 1);
    await agreed(group);
  });

  it('has its replica lead again though it answers as soon as another leads', async () => {
    const group = await started(5, 3, 1);
    await group.until('the preferred one leads', () => group.leader?.id === 1);
    const release = group.hangDisk(1);
    await loaded(group, 'hung', () => group.leader !== null && group.leader.id !== 1, LIMIT_MS);
    release();
    // Its trouble may come again: not at once.
    await group.pass(20_000);
    expect(group.leader?.id).not.toBe(1);
    await group.until('it leads again', () => group.leader?.id === 1, 20_000);
    await agreed(group);
  });

  it('is waited for where nobody has a better one', async () => {
    const group = await started(2, 3);
    const leader = await group.elected();
    const { term } = leader.log.status;
    const releases = all(group).map(({ id }) => group.hangDisk(id));
    leader.log.propose(proposal('waits'));
    await group.pass(4000);
    expect(leader.log.status).toMatchObject({ role: 'leader', term });
    expect(textsOf(leader)).toEqual([]);
    for (const release of releases) release();
    expect(await agreed(group)).toEqual(['waits', 'last']);
  });

  it('of a follower is told of, and its leader stays', async () => {
    const group = await started(3, 3);
    const leader = await group.elected();
    const { term } = leader.log.status;
    const follower = all(group).find((each) => each !== leader) as GroupReplica;
    const release = group.hangDisk(follower.id);
    await loaded(group, 'slow', () => follower.hangs > 0, LIMIT_MS);
    expect(leader.log.status).toMatchObject({ role: 'leader', term });
    release();
    await agreed(group);
    expect(follower.hangs).toBe(1);
  });

  it('is not what a disk is that takes long over each of many writes', async () => {
    const group = await started(4, 3);
    const leader = await group.elected();
    const { term } = leader.log.status;
    for (let write = 0; write < 5; write++) {
      const release = group.hangDisk(leader.id);
      leader.log.propose(proposal(`write ${write}`));
      await group.pass(1500);
      release();
      await group.pass(5);
    }
    expect(leader.log.status).toMatchObject({ role: 'leader', term });
    expect(leader.hangs).toBe(0);
  });
});
