/** Single changes of leadership, step by step, on a cluster over ideal logs. */
import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { decodeValue, encodeCommandBatch } from '../../src/execution/command-batch.js';
import {
  decodeReplyFrame,
  encodeCommandsFrame,
  FLAG_READ_ONLY,
  FrameKind,
  SEGMENT_READ_ONLY,
} from '../../src/transport/frames.js';
import { decodeGoodbye } from '../../src/transport/handshake.js';
import { seededRandom } from '../seeded-random.js';
import { IdealCluster } from './ideal-cluster.js';
import type { IdealGroup } from './ideal-replicated-log.js';
import { openGateLink, openRingLink, rejectionIn, type Link } from './list-client.js';
import { service } from './list-service.js';
import type { ModelCommand } from './model-service.js';
import type { SimulatedReplica } from './simulated-replica.js';

const REPLICAS = 5;
const SYNC_LEADER = 1;
const STREAM_LEADER = 2;

class Scene {
  readonly map = createPartitionMap({ streams: 2, partitioning: {} });
  readonly cluster = new IdealCluster(this.map, seededRandom(1), REPLICAS);
  readonly router = new CommandRouter(service, this.map);
  readonly session = Uint8Array.from({ length: 16 }, () => 9);

  constructor() {
    this.cluster.groups.forEach((group, at) => {
      this.cluster.elect(at, at === 0 ? SYNC_LEADER : STREAM_LEADER);
      this.settle(group);
    });
  }

  replica(number: number): SimulatedReplica {
    return this.cluster.replicas[number - 1] as SimulatedReplica;
  }

  group(at: number): IdealGroup {
    return this.cluster.groups[at] as IdealGroup;
  }

  /** The leader's whole log comes to all, is written and committed, and all learn of it. */
  settle(group: IdealGroup): void {
    const numbers = Array.from({ length: REPLICAS }, (_, at) => at + 1);
    group.log(group.leader).writeDisk(1);
    for (const number of numbers) {
      group.replicate(group.log(number), 1000);
      group.log(number).writeDisk(1);
    }
    group.commit();
    for (const number of numbers) group.tellCommit(group.log(number));
  }

  /** Every thread of every replica does what it can. */
  poll(): void {
    for (let round = 0; round < 60; round++)
      for (let number = 1; number <= REPLICAS; number++)
        for (let group = 0; group <= this.map.streams; group++) this.cluster.poll(number, group);
  }

  frame(sequence: number, [name, args]: ModelCommand, readOnly = false): Uint8Array {
    const { mask } = this.router.route(name, args);
    const body = encodeCommandBatch([name], [0], [args]);
    const segments = [{ ...mask, flags: readOnly ? SEGMENT_READ_ONLY : 0, count: 1, body }];
    const flags = readOnly ? FLAG_READ_ONLY : 0;
    const { epoch } = this.map;
    const { session } = this;
    return encodeCommandsFrame({ flags, epoch, session, firstSequence: sequence, acknowledged: 0, segments });
  }

  /** A key of each stream. */
  get keys(): readonly [string, string] {
    const keyOf = (stream: number): string => {
      for (let n = 0; ; n++) if (this.map.streamOf(`k${n}`) === stream) return `k${n}`;
    };
    return [keyOf(1), keyOf(2)];
  }
}

function nextReply(link: Link): Uint8Array | null {
  let bytes = link.receive();
  while (bytes?.[0] === FrameKind.welcome) bytes = link.receive();
  return bytes;
}

describe('a group 0 that loses its tail', () => {
  it('fills the indexes that streams named, also where all streams are led by another replica', () => {
    const scene = new Scene();
    const [one, two] = scene.keys;
    const sync = scene.group(0);
    // Appended by its leader and by the streams' leader: too few for a commit, enough for a merge point.
    openRingLink(scene.replica(SYNC_LEADER), 0, 3).send(scene.frame(1, ['markAll', { keys: [one, two], id: 1 }]));
    scene.poll();
    sync.replicate(sync.log(STREAM_LEADER), 1000);
    const lost = sync.log(STREAM_LEADER).lastIndex;
    scene.poll();
    for (const stream of [1, 2]) {
      expect(scene.group(stream).log(STREAM_LEADER).lastMergePoint).toBe(lost);
      scene.settle(scene.group(stream));
    }
    scene.poll();
    for (const { executor } of scene.replica(3).streams) expect(executor.awaitedSyncIndex).toBe(lost);

    // The new leader's no-op takes the lost entry's place; one more named index makes it fill.
    expect(scene.cluster.elect(0, 3)).toBe(true);
    scene.settle(sync);
    scene.poll();
    scene.settle(sync);
    scene.poll();
    for (let number = 1; number <= REPLICAS; number++)
      for (const { executor } of scene.replica(number).streams) expect(executor.syncIndex).toBe(lost);
    expect(sync.entries.flatMap((entry) => entry.frames)).toEqual([]);
  });

  it('fills as far as streams named, where the lost tail was longer than the new leader begins with', () => {
    const scene = new Scene();
    const [one, two] = scene.keys;
    const sync = scene.group(0);
    const link = openRingLink(scene.replica(SYNC_LEADER), 0, 3);
    for (let nth = 1; nth <= 4; nth++) {
      link.send(scene.frame(nth, ['markAll', { keys: [one, two], id: nth }]));
      scene.cluster.poll(SYNC_LEADER, 0);
    }
    sync.replicate(sync.log(STREAM_LEADER), 1000);
    scene.poll();
    for (const stream of [1, 2]) scene.settle(scene.group(stream));
    const lost = sync.log(SYNC_LEADER).lastIndex;
    scene.cluster.elect(0, 4);
    for (let round = 0; round < 2; round++) {
      scene.settle(sync);
      scene.poll();
    }
    expect(sync.committed.length).toBe(lost);
    for (let number = 1; number <= REPLICAS; number++)
      for (const { executor } of scene.replica(number).streams) expect(executor.syncIndex).toBe(lost);
    // Whoever waits in process learns the truth: each of the four frames is refused, not left in doubt.
    const codes = [1, 2, 3, 4].map(() => rejectionOf(nextReply(link)));
    expect(codes).toEqual([4, 4, 4, 4].map((leader) => ['NOT_LEADER', leader]));
    expect(scene.replica(SYNC_LEADER).queuedBytes).toBe(0);
  });
});

function valuesOf(bytes: Uint8Array | null): unknown {
  const reply = decodeReplyFrame(bytes as Uint8Array);
  expect(reply.kind).toBe(FrameKind.results);
  return (decodeValue(reply.body) as unknown[])[0];
}

function rejectionOf(bytes: Uint8Array | null): unknown[] {
  const reply = decodeReplyFrame(bytes as Uint8Array);
  expect(reply.kind).toBe(FrameKind.rejected);
  const { code, leader } = rejectionIn(reply.body);
  return [code, leader];
}

describe('a stream whose leader changes', () => {
  it('says goodbye to connections, and answers rings once the truth is known', () => {
    const scene = new Scene();
    const [key] = scene.keys;
    const stream = scene.group(1);
    const old = scene.replica(STREAM_LEADER);
    const gate = openGateLink(old, 1, new Uint8Array(16).fill(3));
    const ring = openRingLink(old, 1, 3);
    ring.send(scene.frame(1, ['mark', { key, id: 1 }]));
    scene.cluster.poll(STREAM_LEADER, 1);
    const kept = stream.log(STREAM_LEADER).lastIndex;
    stream.replicate(stream.log(5), 1000);
    for (const id of [2, 3]) {
      ring.send(scene.frame(id, ['mark', { key, id }]));
      scene.cluster.poll(STREAM_LEADER, 1);
    }
    expect(stream.log(STREAM_LEADER).lastIndex).toBe(kept + 2);

    // 5 has the first frame, not the others.
    expect(scene.cluster.elect(1, 5)).toBe(true);
    stream.replicate(stream.log(STREAM_LEADER), 0);
    scene.cluster.poll(STREAM_LEADER, 1);
    expect(decodeGoodbye(nextReply(gate) as Uint8Array)).toMatchObject({ code: 'NOT_LEADER', leader: 5 });
    expect(nextReply(ring)).toBeNull();
    expect(old.queuedBytes).toBeGreaterThan(0);
    expect(old.control.leader(1)).toBe(5);

    scene.settle(stream);
    scene.poll();
    const first = decodeReplyFrame(nextReply(ring) as Uint8Array);
    expect([first.kind, first.firstSequence]).toEqual([FrameKind.results, 1]);
    for (let lost = 0; lost < 2; lost++) expect(rejectionOf(nextReply(ring))).toEqual(['NOT_LEADER', 5]);
    expect(old.queuedBytes).toBe(0);
    expect(old.content.lists.get(key)).toEqual([1]);

    // A read behind them does not wait for what is lost.
    ring.send(scene.frame(1, ['marks', { key }], true));
    scene.poll();
    for (let step = 0; step < 100; step++) stream.step();
    scene.poll();
    expect(valuesOf(nextReply(ring))).toEqual([[[1]]]);
  });

  it('lets a replica that does not lead refuse what writes, and name the leader', () => {
    const scene = new Scene();
    const [one, two] = scene.keys;
    const ring = openRingLink(scene.replica(3), 1, 3);
    ring.send(scene.frame(1, ['mark', { key: one, id: 1 }]));
    const sync = openRingLink(scene.replica(3), 0, 3);
    sync.send(scene.frame(1, ['markAll', { keys: [one, two], id: 2 }]));
    scene.poll();
    expect(rejectionOf(nextReply(ring))).toEqual(['NOT_LEADER', STREAM_LEADER]);
    expect(rejectionOf(nextReply(sync))).toEqual(['NOT_LEADER', SYNC_LEADER]);
  });
});

describe('a checkpoint', () => {
  it('that is lost with its leader is refused, not awaited for ever; one of the new leader completes everywhere', async () => {
    const scene = new Scene();
    const sync = scene.group(0);
    const taking = scene.replica(SYNC_LEADER).coordinator.take();
    const refused = expect(taking).rejects.toMatchObject({ code: 'NOT_LEADER', details: { leader: 3 } });
    scene.cluster.elect(0, 3);
    scene.settle(sync);
    scene.poll();
    await refused;

    const taken = scene.replica(3).coordinator.take();
    for (let round = 0; round < 3; round++) {
      for (const group of scene.cluster.groups) scene.settle(group);
      scene.poll();
    }
    for (let number = 1; number <= REPLICAS; number++) await scene.replica(number).finishWriting();
    const { id, parts } = await taken;
    expect(parts.map((part) => part.position.term)).toEqual([2, 1, 1]);
    expect(scene.cluster.stores.map((store) => store.newest()?.id)).toEqual(Array.from({ length: REPLICAS }, () => id));
  });
});
