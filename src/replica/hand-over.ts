/** A replica that is about to stop hands a group over, so that its clients need not wait for an election. */
import { setTimeout as pause } from 'node:timers/promises';
import { PsmrError } from '../errors.js';
import type { WorkerPool } from './worker-pool.js';
import { betterSuccessor } from '../ordering/raft/group-view.js';
import type { RaftGroupLog } from '../ordering/raft/raft-group-log.js';
import type { RaftStatus } from '../ordering/raft/raft-group-log-options.js';

const LIMIT_MS = 1000;
const LOOK_MS = 5;
/** One that does not take over in this time is passed over for the next. */
const ATTEMPT_MS = 400;
/** One that has been silent for longer is gone, or about to. */
const SILENT_MS_MAX = 200;

/** Resolves when another replica leads, nobody can, or after a while. */
export async function handOver(log: RaftGroupLog): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  const tried = new Set<number>();
  while (log.status.role === 'leader' && performance.now() < deadline) {
    const successor = successorOf(log.status, tried);
    if (successor === 0) return;
    tried.add(successor);
    try {
      log.transferLeadership(successor, 'needed');
    } catch (error) {
      if (!(error instanceof PsmrError)) throw error;
    }
    const attemptEnds = Math.min(deadline, performance.now() + ATTEMPT_MS);
    while (performance.now() < attemptEnds && !ledByAnother(log.status)) await pause(LOOK_MS);
  }
}

/** Every group of this replica, or as many as can be in a moment. */
export async function handOverAll(pool: WorkerPool): Promise<void> {
  const handedOver = pool.nextOfAll('handed-over').catch(() => undefined);
  pool.postAll({ type: 'hand-over' });
  const late = new AbortController();
  await Promise.race([
    handedOver,
    pause(LIMIT_MS + ATTEMPT_MS, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
}

export function ledByAnother({ role, leader }: RaftStatus): boolean {
  return role !== 'leader' && leader !== 0;
}

/** The voter that lacks least, of those that are fit to lead if there are any; 0: none. */
export function successorOf(
  { membership: { voters }, followers }: Pick<RaftStatus, 'membership' | 'followers'>,
  tried: ReadonlySet<number>,
): number {
  const able = followers.filter(
    ({ id, state, silentMs }) =>
      voters.includes(id) && !tried.has(id) && state === 'streaming' && silentMs < SILENT_MS_MAX,
  );
  return able.sort(betterSuccessor)[0]?.id ?? 0;
}
