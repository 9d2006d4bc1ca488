import { expect, it } from 'vitest';
import { handOver, successorOf } from '../../src/replica/hand-over.js';
import { SimulatedGroup } from '../ordering/raft/simulated-group.js';

it('a leader that hands over is followed by another at once', async () => {
  const group = new SimulatedGroup(1, 3);
  for (const id of [1, 2, 3]) await group.start(id);
  const leader = await group.elected();
  await group.pass(200);
  const { term } = leader.log.status;
  const over = handOver(leader.log);
  await group.until('another leads', () => group.leader !== null && group.leader.id !== leader.id, 100);
  await over;
  expect(leader.log.status).toMatchObject({ role: 'follower', term: term + 1 });
});

it('who leads nothing, or alone, need not hand over', async () => {
  const group = new SimulatedGroup(1, 1);
  await group.start(1);
  const { log } = await group.elected();
  await handOver(log);
  expect(log.status.role).toBe('leader');
});

it('hands over to the voter that lacks least, is there and is fit to lead', () => {
  const follower = (id: number, matchIndex: number, silentMs = 10, unfit = false): object => ({
    ...{ id, matchIndex, silentMs, unfit, state: 'streaming' },
  });
  const followers = [
    ...[follower(2, 90), follower(3, 100, 5000), follower(4, 100), follower(5, 95)],
    follower(6, 100, 10, true),
  ];
  const status = { membership: { voters: [1, 2, 3, 5, 6], learners: [4] }, followers } as Parameters<
    typeof successorOf
  >[0];
  expect(successorOf(status, new Set())).toBe(5);
  expect(successorOf(status, new Set([5]))).toBe(2);
  // Better one that would answer late than nobody.
  expect(successorOf(status, new Set([5, 2]))).toBe(6);
  expect(successorOf(status, new Set([5, 2, 6]))).toBe(0);
});
