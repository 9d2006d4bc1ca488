/** The place of a replicated group log: replicas in one thread, over a network, disks and a time of their own. */
import type { LogPosition } from '../../src/ordering/group-log.js';
import { type GroupReplica, SimulatedGroup } from '../ordering/raft/simulated-group.js';
import type { OpenLog } from './group-log-history.js';
import type { GroupLogPlace } from './group-log-suite.js';

/** Enough that a follower is served from the log, little enough that the suite's truncation drops something. */
const RETAIN_BYTES = 60_000;
const LIMIT_MS = 20_000;

export async function raftPlace(seed: number, members: number): Promise<GroupLogPlace> {
  const group = new SimulatedGroup(seed, members, { retainBytes: RETAIN_BYTES });
  const checkpoints = new Map<number, LogPosition>();
  const idOf = (open: OpenLog): number => {
    const found = [...group.replicas.values()].find((replica) => replica === open);
    if (found === undefined) throw new Error('only what runs is stopped');
    return found.id;
  };
  const start = async (id: number, startFrom?: number): Promise<GroupReplica> => {
    const replica = await group.start(id, checkpoints.get(id) ?? null);
    if (startFrom !== undefined) replica.log.startFrom(startFrom);
    return replica;
  };
  const fetchCheckpoints = async (): Promise<void> => {
    for (const { id, checkpointNeededFrom } of [...group.replicas.values()]) {
      const source = group.replicas.get(checkpointNeededFrom);
      const index = source?.taken.at(-1)?.index;
      if (source === undefined || index === undefined) continue;
      checkpoints.set(id, source.log.positionOf(index));
      await group.crash(id);
      await start(id);
    }
  };
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    for (let ms = 0; !holds(); ms++) {
      if (ms >= LIMIT_MS) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
      await group.pass(1);
      await fetchCheckpoints();
    }
  };
  const leader = async (): Promise<GroupReplica> => {
    await until('a leader', () => group.leader !== null);
    if (group.leader === null) throw new Error('there is a leader');
    return group.leader;
  };

  for (let id = 1; id <= members; id++) await start(id);
  return {
    get logs() {
      return [...group.replicas.values()];
    },
    leader,
    until,
    restart: async (open, startFrom) => {
      const id = idOf(open);
      await open.log.close();
      return start(id, startFrom);
    },
    crash: async (open) => {
      const id = idOf(open);
      await group.crash(id);
      if (members > 1) await leader();
      await start(id);
    },
    truncateBelow: async (open, index) => {
      const replica = group.replicas.get(idOf(open));
      checkpoints.set(idOf(open), open.log.positionOf(index - 1));
      // A leader keeps what it does not know its followers to have.
      await until('its followers have it', () => !replica?.log.status.followers.some((one) => one.matchIndex < index));
      await open.log.truncateBelow(index);
    },
    remove: async () => {
      for (const { log } of group.replicas.values()) await log.close();
    },
  };
}
