import { describe, expect, it } from 'vitest';
import { PsmrError } from '../../../src/errors.js';
import type { TransferReason } from '../../../src/ordering/raft/raft-types.js';
import { proposal, SimulatedGroup, textsOf } from './simulated-group.js';

async function started(members: number, seed = 1, options = {}): Promise<SimulatedGroup> {
  const group = new SimulatedGroup(seed, members, options);
  for (let id = 1; id <= members; id++) await group.start(id);
  return group;
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `c${from + at}`);

describe('a replicated group log', () => {
  it('commits alone where it is the only member', async () => {
    const group = await started(1);
    const { log } = await group.elected();
    for (const text of numbered(1, 20)) log.propose(proposal(text));
    const [replica] = [...group.replicas.values()];
    await group.until('all committed', () => replica !== undefined && textsOf(replica).length === 20);
  });

  it('hands out the same entries in the same order on every replica', async () => {
    const group = await started(3);
    const { log } = await group.elected();
    for (const text of numbered(1, 500)) log.propose(proposal(text));
    await group.until('all executed', () => [...group.replicas.values()].every((each) => textsOf(each).length === 500));
    for (const replica of group.replicas.values()) {
      expect(textsOf(replica)).toEqual(numbered(1, 500));
      expect(replica.taken.map((entry) => entry.index)).toEqual(replica.taken.map((_, at) => at + 1));
    }
  });

  it('refuses what is proposed elsewhere than at the leader, and says where', async () => {
    const group = await started(3);
    const leader = await group.elected();
    await group.until('known', () =>
      [...group.replicas.values()].every((each) => each === leader || each.log.leadership.leader !== null),
    );
    for (const replica of group.replicas.values()) {
      if (replica === leader) continue;
      expect(replica.log.leadership.leader).toBe(String(leader.id));
      expect(() => replica.log.propose(proposal('x'))).toThrow(PsmrError);
    }
  });

  it('loses nothing committed when leaders die, with their disks cut off in the midst of writes', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const group = await started(3, seed);
      const committed = new Set<string>();
      for (let round = 0; round < 4; round++) {
        const leader = await group.elected();
        for (let at = 0; at < 30; at++) leader.log.propose(proposal(`r${round}c${at}`));
        await group.pass(Math.floor(group.random() * 30));
        for (const text of textsOf(leader)) committed.add(text);
        await group.crash(leader.id);
        await group.elected();
        await group.start(leader.id);
      }
      const leader = await group.elected();
      leader.log.propose(proposal('last'));
      await group.until(`all have it (seed ${seed})`, () =>
        [...group.replicas.values()].every((each) => textsOf(each).includes('last')),
      );
      const [first, ...others] = [...group.replicas.values()].map((each) => textsOf(each).join());
      for (const other of others) expect(other).toBe(first);
      for (const text of committed)
        expect(
          first?.split(',').filter((each) => each === text),
          `seed ${seed}: ${text}`,
        ).toEqual([text]);
    }
  });

  it('answers a read with an index that is not behind what was committed', async () => {
    const group = await started(3);
    const leader = await group.elected();
    for (const text of numbered(1, 10)) leader.log.propose(proposal(text));
    await group.until('committed', () => textsOf(leader).length === 10);
    const committed = leader.log.committedIndex;
    for (const replica of group.replicas.values()) {
      let answer: number | PsmrError | null = null;
      replica.log.readIndex((index) => (answer = index));
      await group.until('answered', () => answer !== null);
      expect(answer).toBeGreaterThanOrEqual(committed);
    }
  });

  it('tells a reader that nobody leads, where the others are gone', async () => {
    const group = await started(3);
    const leader = await group.elected();
    for (const id of [1, 2, 3]) if (id !== leader.id) await group.crash(id);
    let answer: number | PsmrError | null = null;
    leader.log.readIndex((index) => (answer = index));
    await group.until('answered', () => answer !== null);
    expect(answer).toMatchObject({ code: 'NOT_LEADER' });
  });

  it('sends a replica that is too far behind to fetch a checkpoint, and goes on behind it', async () => {
    const group = await started(3);
    const leader = await group.elected();
    const behind = leader.id === 1 ? 2 : 1;
    await group.crash(behind);
    for (let round = 0; round < 40; round++) {
      for (let at = 0; at < 10; at++) leader.log.propose(proposal('x'.repeat(500)));
      await group.pass(20);
    }
    const checkpoint = leader.log.positionOf(leader.log.committedIndex);
    await group.pass(2000); // the follower is long silent
    await leader.log.truncateBelow(checkpoint.index + 1);
    expect(leader.log.firstIndex).toBeGreaterThan(1);
    let replica = await group.start(behind);
    await group.until('told', () => replica.checkpointNeededFrom === leader.id);
    await group.crash(behind);
    replica = await group.start(behind, checkpoint);
    leader.log.propose(proposal('after'));
    await group.until('caught up', () => textsOf(replica).includes('after'));
    expect(replica.taken[0]?.index).toBe(checkpoint.index + 1);
  });

  it('keeps in memory what is yet to be executed somewhere, also for a follower that was cut off, and nothing else', async () => {
    const group = await started(3);
    const leader = await group.elected();
    const behind = [...group.replicas.values()].find((each) => each !== leader);
    if (behind === undefined) throw new Error('there are three');
    const all = [...group.replicas.values()];
    const executed = (count: number): boolean => all.every((each) => textsOf(each).length === count);
    for (const text of numbered(1, 100)) {
      leader.log.propose(proposal(text));
      await group.pass(1);
    }
    await group.until('all executed', () => executed(100));
    group.network.block(leader.id, behind.id);
    for (const text of numbered(101, 200)) {
      leader.log.propose(proposal(text));
      await group.pass(1);
    }
    await group.until('two executed', () => all.every((each) => each === behind || textsOf(each).length === 200));
    group.network.unblock(leader.id, behind.id);
    await group.until('all executed', () => executed(200));
    expect(all.map((each) => each.diskReads)).toEqual([0, 0, 0]);

    for (const { log } of all) {
      log.startFrom(1);
      expect(log.take()?.index).toBe(1);
    }
    expect(all.map((each) => each.diskReads)).toEqual([1, 1, 1]);
  });

  it('moves the leadership when asked to, and back to whom the group prefers when that one has been away', async () => {
    const group = await started(3, 3, { preferred: 2 });
    await group.until('the preferred one leads', () => group.leader?.id === 2, 20_000);
    group.leader?.log.transferLeadership(3, 'wanted');
    await group.until('replica 3 leads', () => group.leader?.id === 3);
    await group.pass(10_000);
    expect(group.leader?.id).toBe(3);
    await group.crash(2);
    await group.pass(2000);
    await group.start(2);
    await group.until('the preferred one leads again', () => group.leader?.id === 2, 20_000);

    group.leader?.log.transferLeadership(3, 'wanted');
    await group.until('replica 3 leads', () => group.leader?.id === 3);
    await group.pass(10_000);
    await group.crash(2);
    await group.start(2); // quicker than anybody could miss it
    await group.until('the preferred one leads again', () => group.leader?.id === 2, 20_000);
  });

  it('is not handed over to a replica that cannot lead now, nor to one that is behind unless it must be, and goes on', async () => {
    const group = await started(3, 3, { preferred: 2 });
    await group.until('the preferred one leads', () => group.leader?.id === 2, 20_000);
    const third = group.replicas.get(3);
    if (third === undefined) throw new Error('it runs');
    const stays = async (why: TransferReason): Promise<void> => {
      group.leader?.log.transferLeadership(3, why);
      await group.pass(1000);
      expect(group.leader?.id).toBe(2);
    };
    third.stuck = true;
    for (const why of ['wanted', 'needed'] as const) await stays(why);
    third.stuck = false;
    third.othersBehind = true;
    await stays('wanted');
    group.leader?.log.transferLeadership(3, 'needed');
    await group.until('replica 3 leads', () => group.leader?.id === 3);
  });

  it('is not handed over to a replica that has not executed what it holds: it would answer late', async () => {
    const group = await started(3, 3, { preferred: 2 });
    await group.until('the preferred one leads', () => group.leader?.id === 2, 20_000);
    const [leader, late] = [group.leader, group.replicas.get(3)];
    if (leader === null || late === undefined) throw new Error('they run');
    late.executes = false;
    for (let at = 0; at < 100; at++) {
      leader.log.propose(proposal(`entry ${at}`, 0, 10 * at));
      await group.pass(1);
    }
    await group.until('it holds them', () => late.log.committedIndex === leader.log.committedIndex);
    leader.log.transferLeadership(3, 'wanted');
    await group.pass(1000);
    expect(group.leader?.id).toBe(2);
    late.executes = true;
    leader.log.propose(proposal('has it look'));
    await group.until('it has executed them', () => textsOf(late).includes('has it look'));
    leader.log.transferLeadership(3, 'wanted');
    await group.until('replica 3 leads', () => group.leader?.id === 3);
  });

  it('goes back to the preferred replica when that one has executed what it missed, and is not stopped for it before', async () => {
    const group = await started(3, 3, { preferred: 2 });
    await group.until('the preferred one leads', () => group.leader?.id === 2, 20_000);
    await group.crash(2);
    const leader = await group.elected();
    for (let at = 0; at < 100; at++) leader.log.propose(proposal(`missed ${at}`, 0, 10 * at));
    const late = await group.start(2);
    late.executes = false;
    for (let ms = 0; ms < 20_000; ms += 10) {
      await group.pass(10);
      expect(leader.log.leadership.leading).toBe(true);
    }
    expect(leader.log.status.followers).toContainEqual(expect.objectContaining({ id: 2, unfit: true }));
    late.executes = true;
    leader.log.propose(proposal('has it look', 0, 1000));
    await group.until('the preferred one leads', () => group.leader?.id === 2, 3000);
  });

  it('changes its members one at a time', async () => {
    const group = await started(3, 4);
    const leader = await group.elected();
    const [removed] = [1, 2, 3].filter((id) => id !== leader.id);
    const voters = [1, 2, 3].filter((id) => id !== removed);
    const index = leader.log.changeMembership({ voters, learners: [] });
    expect(() => leader.log.changeMembership({ voters: [leader.id], learners: [] })).toThrow(PsmrError);
    await group.until('committed', () => leader.log.committedIndex >= index);
    expect(leader.log.positionOf(index).membership).toEqual({ voters, learners: [] });
    expect(leader.log.status.membership).toEqual({ voters, learners: [] });
  });
});
