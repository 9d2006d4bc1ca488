/** Opens a group's log on a replica: its files, its links to the other replicas, and Raft between them. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type PartitionMap } from '../classifier/partition-map.js';
import type { ClusterTiming } from '../config/cluster.js';
import { nowMs } from '../clock.js';
import { preferredLeader } from '../config/preferred-leader.js';
import type { PsmrError } from '../errors.js';
import type { Membership } from '../ordering/group-log.js';
import { HardStateFile } from '../ordering/raft/hard-state-file.js';
import { prepareStore } from '../ordering/raft/prepare-store.js';
import { RaftGroupLog } from '../ordering/raft/raft-group-log.js';
import type { OtherGroups, RaftClock } from '../ordering/raft/raft-group-log-options.js';
import type { RaftFlow } from '../ordering/raft/raft-types.js';
import type { PartManifest } from '../storage/checkpoint-store.js';
import { voteFile } from '../storage/data-paths.js';
import type { FileSystem } from '../storage/file-system.js';
import type { LogStore } from '../storage/log-store.js';
import { checkHeld, type Acknowledged } from './acknowledged.js';
import { diskHangs } from './disk-reports.js';
import type { PeerAddress, PeerLinkHandlers, PeerLinks } from '../transport/peer-links.js';
import { openPeerLinks } from '../transport/peers/open-peer-links.js';

/** One group's part in a cluster, as its worker is told. */
export interface GroupReplication {
  readonly cluster: string;
  readonly service: string;
  readonly secret: string;
  readonly replica: number;
  readonly group: number;
  /** Where the other replicas reach this group here. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly caFile: string } | null;
  /** The group on the other replicas. */
  readonly peers: readonly PeerAddress[];
  /** The cluster's first members. */
  readonly members: Membership;
  readonly timing: ClusterTiming;
  readonly retainBytes: number;
  /** What this replica must have on its disk; null: nobody says. */
  readonly acknowledged: Acknowledged | null;
}

/** What a group's log tells of beside its entries. */
export interface ReplicationEvents {
  /** This replica's log is too old to be continued: a checkpoint must be fetched, best from this replica. */
  checkpointNeeded: (from: number) => void;
  /** Something that an operator should know. */
  problem: (problem: PsmrError) => void;
  /** A message that no replica without a fault sends was passed over. */
  malformed: (from: number, why: PsmrError) => void;
  /** A link to a replica has come up or gone down. */
  reachable: (replica: number, up: boolean) => void;
}

/** A few commands of a closed loop: the next one of the same stream tells followers of the last one's commit. */
const NOTICE_MS = 5;

const FLOW: RaftFlow = { appendBytesMax: 1 << 20, inflightBytesMax: 8 << 20, inflightAppendsMax: 64 };

const clock: RaftClock = {
  now: nowMs,
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  soon: queueMicrotask,
};

export async function openReplicatedLog(
  replication: GroupReplication,
  parts: {
    dataDir: string;
    fileSystem: FileSystem;
    store: LogStore;
    part: PartManifest | null;
    map: PartitionMap;
    events: ReplicationEvents;
    others: OtherGroups;
  },
): Promise<RaftGroupLog> {
  const { cluster, replica, group, members, timing, retainBytes } = replication;
  const { dataDir, fileSystem, store, part, map, events, others } = parts;
  const start = {
    index: part?.position.index ?? 0,
    term: part?.position.term ?? 0,
    membership: part?.position.membership ?? members,
    timestampMs: part?.timestampMs ?? 0,
  };
  const file = voteFile(dataDir, group);
  mkdirSync(dirname(file), { recursive: true });
  const hardState = await HardStateFile.open(fileSystem, file, { cluster, replica, group }, store);
  if (replication.acknowledged !== null) {
    const held = { term: hardState.state.term, index: Math.max(store.lastIndex, start.index), dataDir };
    checkHeld(replication.acknowledged, group, held);
  }
  await prepareStore(store, start);
  const relay = new HandlerRelay(events);
  const links = await openLinks(replication, map.epoch, relay, events);
  const log = new RaftGroupLog({
    group,
    replica,
    store,
    hardState,
    start,
    openLinks: (handlers) => {
      relay.handlers = handlers;
      return links;
    },
    timing: { ...timing, noticeMs: NOTICE_MS },
    flow: FLOW,
    clock,
    random: Math.random,
    preferred: (voters) => preferredLeader(voters, group),
    retainBytes,
    checkpointNeeded: (from) => events.checkpointNeeded(from),
    malformed: (from, why) => events.malformed(from, why),
    ...others,
    diskHangs: () => events.problem(diskHangs(group, dataDir)),
  });
  log.setPeers(replication.peers);
  return log;
}

function openLinks(
  { cluster, service, secret, replica, group, listen, tls }: GroupReplication,
  epoch: number,
  relay: PeerLinkHandlers,
  events: ReplicationEvents,
): Promise<PeerLinks> {
  return openPeerLinks(
    {
      identity: { cluster, service, epoch, group, replica },
      secret,
      ...listen,
      localAddress: listen.host,
      ...(tls === null ? {} : { tls }),
      problem: (problem) => events.problem(problem),
    },
    relay,
  );
}

/** The links are there before the log that they are for. */
class HandlerRelay implements PeerLinkHandlers {
  handlers: PeerLinkHandlers | null = null;
  readonly #events: ReplicationEvents;

  constructor(events: ReplicationEvents) {
    this.#events = events;
  }

  message(from: number, bytes: Uint8Array): void {
    this.handlers?.message(from, bytes);
  }

  up(peer: number): void {
    this.#events.reachable(peer, true);
    this.handlers?.up(peer);
  }

  down(peer: number): void {
    this.#events.reachable(peer, false);
    this.handlers?.down(peer);
  }
}
