import { describe, expect, it } from 'vitest';
import { changesOf, renderCluster } from '../../src/cli/cluster-text.js';
import { LiveText } from '../../src/cli/live-text.js';
import { PsmrError } from '../../src/errors.js';
import type { ReplicaView } from '../../src/replica/admin/cluster-client.js';
import type { ReplicaGroupStatus, ReplicaStatus } from '../../src/replica/admin/replica-status.js';

const group = (at: number, more: Partial<ReplicaGroupStatus>): ReplicaGroupStatus => ({
  ...{ group: at, name: at === 0 ? 'sync' : 'hot', role: 'follower', term: 2, leader: 1 },
  ...{ members: { voters: [1, 2, 3], learners: [] }, firstIndex: 1, lastIndex: 0, commitIndex: 0, executedIndex: 0 },
  ...{ commandsPerSecond: 0, followers: [] },
  ...more,
});

const status = (replica: number, groups: ReplicaGroupStatus[], more: Partial<ReplicaStatus> = {}): ReplicaStatus => ({
  ...{
    replica,
    cluster: 'shop',
    service: 'bank',
    epoch: 7,
    state: 'running',
    reason: null,
    transfer: null,
    upMs: 1,
    groups,
  },
  ...{ checkpoint: null, lastAgreedCheckpoint: null, replicas: [], formation: { incarnation: 'a', formed: null } },
  ...more,
});

const view = (id: number, told: ReplicaStatus | null): ReplicaView => ({
  id,
  url: `http://10.0.0.${id}:7390`,
  status: told,
  problem: told === null ? new PsmrError('UNREACHABLE', 'No replica answers.') : null,
});

const follower = { id: 2, matchIndex: 5, state: 'streaming', silentMs: 1, unfit: false, lag: 4 } as const;
const LED = [
  group(0, { role: 'leader', commitIndex: 120, executedIndex: 119, commandsPerSecond: 7.6, followers: [follower] }),
  group(1, { term: 5, leader: 2, commitIndex: 80, executedIndex: 80 }),
];
const SECOND = [
  group(0, { commitIndex: 118, executedIndex: 118 }),
  group(1, {
    ...{ role: 'leader', term: 5, leader: 2, commitIndex: 90, executedIndex: 88, commandsPerSecond: 12_000 },
    followers: [{ ...follower, id: 3, state: 'needs-checkpoint', lag: 90 }],
  }),
];
const VIEWS = [
  view(1, status(1, LED, { lastAgreedCheckpoint: 40 })),
  view(2, status(2, SECOND, { state: 'fetching', transfer: { from: 1, bytes: 3 << 20, totalBytes: 12 << 20 } })),
  view(3, null),
];

describe('a cluster', () => {
  it('is a line per replica and a line per group', () => {
    const lines = renderCluster(VIEWS)
      .split('\n')
      .map((line) => line.trimEnd());
    expect(lines).toEqual([
      'cluster shop, service bank, last agreed checkpoint 40',
      '  replica 1  running  http://10.0.0.1:7390',
      '  replica 2  fetching (from replica 1: 25% of 12.0 MiB)  http://10.0.0.2:7390',
      '  replica 3  no answer  http://10.0.0.3:7390',
      '',
      '  group     leader  term  commit  applied          lag                        commands/s',
      '  0 (sync)       1     2     120  1:119 2:118 3:-  2:4                                 8',
      '  1 (hot)        2     5      90  1:80 2:88 3:-    3:90 (needs a checkpoint)       12000',
      '',
    ]);
  });

  it('says who would not take the leadership', () => {
    const led = group(0, { role: 'leader', followers: [follower, { ...follower, id: 3, unfit: true }] });
    expect(renderCluster([view(1, status(1, [led]))])).toContain('2:4 3:4 (not fit to lead)');
  });

  it('says who is no member any more, whatever that one still believes', () => {
    const members = { voters: [2], learners: [3] };
    const removed = view(1, status(1, [group(0, { role: 'pre-candidate', term: 2, leader: 0 })]));
    const left = view(2, status(2, [group(0, { role: 'leader', term: 2, leader: 2, members })]));
    const text = renderCluster([removed, left, view(3, null), view(4, null)]);
    expect(text).toContain('replica 1, no member  running');
    expect(text).toContain('replica 2  running');
    expect(text).toContain('replica 3  no answer');
    expect(text).toContain('replica 4, no member  no answer');
  });

  it('says why one that is there is refused', () => {
    const sentence = 'The certificate of https://10.0.0.2:7390 is not accepted: certificate has expired.';
    const problem = new PsmrError('UNREACHABLE', sentence, { details: { tls: true } });
    const text = renderCluster([view(1, status(1, [])), { ...view(2, null), problem }]);
    expect(text).toContain(`  replica 2  refused: ${sentence}  http`);
  });

  it('has the leader of the newest term, where replicas disagree', () => {
    const old = view(1, status(1, [group(0, { role: 'leader', term: 2, leader: 1 })]));
    const newer = view(2, status(2, [group(0, { role: 'leader', term: 3, leader: 2 })]));
    expect(renderCluster([old, newer])).toMatch(/0 \(sync\) +2 +3 /);
  });

  it('has groups without a leader, and replicas that have failed', () => {
    const lost = [group(0, { term: 4, leader: 0 })];
    const text = renderCluster([view(1, status(1, lost, { state: 'failed', reason: 'the disk is full' }))]);
    expect(text).toContain('replica 1  failed: the disk is full  http');
    expect(text).toMatch(/0 \(sync\) +none +4 +0 +1:0 +- +-/);
  });
});

describe('changes', () => {
  it('are told once, a line each', () => {
    expect(changesOf(null, VIEWS)).toEqual([
      'replica 1: running',
      'replica 2: fetching',
      'replica 3: no answer',
      'group 0 (sync): replica 1 leads, term 2',
      'group 1 (hot): replica 2 leads, term 5',
      'checkpoint 40 agreed on',
    ]);
    expect(changesOf(VIEWS, VIEWS)).toEqual([]);
    const after = [view(1, null), ...VIEWS.slice(1)];
    expect(changesOf(VIEWS, after)).toEqual(['replica 1: no answer', 'group 0 (sync): no leader']);
  });
});

describe('live text', () => {
  it('goes back over what it has drawn, and leaves lines that are said above', () => {
    let written = '';
    const live = new LiveText({ columns: 31, write: (text) => (written += text) });
    live.draw('one\ntwo\n');
    live.draw(`${'x'.repeat(50)}\n`);
    live.say('said');
    live.draw('three');
    expect(written).toBe(`one\ntwo\n\x1b[2A\x1b[J${'x'.repeat(30)}\n\x1b[1A\x1b[Jsaid\nthree\n`);
  });
});
