/** A cluster for people to read: one line per group. Pure. */
import Table from 'cli-table3';
import type { PsmrError } from '../errors.js';
import { isNoMember, leaderOf, type ReplicaView } from '../replica/admin/cluster-client.js';
import type { ReplicaGroupStatus } from '../replica/admin/replica-status.js';

/** One line per replica, then one per group. Ends with a line break. */
export function renderCluster(views: readonly ReplicaView[]): string {
  const [known] = views.flatMap(({ status }) => (status === null ? [] : [status]));
  const agreed = views.flatMap(({ status }) => status?.lastAgreedCheckpoint ?? []);
  const head = `cluster ${known?.cluster ?? '?'}, service ${known?.service ?? '?'}, last agreed checkpoint ${
    agreed.length === 0 ? 'none' : String(Math.max(...agreed))
  }`;
  return `${[head, ...views.map((view) => `  ${replicaLine(view, views)}`), '', renderGroups(views)].join('\n')}\n`;
}

function replicaLine(view: ReplicaView, views: readonly ReplicaView[]): string {
  const { id, url, status, problem } = view;
  const name = `replica ${id === 0 ? '?' : id}${isNoMember(id, views) ? ', no member' : ''}`;
  if (status === null) return `${name}  ${refusalOf(problem) ?? 'no answer'}  ${url}`;
  const { state, reason, transfer } = status;
  const fetched =
    transfer === null
      ? ''
      : ` (from replica ${transfer.from}: ${percent(transfer.bytes, transfer.totalBytes)} of ${mebibytes(transfer.totalBytes)} MiB)`;
  return `${name}  ${state}${fetched}${reason === null ? '' : `: ${reason}`}  ${url}`;
}

/** Null: nobody is there. */
function refusalOf(problem: PsmrError | null): string | null {
  const isThere = problem !== null && (problem.code !== 'UNREACHABLE' || problem.details['tls'] === true);
  return isThere ? `refused: ${problem.message}` : null;
}

function renderGroups(views: readonly ReplicaView[]): string {
  const table = new Table({
    head: ['group', 'leader', 'term', 'commit', 'applied', 'lag', 'commands/s'],
    colAligns: ['left', 'right', 'right', 'right', 'left', 'left', 'right'],
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
    chars: PLAIN,
  });
  for (const { group, name } of groupsOf(views)) {
    const { leader, term } = leaderOf(views, group);
    const led = groupOf(leader, group);
    const here = views.map((view) => ({ id: view.id, seen: groupOf(view, group) }));
    const commit = Math.max(0, ...here.map(({ seen }) => seen?.commitIndex ?? 0));
    table.push([
      groupName(group, name),
      leader === null ? 'none' : String(leader.id),
      String(term),
      String(commit),
      here.map(({ id, seen }) => `${id}:${seen === null ? '-' : seen.executedIndex}`).join(' '),
      led === null ? '-' : lagText(led),
      led === null ? '-' : String(Math.round(led.commandsPerSecond)),
    ]);
  }
  return table.toString();
}

function lagText({ followers }: ReplicaGroupStatus): string {
  if (followers.length === 0) return '-';
  return followers.map((follower) => `${follower.id}:${follower.lag}${hindranceOf(follower)}`).join(' ');
}

function hindranceOf({ state, unfit }: ReplicaGroupStatus['followers'][number]): string {
  if (state === 'needs-checkpoint') return ' (needs a checkpoint)';
  return unfit ? ' (not fit to lead)' : '';
}

/** What has changed since, a line each: for those who do not watch a terminal. `before` null: all is new. */
export function changesOf(before: readonly ReplicaView[] | null, after: readonly ReplicaView[]): string[] {
  const lines: string[] = [];
  for (const view of after) {
    const old = before?.find(({ id, url }) => id === view.id && url === view.url) ?? null;
    const [was, is] = [old === null ? null : stateOf(old), stateOf(view)];
    if (was !== is) lines.push(`replica ${view.id === 0 ? view.url : view.id}: ${is}`);
  }
  for (const { group, name } of groupsOf(after)) {
    const [was, is] = [before === null ? null : leaderText(before, group), leaderText(after, group)];
    if (was !== is) lines.push(`group ${groupName(group, name)}: ${is}`);
  }
  const [was, is] = [before === null ? 0 : agreedOf(before), agreedOf(after)];
  if (is > was) lines.push(`checkpoint ${is} agreed on`);
  return lines;
}

function stateOf({ status }: ReplicaView): string {
  if (status === null) return 'no answer';
  return `${status.state}${status.reason === null ? '' : `: ${status.reason}`}`;
}

function leaderText(views: readonly ReplicaView[], group: number): string {
  const { leader, term } = leaderOf(views, group);
  return leader === null ? 'no leader' : `replica ${leader.id} leads, term ${term}`;
}

function agreedOf(views: readonly ReplicaView[]): number {
  return Math.max(0, ...views.map(({ status }) => status?.lastAgreedCheckpoint ?? 0));
}

function groupsOf(views: readonly ReplicaView[]): readonly { readonly group: number; readonly name: string }[] {
  return views.map(({ status }) => status?.groups ?? []).sort((a, b) => b.length - a.length)[0] ?? [];
}

function groupOf(view: ReplicaView | null, group: number): ReplicaGroupStatus | null {
  return view?.status?.groups.find((each) => each.group === group) ?? null;
}

function groupName(group: number, name: string): string {
  if (group === 0) return '0 (sync)';
  return name === String(group) ? name : `${group} (${name})`;
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 100 : Math.floor((part / whole) * 100)}%`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

const PLAIN = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};
