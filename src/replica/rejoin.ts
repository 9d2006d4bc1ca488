/**
 * How a replica comes back that has lost its disk: it takes part nowhere until no group counts on it any more, then
 * begins with an empty log as a new one would (formation.ts says why).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PsmrError } from '../errors.js';
import { ClusterClient } from './admin/cluster-client.js';
import type { KnownReplicas } from './known-replicas.js';
import type { ReplicaMemory } from './replica-memory.js';
import type { ReplicaSettings } from './replica-settings.js';

/** It is added when it has caught up, however long that takes. */
const REJOIN_MS = 86_400_000;
/** After an attempt for which no leader was there. */
const AGAIN_MS = 1000;

/**
 * Has this replica removed from every group, before anything of it runs. `formed`: of whom the cluster was formed: if of
 * this replica, too, an attempt before may have removed it, of which an empty directory knows nothing. Rejects with UNREACHABLE where no majority is
 * there, and with the signal's reason.
 */
export async function leaveAllGroups(
  settings: ReplicaSettings,
  memory: ReplicaMemory,
  known: KnownReplicas,
  formed: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const { id } = settings.own;
  const client = clientOf(settings, known, signal);
  const groups = (await client.views()).flatMap(({ status }) => status?.groups ?? []);
  const isMember = groups.some(({ members: { voters, learners } }) => voters.includes(id) || learners.includes(id));
  const tookPart = isMember || formed[String(id)] !== undefined;
  // From here on it is known that it must be added again, also where this is cut short.
  if (tookPart && !memory.rejoining) memory.remember({ rejoining: true });
  await client.removeMember(id);
}

/** Resolves when it votes in every group again. */
export async function rejoin(settings: ReplicaSettings, known: KnownReplicas, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await clientOf(settings, known, signal).addMember(settings.ownConfig);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PsmrError) || error.code !== 'UNREACHABLE') throw error;
      await pause(AGAIN_MS, undefined, { signal });
    }
  }
}

export function clientOf(settings: ReplicaSettings, known: KnownReplicas, signal: AbortSignal): ClusterClient {
  const { secret, tls } = settings;
  return new ClusterClient({
    urls: known.https().map(({ http }) => http.url),
    secret,
    ...(tls === null ? {} : { ca: tls.ca }),
    changeMs: REJOIN_MS,
    signal,
  });
}
