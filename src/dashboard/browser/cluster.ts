/// <reference lib="dom" />
/** The replicas, who leads what, and how far the others are behind. */
import type { DashboardData, ReplicaStatus } from '../dashboard-data.js';
import { byId, empty, make, table, type Cell } from './elements.js';
import { bytes, duration, percent, whole } from './format.js';
import { nameOf } from './lanes.js';

export function drawCluster({ replica, lastCheckpoint, checkpoints, groups }: DashboardData): void {
  const place = byId('cluster');
  if (replica === null) {
    const taken =
      lastCheckpoint === null
        ? 'no checkpoint so far'
        : `newest checkpoint ${lastCheckpoint}, ${whole(checkpoints)} since the start`;
    const log = groups.reduce((sum, { logBytes }) => sum + logBytes, 0);
    return place.replaceChildren(empty(`One engine, not replicated: ${taken}, ${bytes(log)} of log.`));
  }
  place.replaceChildren(summary(replica), replicas(replica), groupTable(replica));
}

function summary({
  replica,
  cluster,
  state,
  reason,
  transfer,
  checkpoint,
  lastAgreedCheckpoint,
}: ReplicaStatus): HTMLElement {
  const agreed =
    lastAgreedCheckpoint === null ? 'none agreed upon yet' : `a majority agrees upon ${lastAgreedCheckpoint}`;
  const parts = [
    `Replica ${replica} of ${cluster} is ${state}${reason === null ? '' : `: ${reason}`}`,
    `newest checkpoint here: ${checkpoint ?? 'none'} (${agreed})`,
  ];
  if (transfer !== null)
    parts.push(
      `fetching a checkpoint from replica ${transfer.from}: ${percent(transfer.bytes / Math.max(1, transfer.totalBytes))} of ${bytes(transfer.totalBytes)}`,
    );
  return make('p', 'muted', `${parts.join('; ')}.`);
}

function replicas({ replica: own, replicas: all, groups }: ReplicaStatus): HTMLElement {
  return table(
    ['replica', { left: '' }, { left: 'leads' }, { left: 'behind, where this one leads' }, { left: 'its dashboard' }],
    all.map(({ id, url, reachable }) => {
      const leads = groups.filter(({ leader }) => leader === id).map(({ group }) => nameOf(group, groups));
      return [
        id === own ? `${id} (this)` : String(id),
        { left: reachable ? badge('up', 'reached') : badge('away', 'not reached') },
        { left: leads.length === 0 ? 'nothing' : leads.join(', ') },
        { left: id === own ? '' : lagText(id, groups) },
        { left: link(url) },
      ];
    }),
  );
}

function lagText(id: number, groups: ReplicaStatus['groups']): string {
  const followed = groups.flatMap(({ followers }) => followers.filter((each) => each.id === id));
  if (followed.length === 0) return 'this one leads nothing that it follows';
  const lag = followed.reduce((sum, each) => sum + each.lag, 0);
  const silentMs = Math.max(...followed.map((each) => each.silentMs));
  const silent = silentMs > 1000 ? `, silent for ${duration(silentMs)}` : '';
  return `${whole(lag)} ${lag === 1 ? 'entry' : 'entries'}${silent}`;
}

/** Only where it can be nothing but an address. */
function link(url: string): Node | string {
  if (!/^https?:\/\//.test(url)) return url;
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.textContent = url;
  return anchor;
}

function badge(kind: string, text: string): HTMLElement {
  return make('span', `badge ${kind}`, text);
}

function groupTable({ groups }: ReplicaStatus): HTMLElement {
  return table(
    ['group', 'leader', { left: 'this replica' }, 'term', 'committed', 'to execute', 'to commit'],
    groups.map(({ group, leader, role, term, commitIndex, executedIndex, lastIndex }): Cell[] => [
      nameOf(group, groups),
      leader === 0 ? badge('away', 'none known') : `replica ${leader}`,
      { left: role === 'leader' ? badge('leader', 'leads') : role },
      whole(term),
      whole(commitIndex),
      whole(Math.max(0, commitIndex - executedIndex)),
      whole(Math.max(0, lastIndex - commitIndex)),
    ]),
  );
}
