import { describe, expect, it } from 'vitest';
import { decideAgreement, differenceText, RecentHashes, type ReplicaHashes } from '../../src/replica/agreement.js';

const THREE = [1, 2, 3];

/** `checkpoints`: by id, hashes of the parts. */
const report = (replica: number, checkpoints: Record<number, string[]>): ReplicaHashes => ({
  replica,
  checkpoints: Object.entries(checkpoints).map(([id, parts]) => ({ id: Number(id), parts })),
});
const decide = (own: number, members: readonly number[], ...reports: ReplicaHashes[]) =>
  decideAgreement(own, members, reports);

describe('replicas that agree', () => {
  it('know the newest checkpoint that a majority has', () => {
    const reports = [
      report(1, { 10: ['-', 'a', 'b'], 20: ['-', 'c', 'd'], 30: ['-', 'e', 'f'] }),
      report(2, { 10: ['-', 'a', 'b'], 20: ['-', 'c', 'd'] }),
      report(3, { 10: ['-', 'a', 'b'] }),
    ];
    expect(decide(1, THREE, ...reports)).toEqual({ lastAgreed: 20, difference: null, differing: [], disputed: null });
    // Replica 3 knows nothing of 20 for itself.
    expect(decide(3, THREE, ...reports).lastAgreed).toBe(10);
    expect(decide(1, [1, 2, 3, 4, 5], ...reports).lastAgreed).toBe(10);
  });

  it('need not have kept the same checkpoints, and those who are no members do not count', () => {
    const reports = [report(1, { 10: ['-', 'a'] }), report(2, { 20: ['-', 'b'] }), report(9, { 10: ['-', 'x'] })];
    expect(decide(1, THREE, ...reports)).toEqual({ lastAgreed: null, difference: null, differing: [], disputed: null });
  });

  it('are one, where there is but one', () => {
    expect(decide(1, [1], report(1, { 10: ['-', 'a'] })).lastAgreed).toBe(10);
  });
});

describe('a replica that differs from the majority', () => {
  const reports = [
    report(1, { 10: ['-', 'a', 'b'], 20: ['-', 'c', 'd'] }),
    report(2, { 10: ['-', 'a', 'b'], 20: ['-', 'c', 'wrong'] }),
    report(3, { 10: ['-', 'a', 'b'], 20: ['-', 'c', 'd'] }),
  ];

  it('learns it, with checkpoint and stream', () => {
    expect(decide(2, THREE, ...reports)).toEqual({
      lastAgreed: 10,
      difference: { checkpoint: 20, stream: 2, hash: 'wrong', majority: 'd', others: [1, 3] },
      differing: [2],
      disputed: null,
    });
  });

  it('does not stop the others, who agree on', () => {
    for (const own of [1, 3])
      expect(decide(own, THREE, ...reports)).toEqual({
        lastAgreed: 20,
        difference: null,
        differing: [2],
        disputed: null,
      });
  });

  it('is named with what is to be done', () => {
    const { difference } = decide(2, THREE, ...reports);
    if (difference === null) throw new Error('no difference');
    expect(differenceText(2, difference, ['sync', 'hot', 'cold'])).toMatch(
      /^replica 2 differs from replicas 1, 3 in stream cold at checkpoint 20 \(hash wrong, theirs d\)\. .*--rebuild/,
    );
  });

  it('is told of the first difference, when there are several', () => {
    const own = report(2, { 10: ['-', 'x', 'y'], 20: ['-', 'z', 'z'] });
    const { difference } = decide(2, THREE, own, reports[0] ?? own, reports[2] ?? own);
    expect(difference).toMatchObject({ checkpoint: 10, stream: 1 });
  });
});

describe('a difference that is open', () => {
  const [one, other] = [report(1, { 10: ['-', 'a'] }), report(2, { 10: ['-', 'b'] })];

  it('stops nobody while a third replica can still settle it', () => {
    for (const own of [1, 2])
      expect(decide(own, THREE, one, other)).toEqual({
        lastAgreed: null,
        difference: null,
        differing: [],
        disputed: { checkpoint: 10, stream: 1 },
      });
    expect(decide(1, THREE, one, other, report(3, { 10: ['-', 'b'] })).difference?.majority).toBe('b');
  });

  it('stops both of two replicas: neither can know who is right', () => {
    for (const own of [1, 2])
      expect(decide(own, [1, 2], one, other)).toMatchObject({
        difference: { majority: null, others: [3 - own] },
        differing: [1, 2],
      });
  });

  it('stops all where each of three says something else', () => {
    const reports = [one, other, report(3, { 10: ['-', 'c'] })];
    for (const own of THREE) expect(decide(own, THREE, ...reports).difference?.majority).toBeNull();
    expect(decide(1, THREE, ...reports).differing).toEqual(THREE);
  });

  it('stops two against two of four', () => {
    const reports = [one, other, report(3, { 10: ['-', 'a'] }), report(4, { 10: ['-', 'b'] })];
    expect(decide(1, [1, 2, 3, 4], ...reports).differing).toEqual([1, 2, 3, 4]);
    expect(decide(1, [1, 2, 3, 4], ...reports.slice(0, 3)).difference).toBeNull();
  });
});

describe('recent hashes', () => {
  it('are the last few checkpoints, parts in order, each once', () => {
    const manifest = (id: number) => ({
      id,
      takenAtMs: 0,
      parts: [1, 0].map((part) => ({
        part,
        nextIndex: 1,
        position: { index: 0, term: 0, membership: null },
        timestampMs: 0,
        keys: 0,
        hash: `${id}/${part}`,
        chunks: 0,
        bytes: 0,
      })),
    });
    const recent = new RecentHashes(3, [manifest(5)]);
    for (let id = 10; id > 0; id--) recent.add(manifest(id * 10));
    recent.add(manifest(100));
    const { replica, checkpoints } = recent.report();
    expect(replica).toBe(3);
    expect(checkpoints.map(({ id }) => id)).toEqual([30, 40, 50, 60, 70, 80, 90, 100]);
    expect(checkpoints[0]?.parts).toEqual(['30/0', '30/1']);
  });
});
