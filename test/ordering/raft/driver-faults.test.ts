import { describe, expect, it } from 'vitest';
import { type PsmrError } from '../../../src/errors.js';
import { encodeRaftMessage } from '../../../src/ordering/raft/raft-message-codec.js';
import { MemoryDisk } from '../../../src/storage/memory-disk.js';
import { HardStateFile } from '../../../src/ordering/raft/hard-state-file.js';
import { RaftGroupLog } from '../../../src/ordering/raft/raft-group-log.js';
import { SegmentLogStore } from '../../../src/storage/segment-log-store.js';
import type { PeerLinkHandlers } from '../../../src/transport/peer-links.js';
import { seededRandom, SimulatedClock } from '../../client/simulated-clock.js';
import { proposal } from './simulated-group.js';

/** One replica of several whose links end here: the test is the other replicas. */
async function lonely(voters: number[]) {
  const clock = new SimulatedClock(seededRandom(1));
  const malformed: string[] = [];
  const disk = new MemoryDisk();
  const given: { handlers: PeerLinkHandlers | null } = { handlers: null };
  const store = await SegmentLogStore.open('/log/segments', { fileSystem: disk, segmentBytes: 16_384 });
  const log = new RaftGroupLog({
    group: 1,
    replica: 1,
    store,
    hardState: await HardStateFile.open(disk, '/log/vote', { cluster: 'test', replica: 1, group: 1 }, store),
    start: { index: 0, term: 0, membership: { voters, learners: [] }, timestampMs: 0 },
    openLinks: (handlers) => {
      given.handlers = handlers;
      return { send: () => true, unsentBytes: () => 0, setPeers: () => undefined, close: () => Promise.resolve() };
    },
    timing: { heartbeatMs: 20, electionMs: 100, leaseMs: 0, noticeMs: 0 },
    flow: { appendBytesMax: 4096, inflightBytesMax: 65_536, inflightAppendsMax: 16 },
    clock,
    random: clock.random,
    preferred: () => 0,
    retainBytes: 0,
    checkpointNeeded: () => undefined,
    malformed: (from, { code }) => malformed.push(`${from}: ${code}`),
    stuck: () => false,
    othersBehind: () => false,
    behind: () => undefined,
    diskHangs: () => undefined,
  });
  let now = 0;
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < ms; step++) {
      clock.run(++now);
      await new Promise(setImmediate);
    }
  };
  const receive = (from: number, bytes: Uint8Array): void => given.handlers?.message(from, bytes);
  return { log, disk, pass, receive, malformed };
}

const notice = (from: number): Buffer =>
  Buffer.concat(encodeRaftMessage({ type: 'checkpoint-notice', from, to: 1, term: 99, firstIndex: 5 }));

describe('a replicated group log among faults', () => {
  it('passes over what it cannot read, says so, and goes on', async () => {
    const { log, pass, receive, malformed } = await lonely([1, 2, 3]);
    receive(2, Buffer.from('no message at all'));
    receive(2, Buffer.alloc(0));
    receive(3, Buffer.concat(encodeRaftMessage({ type: 'read-request', from: 3, to: 1, term: 0, id: -1 })));
    receive(
      3,
      Buffer.concat(encodeRaftMessage({ type: 'vote-reply', from: 3, to: 2, term: 0, pre: true, granted: true })),
    );
    expect(malformed).toEqual(['2: BAD_FRAME', '2: BAD_FRAME', '3: BAD_FRAME', '3: BAD_FRAME']);
    await pass(50);
    expect(log.lastIndex).toBe(0);
    await log.close();
  });

  it('takes nothing of an append request of which one entry cannot be read', async () => {
    const { log, receive } = await lonely([1, 2, 3]);
    const head = { from: 2, to: 1, term: 1, previousIndex: 0, previousTerm: 0, commitIndex: 2, round: 1 };
    const good = Buffer.alloc(32);
    good.writeDoubleLE(1, 0);
    good[8] = 1;
    const bad = Buffer.from(good);
    bad[8] = 77;
    const send = (records: Uint8Array[]): void => {
      const message = { ...head, type: 'append-request', lastIndex: records.length, terms: [[1, 1]] } as const;
      receive(
        2,
        Buffer.concat(
          encodeRaftMessage(
            message,
            records.map((record) => [record]),
          ),
        ),
      );
    };
    send([good, bad]);
    expect([log.lastIndex, log.committedIndex]).toEqual([0, 0]);
    send([good, good]);
    expect([log.lastIndex, log.committedIndex]).toEqual([2, 2]);
    await log.close();
  });

  it('believes no replica that speaks in the name of another', async () => {
    const { log, receive } = await lonely([1, 2, 3]);
    receive(2, notice(3));
    expect(log.leadership.leader).toBeNull();
    receive(3, notice(3));
    expect(log.leadership.leader).toBe('3');
    await log.close();
  });

  it.each([0, 10, 30, 55])('answers every reader when it is closed, after %i ms of waiting', async (ms) => {
    const { log, pass } = await lonely([1, 2, 3]);
    const answers: (number | PsmrError)[] = [];
    for (let reader = 0; reader < 3; reader++) log.readIndex((index) => answers.push(index));
    await pass(ms);
    expect(answers).toEqual([]);
    await log.close();
    log.readIndex((index) => answers.push(index));
    expect(answers.map((each) => (each as PsmrError).code)).toEqual(Array.from({ length: 4 }, () => 'NOT_LEADER'));
    await pass(2000);
    expect(answers).toHaveLength(4);
  });

  it('says once that its disk fails, whatever fails after that', async () => {
    const { log, disk, pass } = await lonely([1]);
    await pass(300);
    expect(log.leadership.leading).toBe(true);
    const failures: (Error | null)[] = [];
    log.onCommitted = (error) => failures.push(error);
    disk.fail('sync', new Error('EIO'));
    const committed = log.committedIndex;
    for (let round = 0; round < 3; round++) {
      try {
        log.propose(proposal('x'));
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORAGE_FAILED' });
      }
      await pass(200);
    }
    expect(failures).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })]);
    expect(log.committedIndex).toBe(committed);
    await log.close();
  });

  it('says once that its disk fails where both the vote and the log are to be written', async () => {
    const { log, disk, pass, receive } = await lonely([1, 2, 3]);
    const failures: (Error | null)[] = [];
    log.onCommitted = (error) => failures.push(error);
    disk.fail('sync', new Error('EIO'));
    for (const term of [3, 4]) {
      const record = Buffer.alloc(32);
      record.writeDoubleLE(term, 0);
      record[8] = 1;
      const request = { type: 'append-request', from: 2, to: 1, term, previousIndex: 0, previousTerm: 0 } as const;
      const message = { ...request, lastIndex: 1, terms: [[1, term]], commitIndex: 0, round: 1 } as const;
      receive(2, Buffer.concat(encodeRaftMessage(message, [[record]])));
      await pass(5);
    }
    expect(failures).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })]);
    await log.close();
  });
});
